"""Digits as smooth grey surfaces: their ink at every eighth of a px, by cubic interpolation.

Everything is whole numbers or exact binary fractions, so that no bit depends on batch, device or order of addition.

Source: Keys, "Cubic convolution interpolation for digital image processing", 1981.
"""

from collections.abc import Container
from dataclasses import dataclass

import torch
from torch import Tensor

from robustmnist.perturb.images import SIZE

__all__ = ["LEVELS", "REACH", "STEPS", "Surface", "surface"]

STEPS = 8  # positions per px
LEVELS = 255
FINE = 16  # parts of a level kept between the two passes: then a float32 holds the second pass's sums exactly
REACH = 3  # px: a point less than 4 px from ink is less than 2 px from a point at which there can be ink


@dataclass(frozen=True)
class Surface:
    """Surfaces one after another in a single line, where a point is as far along it from any pixel of any image.

    Each image takes the px of its ink and 3 px of paper on either side, which serve its neighbours too; at most the
    frame and 3 px behind it.

    Attributes:
        planes: uint8 `(64 · n,)`: the lines of the points 0/8 to 7/8 px below and to the right of each pixel.
        height: Of an image on the line, in px.
        width: Of an image on the line, in px: so far it is along the line to the pixel below.
        length: Pixels of the line that belong to images.
    """

    planes: Tensor
    height: int
    width: int
    length: int

    def at(self, y: int, x: int) -> Tensor:
        """Return uint8 `(length,)`: the ink `y` / 8 px below and `x` / 8 px to the right of each pixel, up to 2 px."""
        start = (y % STEPS * STEPS + x % STEPS) * (len(self.planes) // STEPS**2)
        return self.planes.narrow(0, start + (4 + y // STEPS) * self.width + x // STEPS, self.length)

    def images(self, line: Tensor) -> Tensor:
        """Return `(B, height, width)`: the images of such a line."""
        return line.view(-1, self.height, self.width)


def surface(images: Tensor, height: int, width: int, points: Container[tuple[int, int]]) -> Surface:
    """Return the surface of images, 0 to 255, at points within each pixel; at others it holds nothing.

    Args:
        images: `(B, h, w)`: from up to 3 px above and to the left of the ink.
        height: Of the ink in px.
        width: Of the ink in px.
        points: Those (y, x), in steps of 1/8 px from 0 to 7, that are needed.
    """
    height, width = (min(side, SIZE - REACH) + 2 * REACH for side in (height, width))
    length, ends = len(images) * height * width, 4 * width
    # One half, that cutting a fraction off may round, is there from the start: the weights of all that follows sum to
    # 1. First that of a level's part, and in those parts that of a level.
    line = images.new_full((length + 2 * ends,), 0.5 + 0.5 * FINE)
    ink = line[ends : ends + length].view(-1, height, width)[:, : images.shape[1], : images.shape[2]]
    ink.add_((images * LEVELS).round_(), alpha=FINE)
    rows, level, bend = torch.full_like(line, 0.5), torch.zeros_like(line), torch.empty_like(line)
    whole = torch.empty_like(line, dtype=torch.int16)
    planes = torch.empty((STEPS, STEPS, len(line)), dtype=torch.uint8, device=line.device)
    down, across = _neighbours(line, width), _neighbours(rows, 1)
    for y in range(STEPS):
        _between(down, y, out=rows[width : -2 * width], bend=bend[width : -2 * width]).floor_().div_(FINE)
        for x in range(STEPS):
            if (y, x) in points:
                _between(across, x, out=level[1:-2], bend=bend[1:-2])
                # By way of int16: from float32 to uint8 torch goes number by number, six times as slow.
                planes[y, x].copy_(whole.copy_(level).clamp_(0, LEVELS))
    return Surface(planes.flatten(), height, width, length)


def _neighbours(line: Tensor, stride: int) -> list[Tensor]:
    """Return four views of a line, shifted by a pixel each: for each pixel the one before, itself and the next two."""
    return [line[node * stride : len(line) - (3 - node) * stride] for node in range(4)]


def _between(neighbours: list[Tensor], phase: int, *, out: Tensor, bend: Tensor) -> Tensor:
    """Write to `out`, and return, the ink at t = `phase` / 8 of the way from each pixel to the next.

    Keys's cubic, with the slope −1 of the ideal sinc, is a mixture of two linear interpolations: from the pixel to the
    next, and, with the weight −t (1 − t), between their outer neighbours. That takes three steps; a weight for each of
    the four pixels would take four.
    """
    before, pixel, following, behind = neighbours
    if not phase:
        return out.copy_(pixel)
    t = phase / STEPS
    torch.lerp(pixel, following, t, out=out)
    torch.lerp(before, behind, t, out=bend)
    return torch.lerp(out, bend, -t * (1 - t), out=out)
