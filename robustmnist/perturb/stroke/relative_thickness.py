"""Strokes made broader or finer in proportion to their own width, or brought to the same width in all digits.

Unlike `thickness`, which changes all digits by the same number of px, each digit's own mean stroke width decides here:
`robustmnist.measure.stroke_width`. A digit without ink above one half has no stroke width and stays as it is. The
change is that of `thickness`, in steps of no particular size (Morpho-MNIST cuts its radius off to a quarter of a px),
and goes from −2 to 4 px: what is asked beyond that ends there.

The figures of what is reached are those of 200 MNIST test digits, mean stroke width 2.56 px, measured as the file of
`thickness` says and not by the width that decides here. The strokes that survive a strong thinning are the broad parts.
"""

import torch
from torch import Tensor

from robustmnist.errors import InputError
from robustmnist.measure import stroke_width
from robustmnist.perturb.perturbation import Parameter, Perturbation
from robustmnist.perturb.stroke.thickness import CHANGE_HIGH, CHANGE_LOW, prepare_stroke, thickness
from robustmnist.system.gradient import without_gradient

__all__ = [
    "RELATIVE_THICKNESS",
    "TARGET_THICKNESS",
    "prepare_relative_thickness",
    "relative_thickness",
    "target_thickness",
]

Prepared = tuple[Tensor, Tensor]


@without_gradient
def relative_thickness(images: Tensor, *, change: float, prepared: Prepared | None = None) -> Tensor:
    """Make each digit's strokes thicker or thinner by a fraction of its own mean stroke width: w becomes (1 + c) w.

    Reached on MNIST, as a fraction, mean and standard deviation over digits:

        asked     −1     −0.7   −0.5   −0.3   +0.3   +0.5   +0.8   +1.0   +1.5
        reached   −0.60  −0.57  −0.47  −0.29  +0.34  +0.57  +0.90  +1.13  +1.68
        sd         0.10   0.08   0.05   0.03   0.06   0.12   0.19   0.29   0.40

    Args:
        images: `(B, 1, 28, 28)`.
        change: Fraction of the stroke width, −1 or more; 0 changes nothing, bit for bit. A digit of 2.6 px, as they
            are on average, reaches the ends of `thickness` at −0.77 and +1.54.
        prepared: `prepare_relative_thickness(images)`, where it is known.

    Raises:
        InputError: If the change is below −1.

    Source: Castro et al., "Morpho-MNIST: quantitative assessment and diagnostics for representation learning", 2019,
    which thins by 0.7 and thickens by 1.0.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 4:24, 12:16] = 1.0
    >>> [round(float(stroke_width(relative_thickness(bar, change=change))), 1) for change in (-0.5, 0.0, 0.5)]
    [1.9, 3.7, 5.5]
    """
    if not change >= -1:  # so written that NaN fails
        raise InputError(f"must be -1 or more, not {change}", where="change")
    planes, width = prepare_relative_thickness(images) if prepared is None else prepared
    return _changed(images, planes, width * change)


@without_gradient
def target_thickness(images: Tensor, *, share: float, target: float = 4.0, prepared: Prepared | None = None) -> Tensor:
    """Bring each digit's mean stroke width to `target` px, by a part of the way: w becomes w + s (t − w).

    At 1 all digits have the same stroke width; in between the width is that part of the way from the digit's own.

    Reached on MNIST at a share of 1, px, mean and standard deviation over digits:

        asked      1      1.5    2      3      4      5      6      7
        reached    1.25   1.60   2.03   3.03   4.04   5.22   6.45   7.13
        sd         0.39   0.26   0.18   0.15   0.24   0.53   0.93   1.11

    Args:
        images: `(B, 1, 28, 28)`.
        share: Part of the way, 0 to 1; 0 changes nothing, bit for bit.
        target: px, above 0.
        prepared: `prepare_relative_thickness(images)`, where it is known.

    Raises:
        InputError: If the share or the target is out of its range.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 4:24, 12:16] = 1.0
    >>> [round(float(stroke_width(target_thickness(bar, share=share, target=5.0))), 1) for share in (0.0, 0.5, 1.0)]
    [3.7, 4.2, 5.1]
    """
    if not 0 <= share <= 1:
        raise InputError(f"must be 0 to 1, not {share}", where="share")
    if not target > 0:
        raise InputError(f"must be above 0 px, not {target}", where="target")
    planes, width = prepare_relative_thickness(images) if prepared is None else prepared
    return _changed(images, planes, (target - width) * share)


def prepare_relative_thickness(images: Tensor) -> Prepared:
    """Return what both need: `prepare_stroke(images)`, and `(B,)`, the stroke widths in px."""
    return prepare_stroke(images), stroke_width(images)


RELATIVE_THICKNESS = Perturbation(
    relative_thickness,
    {
        "change": Parameter(
            "fraction",
            0.0,
            -1.0,
            4.0,
            measure="stroke-width",
            above="gain {p} of stroke width",
            below="lose {p} of stroke width",
        )
    },
    prepare=prepare_relative_thickness,
)
TARGET_THICKNESS = Perturbation(
    target_thickness,
    {"share": Parameter("fraction", 0.0, 0.0, 1.0, above="go {p} of the way to one stroke width for all")},
    modifiers={"target": Parameter("px", 4.0, 0.1, 10.0)},
    prepare=prepare_relative_thickness,
)


def _changed(images: Tensor, planes: Tensor, change: Tensor) -> Tensor:
    within = torch.nan_to_num(change, nan=0.0).clamp_(CHANGE_LOW, CHANGE_HIGH)
    return thickness(images, change=within, prepared=planes)
