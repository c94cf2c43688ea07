"""Brightness, fog and spatter as MNIST-C has them."""

import math
from statistics import NormalDist

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.chunks import by_chunks
from robustmnist.perturb.images import SIZE
from robustmnist.perturb.intensity import tone as intensity
from robustmnist.perturb.mnist_c.gaussian import gaussian, kernel
from robustmnist.perturb.mnist_c.plasma import FIELD, plasma
from robustmnist.perturb.perturbation import Parameter, Perturbation

__all__ = ["BRIGHTNESS", "FOG", "SPATTER", "brightness", "fog", "spatter"]

GREY = 63 / 255  # the mud's ink
THINNEST = 0.8  # of the mud's mask: below, it is wiped away


def brightness(images: Tensor, *, offset: float) -> Tensor:
    """Add ink to every pixel: clamp(x + offset), as this project's `brightness` does.

    The data set goes through the value of HSV, which for grey images is just that.

    Args:
        images: `(B, 1, 28, 28)`.
        offset: Ink, 0 or more; 0 changes nothing, bit for bit.

    Source: Mu & Gilmer 2019 (MNIST-C), function `brightness`.

    >>> paper = torch.zeros(1, 1, 28, 28)
    >>> brightness(paper, offset=0.5).unique().tolist()
    [0.5]
    """
    return intensity.brightness(images, change=offset)


@by_chunks
def fog(images: Tensor, *, amount: float, decay: float = 2.0, draws: Draws) -> Tensor:
    """Add fog, thick here and thin there, and scale all down so that the darkest ink stays as dark.

    With p the plasma fractal in [0, 1] and m the image's highest ink: clamp((x + amount p) m / (m + amount)).

    Args:
        images: `(B, 1, 28, 28)`.
        amount: Ink of the fog where it is thickest, 0 or more; 0 changes nothing, bit for bit.
        decay: From each scale to the next one, half as wide, the fog's amplitude falls by `decay`²; above 1. The
            smaller it is, the rougher the fog.
        draws: The samples' draws; one uniform field.

    Source: Mu & Gilmer 2019 (MNIST-C), function `fog`.

    >>> page = torch.ones(1, 1, 28, 28)
    >>> foggy = fog(page, amount=1.0, draws=Draws(0, "fog", torch.arange(1)))
    >>> bool((foggy >= 0.5).all()), float(foggy.max()) <= 1.0
    (True, True)
    """
    if amount == 0:
        return images.clone(memory_format=torch.contiguous_format)
    most = images.amax((1, 2, 3), keepdim=True)
    veiled = images + amount * plasma(draws.uniform(FIELD), decay)[:, None]
    return veiled.mul_(most / (most + amount)).clamp_(0.0, 1.0)


@by_chunks
def spatter(images: Tensor, *, coverage: float, blur: float = 1.0, edge: float = 1.5, draws: Draws) -> Tensor:
    """Cover parts of the image with grey mud of ink 63/255.

    Mud lies where normal noise, smoothed by `blur`, is above the level that a share `coverage` of it exceeds. The mask
    is smoothed by `edge`, which takes away its fine parts, since what comes below 0.8 is wiped off; what remains hides
    the digit by as much.

    Args:
        images: `(B, 1, 28, 28)`.
        coverage: Expected share of pixels (away from the frame) with mud before its mask is smoothed, 0 to 1; 0 changes
            nothing, bit for bit.
        blur: px, standard deviation, above 0: the size of the drops.
        edge: px, standard deviation, above 0: the softness of their edges.
        draws: The samples' draws; one normal field.

    Source: Mu & Gilmer 2019 (MNIST-C), function `spatter`, whose five levels are given by a threshold: the noise of
    mean a and standard deviation b is cut at t, so the coverage is P(z > (t − a) / (b s)), with s the standard
    deviation that the smoothing leaves of 1.

    >>> paper = torch.zeros(1, 1, 28, 28)
    >>> muddy = spatter(paper, coverage=0.5, draws=Draws(0, "spatter", torch.arange(1)))
    >>> 0 < float(muddy.max()) <= 63 / 255
    True
    """
    if coverage == 0:
        return images.clone(memory_format=torch.contiguous_format)
    half = kernel(blur)
    remaining = 2 * sum(weight**2 for weight in half) - half[0] ** 2  # of the variance along either axis, √ of both
    level = remaining * -NormalDist().inv_cdf(coverage) if coverage < 1 else -math.inf
    wet = gaussian(draws.normal(1, SIZE, SIZE), blur) > level
    mask = gaussian(wet.float(), edge)
    mask *= mask >= THINNEST
    return (images * (1 - mask) + GREY * mask).clamp_(0.0, 1.0)


BRIGHTNESS = Perturbation(
    brightness, {"offset": Parameter("ink", 0.0, 0.0, 1.0, above="gain {n} of ink in every pixel")}
)
FOG = Perturbation(
    fog,
    {"amount": Parameter("ink", 0.0, 0.0, 10.0, above="stand in fog of up to {n} of ink")},
    modifiers={"decay": Parameter("×", 2.0, 1.3, 4.0)},
    random=True,
)
SPATTER = Perturbation(
    spatter,
    {"coverage": Parameter("fraction", 0.0, 0.0, 1.0, above="are spattered with mud over {p} of the frame")},
    modifiers={"blur": Parameter("px", 1.0, 0.2, 10.0), "edge": Parameter("px", 1.5, 0.2, 10.0)},
    random=True,
)
