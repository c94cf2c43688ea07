"""Shift, scale and rotation: one map for the whole batch, background 0 from outside the frame.

Coordinates are in px, x to the right and y down, pixel centres at 0 to 27; the centre is (13.5, 13.5).
Every function returns a new tensor and leaves its input alone.

torchvision's calls on a whole batch are as fast for a single strength (10,000 digits on 2 cores: scale 19 ms beside 19
here, rotation 20 beside 18, a whole-pixel shift 16 beside 4; every further strength takes 6 to 10 here) but not as
exact: of random images turned by 7° to 45° they are up to 2.7·10⁻⁶ of full ink away from a float64 oracle, this up to
1.3·10⁻⁷, and neither their neutral map nor a whole-pixel shift is a copy. Shrinking is not smoothed there. kornia,
which has an angle for each sample, took 43 to 62 ms.
"""

import functools
import math

import torch
import torch.nn.functional as F
from torch import Tensor

from robustmnist.gradient import tracked
from robustmnist.perturb.images import CENTRE, PIXELS, SIZE, places
from robustmnist.perturb.resample import Taps, Tiles, bilinear, columns, resample, rows

__all__ = ["DIRECTIONS", "METRICS", "rotation", "scale", "shift", "shift_towards"]


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
    """
    if direction not in DIRECTIONS or metric not in METRICS:
        raise ValueError(f"no direction '{direction}' by '{metric}': {list(DIRECTIONS)} by {list(METRICS)}")
    x, y = DIRECTIONS[direction]
    step = distance / math.sqrt(2) if x and y and metric == "euclidean" else distance
    return shift(images, dx=x * step, dy=y * step)


def scale(
    images: Tensor,
    *,
    factor: float = 1.0,
    horizontal: float = 1.0,
    vertical: float = 1.0,
    prepared: Tiles | None = None,
) -> Tensor:
    """Magnify images about the centre, `factor × horizontal` in x and `factor × vertical` in y.

    Enlarging is bilinear. Shrinking averages with a triangle kernel widened to the reciprocal of the factor, so that
    strokes fade rather than break up (no aliasing). A kernel's weights sum to 1 over the endless plane, whose part
    outside the frame is 0. Flat ink keeps its value, hence the ink's sum grows with the area, in proportion to
    `factor² × horizontal × vertical` (within some 2 % for digits), as long as no ink leaves the frame.

    Args:
        images: `(B, 1, 28, 28)`.
        factor: ×, above 0; 1 changes nothing, bit for bit.
        horizontal: ×, a further factor in x.
        vertical: ×, a further factor in y.
        prepared: `prepare_tiles(images)`, where it is known.

    Raises:
        ValueError: If a factor is not above 0.
    """
    if min(factor, horizontal, vertical) <= 0:
        raise ValueError(f"a factor must be above 0, not {min(factor, horizontal, vertical)}")
    in_x, in_y = factor * horizontal, factor * vertical
    if in_x == in_y == 1:
        return _copy(images)
    return resample(_source(images, prepared), *_scaled(in_x, in_y))


def rotation(images: Tensor, *, angle: float, prepared: Tiles | None = None) -> Tensor:
    """Turn images about the centre by `angle` degrees, counter-clockwise as seen on screen.

    Multiples of 90° are exact copies and equal `torch.rot90(images, angle / 90, (-2, -1))`; other angles are
    bilinear. What leaves the frame is lost, what enters is 0. kornia's `rotate` turns the same way, its
    `RandomAffine` the other (kornia issue 4408).

    Args:
        images: `(B, 1, 28, 28)`.
        angle: Degrees.
        prepared: `prepare_tiles(images)`, where it is known.
    """
    quarters, rest = divmod(angle, 90.0)
    if rest == 0:
        return _copy(torch.rot90(images, int(quarters), (-2, -1)))
    return resample(_source(images, prepared), _turned(angle))


def _source(images: Tensor, prepared: Tiles | None) -> Tensor | Tiles:
    """Return what is resampled: what was prepared, unless a gradient is asked for, which tiles do not carry."""
    return images if prepared is None or tracked(images) else prepared


def _copy(images: Tensor) -> Tensor:
    """Return a copy, contiguous however the input lies in memory."""
    return images.clone(memory_format=torch.contiguous_format)


def _shift_whole(images: Tensor, dx: int, dy: int) -> Tensor:
    if dx == dy == 0:
        return _copy(images)
    if tracked(images):
        right, down = (max(-SIZE, min(step, SIZE)) for step in (dx, dy))
        return F.pad(images, (right, -right, down, -down))
    with torch.no_grad():
        return _shifted_bits(images, dx, dy)


def _shifted_bits(images: Tensor, dx: int, dy: int) -> Tensor:
    """Return the shifted copy in one pass over the memory, which costs what a plain copy does.

    With the batch as one line of pixels, every pixel comes from `step` places before it, whatever row or image that is
    in; what came from outside its frame is then masked. A mask of bits leaves all other numbers exactly as they are.
    """
    out = torch.empty(images.shape, dtype=torch.float32, device=images.device)
    if max(abs(dx), abs(dy)) >= SIZE or not len(images):
        return out.zero_()
    mask = torch.zeros(SIZE, SIZE, dtype=torch.int32, device=images.device)
    mask[max(dy, 0) : SIZE + min(dy, 0), max(dx, 0) : SIZE + min(dx, 0)] = -1  # all bits
    mask = mask.flatten()
    source, target = (one.view(torch.int32).view(-1, PIXELS) for one in (images.float().contiguous(), out))
    step, others = SIZE * dy + dx, len(source) - 1
    # Before the first image, or behind the last, there is no memory to read: that one is moved around its own end.
    edge, rest = (0, target[1:]) if step > 0 else (others, target[:-1])
    target[edge] = source[edge].roll(step) & mask
    start = PIXELS - step if step > 0 else -step
    torch.bitwise_and(source.view(-1)[start : start + others * PIXELS].view(others, PIXELS), mask, out=rest)
    return out


def _shift_matrix(step: float) -> Tensor:
    """Return float64 `(28, 28)`: the 1-D map that moves a line by `step` px, bilinear."""
    pixel = torch.arange(SIZE, dtype=torch.float64)
    return (1 - (pixel[None, :] - (pixel[:, None] - step)).abs()).clamp(min=0)


@functools.lru_cache(maxsize=64)
def _turned(angle: float) -> Taps:
    """Return the taps of a turn about the centre."""
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    x, y = places(torch.float64)
    return bilinear(cosine * x - sine * y + CENTRE, sine * x + cosine * y + CENTRE)


@functools.lru_cache(maxsize=64)
def _scaled(in_x: float, in_y: float) -> tuple[Taps, ...]:
    """Return the taps that magnify about the centre: in one step where nothing is smoothed, else an axis at a time."""
    if min(in_x, in_y) >= 1:
        x, y = places(torch.float64)
        return (bilinear(x / in_x + CENTRE, y / in_y + CENTRE),)
    down = () if in_y == 1 else (rows(_scale_matrix(in_y)),)
    across = () if in_x == 1 else (columns(_scale_matrix(in_x)),)
    return (*down, *across)


def _scale_matrix(factor: float) -> Tensor:
    """Return float64 `(28, 28)`: the 1-D map that magnifies a line about its centre."""
    width = max(1.0, 1.0 / factor)  # px, the triangle's half base
    source = (torch.arange(SIZE, dtype=torch.float64) - CENTRE) / factor + CENTRE
    # Far enough beyond the frame that no row's kernel is cut off where its sum is taken.
    margin = math.ceil(abs(float(source[0])) + width) + 1
    plane = torch.arange(-margin, SIZE + margin, dtype=torch.float64)
    weight = (1 - (plane[None, :] - source[:, None]).abs() / width).clamp(min=0)
    weight /= weight.sum(1, keepdim=True)
    return weight[:, margin : margin + SIZE]
