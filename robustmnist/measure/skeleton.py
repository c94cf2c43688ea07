"""The skeleton of a digit: the middle line of its strokes, one pixel wide."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["EIGHT", "crossings", "skeleton"]

Bools = NDArray[np.bool_]
EIGHT = np.ones((3, 3), bool)  # pixels that touch at a corner are one part
# The eight neighbours, clockwise from above.
AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))


def skeleton(inside: Bools) -> Bools:
    """Return the middle line of what is inside, bool (H, W): as many parts and holes, one pixel wide.

    Source: Zhang, Suen 1984, Communications of the ACM 27 (3): the edge is taken away from two sides in turn, but for
    ends and what holds parts together. Corners of staircases: Holt, Stewart, Clint, Perrott 1987, ibid. 30 (2).
    """
    left = np.pad(inside, 1)
    while True:
        before = left.copy()
        for first in (True, False):
            around = _around(left)
            up, right, down, side = around[0], around[2], around[4], around[6]
            count = around.sum(0)
            if first:
                edge = ~(up & right & down) & ~(right & down & side)
            else:
                edge = ~(up & right & side) & ~(up & down & side)
            left &= ~((count >= 2) & (count <= 6) & (_changes(around) == 1) & edge)
        if (left == before).all():
            break
    for row, column in np.argwhere(left):  # one after the other: neighbours may not both go
        beside = [bool(left[row + down, column + across]) for down, across in AROUND]
        left[row, column] = not any(_corner(beside[turn:] + beside[:turn]) for turn in (0, 2, 4, 6))
    parts, count = ndimage.label(np.pad(inside, 1), EIGHT)
    for part in sorted(set(range(1, count + 1)) - set(parts[left].tolist())):  # a dot, of which nothing is left
        pixels = np.argwhere(parts == part)
        left[tuple(pixels[((pixels - pixels.mean(0)) ** 2).sum(1).argmin()])] = True
    return left[1:-1, 1:-1]


def crossings(line: Bools) -> NDArray[np.int64]:
    """Return how many branches leave each pixel of a skeleton, (H, W): 1 at an end, from 3 at a junction; 0 off it."""
    branches = _changes(_around(np.pad(line, 1)))[1:-1, 1:-1]
    return np.where(line, branches, 0)


def _corner(around: list[bool]) -> bool:
    """Return whether a pixel is the corner of a staircase, whose first and third neighbours hold without it."""
    return around[0] and around[2] and not (around[1] or around[5] or (around[4] and around[6]))


def _around(padded: Bools) -> Bools:
    """Return the eight neighbours of each pixel, (8, H, W); paper beyond the frame."""
    return np.stack([np.roll(padded, (-down, -across), (0, 1)) for down, across in AROUND])


def _changes(around: Bools) -> NDArray[np.int64]:
    """Return how often paper turns to ink on the way around a pixel."""
    changes: NDArray[np.int64] = (~around & np.roll(around, -1, 0)).sum(0)
    return changes
