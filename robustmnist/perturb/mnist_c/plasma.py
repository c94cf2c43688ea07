"""Plasma fractals by the diamond-square method: the shape of MNIST-C's fog."""

import torch
from torch import Tensor

__all__ = ["FIELD", "plasma"]

LEVELS = 4  # of the whole map: from one point to 16 by 16, 16 px apart on 256 px
FINER = (7, 11, 17, 29)  # points along a side of what the corner's 28 px depend on, 8, 4, 2 and 1 px apart
SIDES = (*(2**level for level in range(1, LEVELS + 1)), *FINER)
FIELD = sum(side**2 for side in SIDES)


def plasma(uniform: Tensor, decay: float) -> Tensor:
    """Return `(B, 28, 28)`: the corner of plasma fractals of 256 by 256 px that go from 0 to 1.

    Diamond-square on a torus: every point halfway is the mean of its four neighbours and a uniform number of the
    scale's amplitude. The data set draws all 65,536 points and shows a corner of 784. This draws the whole map down to
    every 16th px and from there only what the corner depends on; its extremes are those of what is drawn. That misses
    little, since the coarsest scales are by far the highest: 600 whole maps went further by 0.6 ± 1.2 % of their
    range at decay 1.4, by 0.05 ± 0.25 % at 1.5, and by less than 0.01 % at 1.7 and 2.

    Args:
        uniform: `(B, FIELD)`, in [0, 1).
        decay: As in `fog`.

    Source: Fournier, Fussell & Carpenter, "Computer rendering of stochastic models", 1982; Mu & Gilmer 2019.
    """
    parts = zip(SIDES, torch.split(uniform * 2 - 1, [side**2 for side in SIDES], 1), strict=True)
    noise = [part.view(-1, side, side) * decay ** (-2 * level) for level, (side, part) in enumerate(parts)]
    height = uniform.new_zeros(len(uniform), 1, 1)
    for fresh in noise[:LEVELS]:
        height = _refine(_wrap(height), _wrap(fresh)[:, :-1, :-1])[:, 1:, 1:]
    corner = _wrap(height)
    for fresh in noise[LEVELS:]:
        needed = (fresh.shape[1] + 3) // 2
        corner = _refine(corner[:, :needed, :needed], fresh)
    corner = corner[:, 1:, 1:]
    low = torch.minimum(height.amin((1, 2), keepdim=True), corner.amin((1, 2), keepdim=True))
    high = torch.maximum(height.amax((1, 2), keepdim=True), corner.amax((1, 2), keepdim=True))
    return (corner - low) / (high - low)


def _wrap(torus: Tensor) -> Tensor:
    """Return a torus, padded: its last row and column stand before the first, and its first after the last."""
    rows = torch.cat([torus[:, -1:], torus, torus[:, :1]], 1)
    return torch.cat([rows[:, :, -1:], rows, rows[:, :, :1]], 2)


def _refine(height: Tensor, noise: Tensor) -> Tensor:
    """Return the heights `(B, n, n)` with a point halfway between neighbours added, `(B, 2n − 3, 2n − 3)`.

    A new point is the mean of its four neighbours plus noise; the rim, which has fewer neighbours, is left out.
    """
    side = 2 * height.shape[1] - 3
    out = torch.empty(len(height), side, side, dtype=height.dtype, device=height.device)
    out[:, 1::2, 1::2] = height[:, 1:-1, 1:-1]
    middle = (height[:, :-1, :-1] + height[:, :-1, 1:] + height[:, 1:, :-1] + height[:, 1:, 1:]) / 4
    middle += noise[:, ::2, ::2]
    out[:, ::2, ::2] = middle
    beside = middle[:, :-1, :] + middle[:, 1:, :] + height[:, 1:-1, :-1] + height[:, 1:-1, 1:]
    out[:, 1::2, ::2] = beside / 4 + noise[:, 1::2, ::2]
    above = middle[:, :, :-1] + middle[:, :, 1:] + height[:, :-1, 1:-1] + height[:, 1:, 1:-1]
    out[:, ::2, 1::2] = above / 4 + noise[:, ::2, 1::2]
    return out
