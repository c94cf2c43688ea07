"""Rotation and shift at once, in one interpolation, by the conventions of several tools.

Coordinates and signs are those of `shift` and `rotation`. The published convention (``pixels``) turns the digit about
the frame's centre, then moves it by px. Two others are there so that results can be compared with those of the tools:

=========== ============================================================================================================
pixels      Turn about the centre, then shift: dx px to the right, dy px down. One bilinear interpolation, where the
            reference code interpolates twice. Source: Engstrom, Tran, Tsipras, Schmidt & Madry, "Exploring the
            landscape of spatial robustness", ICML 2019, and MadryLab/adversarial_spatial, `resnet.py`.
foolbox     An output pixel p, counted from the centre, is read at R(angle) p + 27/28 (dx, dy): the shift comes first,
            goes to the *left* and up, and 1 px of it is 27/28 px, hence bilinear even for whole px. Source: foolbox 3,
            `spatial_attack_transformations.py`, which divides px by half the side (14) where its corner-aligned
            coordinates have 13.5 px to the unit.
art         Shift by whole px, then turn, by a cubic spline whose picture ends at the outer pixels' centres. Amounts are
            a percentage of the side, rounded (half to even): here px are what is rounded, which is the same. Source:
            Adversarial Robustness Toolbox, `SpatialTransformation`, and `scipy.ndimage`, which it calls. Not repeated
            is that its x takes the number of channels for the width and rounds to 0.
=========== ============================================================================================================
"""

import functools
import math

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.errors import InputError
from robustmnist.perturb.chunks import by_chunks
from robustmnist.perturb.geometry.affine import affine
from robustmnist.perturb.geometry.scale_and_rotation import ROTATION, rotation
from robustmnist.perturb.geometry.shift import SHIFT, shift
from robustmnist.perturb.images import CENTRE, SIZE
from robustmnist.perturb.perturbation import Parameter, Perturbation, keeps_ink
from robustmnist.perturb.resample import Taps, bilinear, columns, resample, rows, taps_from

__all__ = ["CONVENTIONS", "DRAWN_CONVENTIONS", "POSE", "RANDOM_POSE", "pose", "random_pose"]

CONVENTIONS = ("pixels", "foolbox", "art")
DRAWN_CONVENTIONS = ("pixels", "foolbox")  # ART knows no random search
FOOLBOX_PX = 27 / 28


def pose(images: Tensor, *, angle: float = 0.0, dx: float = 0.0, dy: float = 0.0, convention: str = "pixels") -> Tensor:
    """Turn and move all images alike, in one interpolation.

    Where nothing but whole px and quarter turns are asked, ``pixels`` copies. What leaves the frame is lost (turned and
    moved back in, it is not lost: both happen at once), what enters is 0. All three 0 changes nothing, bit for bit.

    Args:
        images: `(B, 1, 28, 28)`.
        angle: Degrees, counter-clockwise as seen on screen.
        dx: px to the right.
        dy: px down.
        convention: One of `CONVENTIONS`; see the module.

    Raises:
        InputError: If the convention is none of these.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 9:19, 12:16] = 1.0
    >>> torch.equal(pose(bar, angle=90, dx=2), shift(rotation(bar, angle=90), dx=2))
    True
    """
    _check(convention, CONVENTIONS)
    if angle == dx == dy == 0:
        return shift(images)
    if convention == "art":
        return _art(images, angle, round(dx), round(dy))
    if convention == "foolbox":
        return resample(images, bilinear(*_read_from(angle, before=(-dx * FOOLBOX_PX, -dy * FOOLBOX_PX))))
    if angle % 90 == 0:
        return shift(rotation(images, angle=angle), dx=dx, dy=dy)
    return resample(images, bilinear(*_read_from(angle, after=(dx, dy))))


@by_chunks
def random_pose(
    images: Tensor,
    *,
    extent: float,
    draws: Draws,
    max_angle: float = 30.0,
    max_shift: float = 3.0,
    convention: str = "pixels",
) -> Tensor:
    """Turn and move each image by amounts of its own, uniform on ±`extent` times the maxima, in one interpolation.

    The worst of k independent draws is the random attack of Engstrom et al., whose ±30° and ±3 px are the defaults.
    A sample goes the same way at every extent.

    Args:
        images: `(B, 1, 28, 28)`.
        extent: Part of the maxima, 0 to 1; 0 changes nothing, bit for bit.
        draws: The samples' draws; three uniform numbers each, for angle, dx and dy.
        max_angle: Degrees.
        max_shift: px on each axis.
        convention: One of `DRAWN_CONVENTIONS`; see the module.

    Raises:
        InputError: If the convention is none of these.

    Source: Engstrom et al. 2019, "worst-of-k" over random transformations, each example's its own.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 9:19, 12:16] = 1.0
    >>> moved = random_pose(bar, extent=1.0, draws=Draws(0, "random-pose", torch.arange(1)))
    >>> bool((moved - bar).any()), round(float(moved.sum() / bar.sum()), 1)
    (True, 1.0)
    """
    _check(convention, DRAWN_CONVENTIONS)
    turn, x, y = ((draws.uniform(3).double() * 2 - 1) * extent).unbind(1)
    angle, dx, dy = turn * max_angle, x * max_shift, y * max_shift
    if convention == "foolbox":  # moved by −t before the turn is moved by −t turned with it after
        cosine, sine = angle.deg2rad().cos(), angle.deg2rad().sin()
        dx, dy = -FOOLBOX_PX * (cosine * dx + sine * dy), -FOOLBOX_PX * (cosine * dy - sine * dx)
    return affine(images, angle=angle, dx=dx, dy=dy)


POSE = Perturbation(
    pose,
    {"angle": ROTATION.parameters["angle"], **SHIFT.parameters},
    choices={"convention": CONVENTIONS},
    ink_factor=keeps_ink,
)
RANDOM_POSE = Perturbation(
    random_pose,
    {
        "extent": Parameter(
            "fraction", 0.0, 0.0, 1.0, above="turn and move at random by up to {p} of the largest amounts"
        )
    },
    modifiers={"max_angle": Parameter("°", 30.0, 0.0, 180.0), "max_shift": Parameter("px", 3.0, 0.0, 28.0)},
    choices={"convention": DRAWN_CONVENTIONS},
    random=True,
    ink_factor=keeps_ink,
)


def _check(convention: str, known: tuple[str, ...]) -> None:
    if convention not in known:
        raise InputError(f"must be one of {', '.join(known)}, not '{convention}'", where="convention")


def _read_from(
    angle: float, *, before: tuple[float, float] = (0.0, 0.0), after: tuple[float, float] = (0.0, 0.0)
) -> tuple[Tensor, Tensor]:
    """Return where the input is read for each output pixel, x and y, float64 `(28, 28)` each.

    The digit is moved by `before` px, turned by `angle` degrees about the centre, then moved by `after` px.
    """
    across = torch.arange(SIZE, dtype=torch.float64) - CENTRE
    y, x = torch.meshgrid(across - after[1], across - after[0], indexing="ij")
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return cosine * x - sine * y + CENTRE - before[0], sine * x + cosine * y + CENTRE - before[1]


def _art(images: Tensor, angle: float, dx: int, dy: int) -> Tensor:
    moved = shift(images, dx=dx, dy=dy)
    if angle == 0:
        return moved
    unmixed = _unmixed()
    return resample(moved, rows(unmixed), columns(unmixed), _spline(*_read_from(angle)))


@functools.cache
def _unmixed() -> Tensor:
    """Return the matrix from a line's pixels to its cubic B-spline coefficients, float64 `(28, 28)`.

    The line is mirrored at its end pixels.
    """
    mixed = torch.diag(torch.full((SIZE,), 4 / 6, dtype=torch.float64))
    for step in (-1, 1):
        mixed += torch.diag(torch.full((SIZE - 1,), 1 / 6, dtype=torch.float64), step)
    mixed[0, 1] = mixed[-1, -2] = 2 / 6
    unmixed: Tensor = torch.linalg.inv(mixed)
    return unmixed


def _spline(x: Tensor, y: Tensor) -> Taps:
    """Return the taps from spline coefficients to the ink at `(x, y)`; outside of the outermost pixels' centres 0."""
    inside = (x >= 0) & (x <= SIZE - 1) & (y >= 0) & (y <= SIZE - 1)
    index, weight = [], []
    for column in (x.floor() + step for step in range(-1, 3)):
        for row in (y.floor() + step for step in range(-1, 3)):
            share = _b_spline((x - column).abs()) * _b_spline((y - row).abs())
            index.append((_mirrored(row) * SIZE + _mirrored(column)).clamp(0, SIZE * SIZE - 1).flatten())
            weight.append(torch.where(inside, share, 0).flatten())
    return taps_from(torch.stack(index, 1), torch.stack(weight, 1))


def _b_spline(distance: Tensor) -> Tensor:
    near = (4 - 6 * distance**2 + 3 * distance**3) / 6
    return torch.where(distance < 1, near, (2 - distance).clamp(min=0) ** 3 / 6)


def _mirrored(position: Tensor) -> Tensor:
    return (SIZE - 1) - ((SIZE - 1) - position.abs()).abs()
