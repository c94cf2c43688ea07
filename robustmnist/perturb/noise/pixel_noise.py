"""Noise on the ink, clamped to [0, 1]; the same draws serve every strength, so curves are smooth.

Every function returns a new tensor; at strength 0 it holds the input bit for bit. Shot noise is in `shot.py`, noise of
one band of frequencies in `band.py`.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from robustmnist.draws import STEP, Draws
from robustmnist.perturb.images import SIZE
from robustmnist.perturb.perturbation import Parameter, Perturbation
from robustmnist.system.gradient import tracked

__all__ = [
    "GAUSSIAN_NOISE",
    "IMPULSE_NOISE",
    "SALT_AND_PEPPER",
    "SPECKLE",
    "UNIFORM_NOISE",
    "Impulses",
    "gaussian_noise",
    "impulse_noise",
    "prepare_impulse_noise",
    "prepare_salt_and_pepper",
    "salt_and_pepper",
    "speckle",
    "uniform_noise",
]

FIELD = (1, SIZE, SIZE)


class Impulses(NamedTuple):
    """What becomes of each pixel once it is hit: float32 `(B, 1, 28, 28)` both.

    Attributes:
        hit_above: It is replaced at every probability above this.
        by: Its ink from then on.
    """

    hit_above: Tensor
    by: Tensor


def gaussian_noise(images: Tensor, *, sigma: float, draws: Draws) -> Tensor:
    """Add normal noise to every pixel: clamp(x + σ z).

    Args:
        images: `(B, 1, 28, 28)`.
        sigma: Standard deviation before clamping, as a part of full ink; 0 or more.
        draws: The samples' draws; one normal field.

    Source: Hendrycks & Dietterich, "Benchmarking neural network robustness to common corruptions", 2019.

    >>> grey = torch.full((1, 1, 28, 28), 0.5)
    >>> noisy = gaussian_noise(grey, sigma=0.1, draws=Draws(0, "noise", torch.arange(1)))
    >>> round(float(noisy.std()), 2)
    0.1
    """
    return torch.add(images, draws.normal(*FIELD), alpha=sigma).clamp_(0.0, 1.0)


def speckle(images: Tensor, *, sigma: float, draws: Draws) -> Tensor:
    """Add normal noise in proportion to the ink: clamp(x + σ x z); the background stays clean.

    Args:
        images: `(B, 1, 28, 28)`.
        sigma: Standard deviation at full ink before clamping; 0 or more.
        draws: The samples' draws; one normal field.

    Source: Hendrycks & Dietterich 2019, as `gaussian_noise`.

    >>> grey = torch.full((1, 1, 28, 28), 0.5)
    >>> noisy = speckle(grey, sigma=0.1, draws=Draws(0, "noise", torch.arange(1)))
    >>> round(float(noisy.std()), 2)
    0.05
    """
    return torch.addcmul(images, images, draws.normal(*FIELD), value=sigma).clamp_(0.0, 1.0)


def uniform_noise(images: Tensor, *, amplitude: float, draws: Draws) -> Tensor:
    """Add uniform noise to every pixel: clamp(x + u), u between −`amplitude` and `amplitude`.

    Args:
        images: `(B, 1, 28, 28)`.
        amplitude: Half the width of the interval, as a part of full ink; 0 or more.
        draws: The samples' draws; one uniform field.

    >>> grey = torch.full((1, 1, 28, 28), 0.5)
    >>> noisy = uniform_noise(grey, amplitude=0.2, draws=Draws(0, "noise", torch.arange(1)))
    >>> [round(float(end), 1) for end in noisy.aminmax()]
    [0.3, 0.7]
    """
    return torch.add(images, draws.uniform(*FIELD), alpha=2 * amplitude).sub_(amplitude).clamp_(0.0, 1.0)


def salt_and_pepper(images: Tensor, *, probability: float, draws: Draws, prepared: Impulses | None = None) -> Tensor:
    """Replace pixels, half of them by background and half by full ink.

    A pixel replaced at one probability is replaced, by the same, at every higher one.

    Args:
        images: `(B, 1, 28, 28)`.
        probability: Of a pixel to be replaced, 0 to 1.
        draws: The samples' draws; one uniform field.
        prepared: `prepare_salt_and_pepper(images, draws)`, where it is known.

    Source: Hendrycks & Dietterich 2019 ("impulse noise").

    >>> grey = torch.full((1, 1, 28, 28), 0.5)
    >>> noisy = salt_and_pepper(grey, probability=0.1, draws=Draws(0, "noise", torch.arange(1)))
    >>> noisy.unique().tolist(), round(float((noisy != grey).float().mean()), 1)
    ([0.0, 0.5, 1.0], 0.1)
    """
    impulses = prepare_salt_and_pepper(images, draws) if prepared is None else prepared
    return _replaced(images, impulses, probability)


def prepare_salt_and_pepper(images: Tensor, draws: Draws) -> Impulses:
    """Return each pixel's impulse: pepper where its uniform number is in the lower half, salt in the upper."""
    field = draws.uniform(*FIELD)
    # The greatest number is as near to salt as 0 is to pepper. All of this is exact: multiples of 2⁻²⁴ below 2.
    return Impulses(2 * torch.minimum(field, (1 - STEP) - field), (field >= 0.5).float())


def impulse_noise(images: Tensor, *, probability: float, draws: Draws, prepared: Impulses | None = None) -> Tensor:
    """Replace pixels by a grey drawn uniformly from [0, 1): random-valued impulses.

    A pixel replaced at one probability is replaced, by the same grey, at every higher one. Known as random-valued
    impulse noise; `salt_and_pepper` writes full ink or none instead.

    Args:
        images: `(B, 1, 28, 28)`.
        probability: Of a pixel to be replaced, 0 to 1.
        draws: The samples' draws; two uniform fields.
        prepared: `prepare_impulse_noise(images, draws)`, where it is known.

    >>> grey = torch.full((1, 1, 28, 28), 0.5)
    >>> noisy = impulse_noise(grey, probability=0.1, draws=Draws(0, "noise", torch.arange(1)))
    >>> round(float((noisy != grey).float().mean()), 1)
    0.1
    """
    return _replaced(images, prepare_impulse_noise(images, draws) if prepared is None else prepared, probability)


def prepare_impulse_noise(images: Tensor, draws: Draws) -> Impulses:
    """Return each pixel's impulse, the two fields apart: read from one, in strides, noise takes half as long again."""
    which, grey = draws.uniform(2, *FIELD).unbind(1)
    return Impulses(which.contiguous(), grey.contiguous())


GAUSSIAN_NOISE = Perturbation(
    gaussian_noise,
    {"sigma": Parameter("sd of ink", 0.0, 0.0, 10.0, above="carry Gaussian noise of standard deviation {n}")},
    random=True,
)
SALT_AND_PEPPER = Perturbation(
    salt_and_pepper,
    {
        "probability": Parameter(
            "probability", 0.0, 0.0, 1.0, above="have {p} of their pixels turned to full ink or to paper"
        )
    },
    random=True,
    prepare=prepare_salt_and_pepper,
)
IMPULSE_NOISE = Perturbation(
    impulse_noise,
    {"probability": Parameter("probability", 0.0, 0.0, 1.0, above="have {p} of their pixels turned to a random grey")},
    random=True,
    prepare=prepare_impulse_noise,
)
SPECKLE = Perturbation(
    speckle,
    {"sigma": Parameter("sd of ink", 0.0, 0.0, 10.0, above="carry speckle of standard deviation {n}")},
    random=True,
)
UNIFORM_NOISE = Perturbation(
    uniform_noise,
    {"amplitude": Parameter("ink", 0.0, 0.0, 10.0, above="carry uniform noise of ±{n}")},
    random=True,
)


def _replaced(images: Tensor, impulses: Impulses, probability: float) -> Tensor:
    """Return `images` in which each pixel hit at `probability` is replaced by its impulse."""
    # A weight of exactly 0 or 1 gives exactly one or the other, three times faster than a choice by mask.
    if tracked(images):
        return torch.lerp(images, impulses.by, (impulses.hit_above < probability).to(images.dtype))
    with torch.no_grad():
        hit = torch.empty(images.shape, dtype=torch.float32, device=images.device)
        torch.lt(impulses.hit_above, probability, out=hit)
        return torch.lerp(images, impulses.by, hit, out=hit)
