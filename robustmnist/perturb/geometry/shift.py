"""Shifts in px: whole ones are copies, others move the ink along each axis."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from robustmnist.perturb.images import PIXELS, SIZE
from robustmnist.perturb.perturbation import Parameter, Perturbation, keeps_ink
from robustmnist.perturb.resample import columns, resample, rows
from robustmnist.system.gradient import tracked

__all__ = ["DIRECTIONS", "METRICS", "SHIFT", "SHIFT_TOWARDS", "contiguous_copy", "shift", "shift_towards"]


# The unit step of each direction on screen, (x, y).
DIRECTIONS = {
    "right": (1, 0),
    "down-right": (1, 1),
    "down": (0, 1),
    "down-left": (-1, 1),
    "left": (-1, 0),
    "up-left": (-1, -1),
    "up": (0, -1),
    "up-right": (1, -1),
}
METRICS = ("euclidean", "chessboard")


def shift(images: Tensor, *, dx: float = 0.0, dy: float = 0.0) -> Tensor:
    """Move images by `dx` px to the right and `dy` px down.

    Whole-pixel shifts are exact copies; fractions are bilinear. What leaves the frame is lost, what enters is 0.

    Args:
        images: `(B, 1, 28, 28)`.
        dx: px, positive to the right.
        dy: px, positive down.

    >>> dot = torch.zeros(1, 1, 28, 28)
    >>> dot[..., 10, 5] = 1.0
    >>> shift(dot, dx=3, dy=-1).nonzero()[0, 2:].tolist()  # row, column
    [9, 8]
    """
    if dx == int(dx) and dy == int(dy):
        return _shift_whole(images, int(dx), int(dy))
    return resample(images, rows(_shift_matrix(dy)), columns(_shift_matrix(dx)))


def shift_towards(images: Tensor, *, distance: float, direction: str = "right", metric: str = "euclidean") -> Tensor:
    """Move images by `distance` px in one of eight directions.

    Args:
        images: `(B, 1, 28, 28)`.
        distance: px; a negative distance moves the other way.
        direction: A key of `DIRECTIONS`: ``right``, ``down-right``, ``down`` and so on, as seen on screen.
        metric: Along a diagonal, ``euclidean`` moves `distance`/√2 on each axis, ``chessboard`` `distance` on both.

    Raises:
        ValueError: If the direction or the metric is none of these.

    >>> dot = torch.zeros(1, 1, 28, 28)
    >>> dot[..., 10, 5] = 1.0
    >>> shift_towards(dot, distance=2, direction="up-left", metric="chessboard").nonzero()[0, 2:].tolist()
    [8, 3]
    """
    if direction not in DIRECTIONS or metric not in METRICS:
        raise ValueError(f"no direction '{direction}' by '{metric}': {list(DIRECTIONS)} by {list(METRICS)}")
    x, y = DIRECTIONS[direction]
    step = distance / math.sqrt(2) if x and y and metric == "euclidean" else distance
    return shift(images, dx=x * step, dy=y * step)


def contiguous_copy(images: Tensor) -> Tensor:
    """Return a copy, contiguous however the input lies in memory."""
    return images.clone(memory_format=torch.contiguous_format)


SHIFT = Perturbation(
    shift,
    {
        "dx": Parameter(
            "px", 0.0, -28.0, 28.0, measure="centroid-x", above="move {a} to the right", below="move {a} to the left"
        ),
        "dy": Parameter("px", 0.0, -28.0, 28.0, measure="centroid-y", above="move {a} down", below="move {a} up"),
    },
    ink_factor=keeps_ink,
)
SHIFT_TOWARDS = Perturbation(
    shift_towards,
    {"distance": Parameter("px", 0.0, 0.0, 28.0, measure="centroid-radius", above="move {a}")},
    choices={"direction": tuple(DIRECTIONS), "metric": METRICS},
    ink_factor=keeps_ink,
)


def _shift_whole(images: Tensor, dx: int, dy: int) -> Tensor:
    if dx == dy == 0:
        return contiguous_copy(images)
    if tracked(images):
        right, down = (max(-SIZE, min(step, SIZE)) for step in (dx, dy))
        return F.pad(images, (right, -right, down, -down))
    with torch.no_grad():
        return _shifted_bits(images, dx, dy)


def _shifted_bits(images: Tensor, dx: int, dy: int) -> Tensor:
    """Return the shifted copy in one pass over the memory, which costs what a plain copy does.

    The batch is taken as one array of pixels, and each pixel is copied from `step` pixels before it, even from another
    row or image. What came from outside of the frame is then set to 0 by a mask of bits, which changes no other bit.
    """
    out = torch.empty(images.shape, dtype=torch.float32, device=images.device)
    if max(abs(dx), abs(dy)) >= SIZE or not len(images):
        return out.zero_()
    mask = torch.zeros(SIZE, SIZE, dtype=torch.int32, device=images.device)
    mask[max(dy, 0) : SIZE + min(dy, 0), max(dx, 0) : SIZE + min(dx, 0)] = -1  # all bits
    mask = mask.flatten()
    source, target = (tensor.view(torch.int32).view(-1, PIXELS) for tensor in (images.float().contiguous(), out))
    step, others = SIZE * dy + dx, len(source) - 1
    # Before the first image, or behind the last, there is no memory to read: that image is moved around its own end.
    edge, rest = (0, target[1:]) if step > 0 else (others, target[:-1])
    target[edge] = source[edge].roll(step) & mask
    start = PIXELS - step if step > 0 else -step
    torch.bitwise_and(source.view(-1)[start : start + others * PIXELS].view(others, PIXELS), mask, out=rest)
    return out


def _shift_matrix(step: float) -> Tensor:
    """Return float64 `(28, 28)`: the 1-D map that moves a line by `step` px, bilinear."""
    pixel = torch.arange(SIZE, dtype=torch.float64)
    return (1 - (pixel[None, :] - (pixel[:, None] - step)).abs()).clamp(min=0)
