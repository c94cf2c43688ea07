"""Greys changed pixel by pixel: lighter, with less contrast, inverted, coarser; where the ink lies stays as it is.

Every function returns a new tensor, clamped to [0, 1]; at the neutral strength it holds the input bit for bit.
"""

import math

import torch
from torch import Tensor

from robustmnist.perturb.chunks import by_chunks
from robustmnist.perturb.images import SIZE
from robustmnist.perturb.perturbation import Parameter, Perturbation
from robustmnist.system.gradient import tracked, without_gradient

__all__ = [
    "BRIGHTNESS",
    "CONTRAST",
    "INVERSION",
    "PIVOTS",
    "QUANTISE",
    "brightness",
    "contrast",
    "inversion",
    "quantise",
]

PIVOTS = ("mean", "middle", "paper")
FIXED_POINT = 2.0**24


def brightness(images: Tensor, *, change: float) -> Tensor:
    """Add the same ink to every pixel: clamp(x + c).

    Args:
        images: `(B, 1, 28, 28)`.
        change: Ink, −1 to 1; above 0 the paper turns grey, below 0 the strokes fade and thin.

    Source: Hendrycks & Dietterich, "Benchmarking neural network robustness to common corruptions", 2019.

    >>> dot = torch.zeros(1, 1, 28, 28)
    >>> dot[..., 10, 5] = 1.0
    >>> brightness(dot, change=0.25)[0, 0, 10, 4:6].tolist()
    [0.25, 1.0]
    """
    return torch.add(images, change).clamp_(0.0, 1.0)


@by_chunks
def contrast(images: Tensor, *, factor: float, about: str = "mean") -> Tensor:
    """Move every pixel towards a pivot, or away from it: clamp(p + f (x − p)).

    Args:
        images: `(B, 1, 28, 28)`.
        factor: ×, 0 or more; 0 leaves nothing but the pivot's grey, 1 changes nothing, above 1 is harder.
        about: The pivot p: each image's own ``mean``, the ``middle`` of the scale (1/2), or the ``paper`` (0: the ink
            fades and the paper stays clean).

    Raises:
        ValueError: If `about` is none of these.

    Source: Hendrycks & Dietterich 2019, as `brightness`, about the mean.

    >>> dot = torch.zeros(1, 1, 28, 28)
    >>> dot[..., 10, 5] = 1.0
    >>> contrast(dot, factor=0.5, about="middle")[0, 0, 10, 4:6].tolist()
    [0.25, 0.75]
    """
    if about not in PIVOTS:
        raise ValueError(f"no pivot '{about}': {', '.join(PIVOTS)}")
    if factor == 1:
        return images.clone(memory_format=torch.contiguous_format)
    if about == "mean":
        return torch.add(_mean(images) * (1 - factor), images, alpha=factor).clamp_(0.0, 1.0)
    pivot = 0.5 if about == "middle" else 0.0
    return torch.mul(images, factor).add_(pivot * (1 - factor)).clamp_(0.0, 1.0)


@by_chunks
def inversion(images: Tensor, *, fraction: float) -> Tensor:
    """Blend each image with its negative: x + f (1 − 2 x).

    Args:
        images: `(B, 1, 28, 28)`.
        fraction: 0 to 1; at 1/2 all is middle grey, at 1 the digit stands white on black ink.

    >>> dot = torch.zeros(1, 1, 28, 28)
    >>> dot[..., 10, 5] = 1.0
    >>> inversion(dot, fraction=1.0)[0, 0, 10, 4:6].tolist()
    [1.0, 0.0]
    """
    return torch.lerp(images, 1 - images, fraction).clamp_(0.0, 1.0)


@without_gradient
@by_chunks
def quantise(images: Tensor, *, step: float) -> Tensor:
    """Round the ink to multiples of a step, halves to the even multiple.

    A grey of b bits has the step 1 / (2ᵇ − 1): 1/31 for 5 bits, 1 for a single bit, ink or no ink.

    Args:
        images: `(B, 1, 28, 28)`.
        step: The difference in ink between two levels, 0 to 1; 0 changes nothing, bit for bit.

    Raises:
        ValueError: If `step` is negative or not finite.

    Source: Mu & Gilmer, "MNIST-C: a robustness benchmark for computer vision", 2019, by bits.

    >>> quantise(torch.full((1, 1, 28, 28), 0.4), step=0.5)[0, 0, 0, 0].item()
    0.5
    """
    if not 0 <= step < math.inf:
        raise ValueError(f"step must be 0 or more, not {step}")
    if step == 0:
        return images.clone(memory_format=torch.contiguous_format)
    return torch.div(images, step).round_().mul_(step).clamp_(0.0, 1.0)


BRIGHTNESS = Perturbation(
    brightness,
    {
        "change": Parameter(
            "ink", 0.0, -1.0, 1.0, above="gain {n} of ink in every pixel", below="lose {n} of ink in every pixel"
        )
    },
)
CONTRAST = Perturbation(
    contrast,
    {
        "factor": Parameter(
            "×", 1.0, 0.0, 10.0, above="have their contrast raised to {a}", below="have their contrast lowered to {a}"
        )
    },
    choices={"about": PIVOTS},
)
INVERSION = Perturbation(
    inversion, {"fraction": Parameter("fraction", 0.0, 0.0, 1.0, above="are mixed with {p} of their negative")}
)
QUANTISE = Perturbation(
    quantise, {"step": Parameter("ink", 0.0, 0.0, 1.0, above="have their greys rounded to steps of {n}")}
)


def _mean(images: Tensor) -> Tensor:
    """Return the mean of each image, `(B, 1, 1, 1)`.

    The pixels are added as whole numbers, whose sum is the same in any order and on any device.
    """
    total = images.mul(FIXED_POINT).to(torch.int32).sum((1, 2, 3), keepdim=True, dtype=torch.int64)
    mean = (total.double() / (FIXED_POINT * SIZE**2)).float()
    if not tracked(images):
        return mean
    plain = images.mean((1, 2, 3), keepdim=True)
    return mean + (plain - plain.detach())  # 0, with the gradient that whole numbers do not have
