"""Shear, rotation, scale and translation as MNIST-C has them.

All but the translation read the image bilinearly at the point that a linear map about the centre (13.5, 13.5) sends an
output pixel to, with background 0 outside the frame; that is the data set's convention and this project's.
"""

import functools
import math

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.chunks import by_chunks
from robustmnist.perturb.geometry.scale_and_rotation import area_factor
from robustmnist.perturb.geometry.shift import shift
from robustmnist.perturb.images import CENTRE, pixel_centres
from robustmnist.perturb.perturbation import Parameter, Perturbation, keeps_ink
from robustmnist.perturb.resample import Taps, bilinear, resample

__all__ = ["ROTATE", "SCALE", "SHEAR", "TRANSLATE", "rotate", "scale", "shear", "translate"]


@by_chunks
def rotate(images: Tensor, *, angle: float, draws: Draws) -> Tensor:
    """Turn each image about the centre by `angle`, one half of them each way.

    Args:
        images: `(B, 1, 28, 28)`.
        angle: Radians; 0 changes nothing, bit for bit.
        draws: The samples' draws; one uniform number each, the sign.

    Source: Mu & Gilmer 2019 (MNIST-C), function `rotate`. Up to the sign it is `rotation` by as many degrees.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 9:19, 12:16] = 1.0
    >>> turned = rotate(bar, angle=math.pi / 2, draws=Draws(0, "rotate", torch.arange(1)))
    >>> round(float(turned[0, 0].amax(0).sum()))  # columns with ink
    10
    """
    return _either_way(images, "rotate", angle, draws)


@by_chunks
def shear(images: Tensor, *, angle: float, draws: Draws) -> Tensor:
    """Slant each image by `angle`, one half of them each way, and stretch it to 1 / cos `angle` of its height.

    An output pixel (x, y) from the centre reads the input at (x − y sin a, y cos a): the vertical is turned and keeps
    its length. A pure shear would leave heights alone; at the data set's 0.4 rad they grow by 9 %, at 1 rad by 85 %.

    Args:
        images: `(B, 1, 28, 28)`.
        angle: Radians, below π/2; 0 changes nothing, bit for bit.
        draws: The samples' draws; one uniform number each, the sign.

    Source: Mu & Gilmer 2019 (MNIST-C), function `shear`; the map is that of scikit-image's `AffineTransform` up to
    0.18.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 9:19, 12:16] = 1.0
    >>> leaning = shear(bar, angle=0.4, draws=Draws(0, "shear", torch.arange(1)))
    >>> round(float(leaning.sum() / bar.sum()), 2)  # 1 / cos 0.4
    1.09
    """
    return _either_way(images, "shear", angle, draws)


def scale(images: Tensor, *, factor: float) -> Tensor:
    """Magnify images about the centre by `factor`, bilinear and without smoothing.

    Unlike this project's `scale`, shrinking skips pixels, so that strokes may break up.

    Args:
        images: `(B, 1, 28, 28)`.
        factor: ×, above 0; 1 changes nothing, bit for bit.

    Raises:
        ValueError: If the factor is not above 0.

    Source: Mu & Gilmer 2019 (MNIST-C), function `scale`.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 9:19, 12:16] = 1.0
    >>> [round(float(scale(bar, factor=factor).sum() / bar.sum()), 2) for factor in (0.5, 1.0, 2.0)]
    [0.25, 1.0, 4.0]
    """
    if factor <= 0:
        raise ValueError(f"a factor must be above 0, not {factor}")
    if factor == 1:
        return images.clone(memory_format=torch.contiguous_format)
    return resample(images, _taps("scale", factor))


@by_chunks
def translate(images: Tensor, *, distance: float, draws: Draws) -> Tensor:
    """Move each image by `distance` px along both axes, the sign of either its own: always along a diagonal.

    The digit goes `distance` × √2 far. Whole-pixel steps are exact copies, fractions are bilinear.

    Args:
        images: `(B, 1, 28, 28)`.
        distance: px along each axis; 0 changes nothing, bit for bit.
        draws: The samples' draws; two uniform numbers each, the signs.

    Source: Mu & Gilmer 2019 (MNIST-C), function `translate`.

    >>> dot = torch.zeros(1, 1, 28, 28)
    >>> dot[..., 10, 5] = 1.0
    >>> moved = translate(dot, distance=3.0, draws=Draws(0, "translate", torch.arange(1)))
    >>> [abs(at - was) for at, was in zip(moved.nonzero()[0, 2:].tolist(), (10, 5), strict=True)]
    [3, 3]
    """
    right, down = (draws.uniform(2) < 0.5).unbind(1)
    beside = torch.where(_each(right), shift(images, dx=distance), shift(images, dx=-distance))
    return torch.where(_each(down), shift(beside, dy=distance), shift(beside, dy=-distance))


ROTATE = Perturbation(
    rotate,
    {"angle": Parameter("rad", 0.0, 0.0, 3.0, above="turn by {a} to either side")},
    random=True,
    ink_factor=keeps_ink,
)
SHEAR = Perturbation(
    shear,
    {"angle": Parameter("rad", 0.0, 0.0, 1.5, above="lean by {a} to either side")},
    random=True,
    ink_factor=lambda arguments: 1 / math.cos(float(arguments["angle"])),  # it stretches what it leans
)
SCALE = Perturbation(
    scale,
    {"factor": Parameter("×", 1.0, 0.1, 10.0, measure="size", above="grow to {a}", below="shrink to {a}")},
    ink_factor=area_factor,
)
TRANSLATE = Perturbation(
    translate,
    {"distance": Parameter("px", 0.0, 0.0, 28.0, above="move {a} along both axes")},
    random=True,
    ink_factor=keeps_ink,
)


def _either_way(images: Tensor, kind: str, angle: float, draws: Draws) -> Tensor:
    if angle == 0:
        return images.clone(memory_format=torch.contiguous_format)
    forth, back = (resample(images, _taps(kind, signed)) for signed in (angle, -angle))
    return torch.where(_each(draws.uniform() < 0.5), forth, back)


def _each(chosen: Tensor) -> Tensor:
    return chosen[:, None, None, None]


@functools.lru_cache(maxsize=64)
def _taps(kind: str, amount: float) -> Taps:
    """Return the taps of a scale, a shear or, by default, a turn; `amount` is a factor or an angle in radians."""
    x, y = pixel_centres(torch.float64)
    cosine, sine = math.cos(amount), math.sin(amount)
    if kind == "scale":
        return bilinear(x / amount + CENTRE, y / amount + CENTRE)
    if kind == "shear":
        return bilinear(x - sine * y + CENTRE, cosine * y + CENTRE)
    return bilinear(cosine * x - sine * y + CENTRE, sine * x + cosine * y + CENTRE)
