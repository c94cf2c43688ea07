"""There and back: the digit returns to where it was, so that nothing but the blur of the interpolation is left.

A rotation blurs besides turning. What a model loses under `turn_and_back` is lost to the blur (two of them: the digit
is interpolated twice) and not to the angle.
"""

from torch import Tensor

from robustmnist.perturb.geometry.scale_and_rotation import rotation
from robustmnist.perturb.geometry.shift import DIRECTIONS, METRICS, shift_towards
from robustmnist.perturb.perturbation import Parameter, Perturbation, keeps_ink

__all__ = ["SHIFT_AND_BACK", "TURN_AND_BACK", "shift_and_back", "turn_and_back"]


def turn_and_back(images: Tensor, *, angle: float) -> Tensor:
    """Turn images by `angle` degrees and back again, bilinear both times.

    Ink more than 13.5 px from the centre may be lost on the way. Quarter turns come back bit for bit.

    Args:
        images: `(B, 1, 28, 28)`.
        angle: Degrees; 0 changes nothing, bit for bit.

    >>> import torch
    >>> dot = torch.zeros(1, 1, 28, 28)
    >>> dot[..., 10, 5] = 1.0
    >>> [round(float(turn_and_back(dot, angle=angle)[0, 0, 10, 5]), 1) for angle in (0, 45, 90)]
    [1.0, 0.9, 1.0]
    """
    return rotation(rotation(images, angle=angle), angle=-angle)


def shift_and_back(images: Tensor, *, distance: float, direction: str = "right", metric: str = "euclidean") -> Tensor:
    """Move images by `distance` px and back again, bilinear both times.

    A fraction f on an axis leaves f (1 − f) of a pixel's ink on either side of it: half a pixel blurs most, as
    1/4, 1/2, 1/4. Whole px blur nothing. Ink that leaves the frame on the way is lost.

    Args:
        images: `(B, 1, 28, 28)`.
        distance: px; 0 changes nothing, bit for bit.
        direction: As in `shift_towards`; along a diagonal both axes are interpolated.
        metric: As in `shift_towards`.

    >>> import torch
    >>> dot = torch.zeros(1, 1, 28, 28)
    >>> dot[..., 10, 5] = 1.0
    >>> shift_and_back(dot, distance=0.5)[0, 0, 10, 4:7].tolist()
    [0.25, 0.5, 0.25]
    """
    there = shift_towards(images, distance=distance, direction=direction, metric=metric)
    return shift_towards(there, distance=-distance, direction=direction, metric=metric)


TURN_AND_BACK = Perturbation(
    turn_and_back,
    {"angle": Parameter("°", 0.0, -360.0, 360.0, above="turn {a} and back again")},
    ink_factor=keeps_ink,
)
SHIFT_AND_BACK = Perturbation(
    shift_and_back,
    {"distance": Parameter("px", 0.0, 0.0, 28.0, above="move {a} and back again")},
    choices={"direction": tuple(DIRECTIONS), "metric": METRICS},
    ink_factor=keeps_ink,
)
