"""Strokes as ink: a smooth line through points, a pen along it, grey pixels.

All arithmetic is sums, products, quotients, square roots and comparisons, each rounded by itself: the same bits on
every machine and in every batch.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["BOX", "SAMPLES", "ink", "spline"]

BOX = 20  # px, the longer side of a digit
SAMPLES = 6  # points on the line between two points of a stroke
SOFT = 1.2  # px from no ink to full ink across an edge
CHUNK = 64  # digits at a time: their pictures stay in the cache, and so short a step is left to a single thread


def spline(points: Tensor) -> Tensor:
    """Return the line through the points of a stroke, ``(n, (P − 1) · SAMPLES + 1, 2)`` of ``(n, P, 2)``.

    Between two points it is a cubic whose slope at each is half the way from the point before to the point after. At
    a point that stands twice the line has a corner.

    Source: Catmull & Rom, "A class of local interpolating splines", 1974.
    """
    before = torch.cat([points[:, :1], points[:, :-2]], 1)
    after = torch.cat([points[:, 2:], points[:, -1:]], 1)
    begin, end = points[:, :-1], points[:, 1:]
    t = (torch.arange(SAMPLES, dtype=points.dtype) / SAMPLES)[:, None]
    out, into = ((end - before) / 2)[:, :, None], ((after - begin) / 2)[:, :, None]
    begin, end = begin[:, :, None], end[:, :, None]
    bend = (3 * (end - begin) - 2 * out - into) * (t * t)
    line = begin + out * t + bend + (2 * (begin - end) + out + into) * (t * t * t)
    return torch.cat([line.flatten(1, 2), points[:, -1:]], 1)


def ink(strokes: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    """Return the pictures of digits, float32 ``(n, 20, 20)``: ink in [0, 1].

    Args:
        strokes: For each stroke its line, px, ``(n, L, 2)``, and half the pen's width at each of its points, px,
            ``(n, L)``. The upper left corner of the picture is (0, 0).
    """
    n = len(strokes[0][0])
    lines = [(line.float(), radius.float()) for line, radius in strokes]
    return torch.cat(
        [
            _ink([(line[start : start + CHUNK], radius[start : start + CHUNK]) for line, radius in lines])
            for start in range(0, n, CHUNK)
        ]
    )


def _ink(strokes: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    centres = torch.arange(BOX, dtype=torch.float32) + 0.5
    outside = torch.full((len(strokes[0][0]), BOX, BOX), torch.inf)  # px from the nearest edge, below 0 within
    for line, radius in strokes:
        for at in range(line.shape[1] - 1):
            begin, along = line[:, at], line[:, at + 1] - line[:, at]
            length = (along[:, 0] * along[:, 0] + along[:, 1] * along[:, 1]).clamp(min=1e-12)
            x = centres[None, None, :] - begin[:, 0, None, None]
            y = centres[None, :, None] - begin[:, 1, None, None]
            right, down = along[:, 0, None, None], along[:, 1, None, None]
            share = ((x * right + y * down) / length[:, None, None]).clamp_(0, 1)
            away_x, away_y = x - share * right, y - share * down
            away = (away_x * away_x + away_y * away_y).sqrt_()
            grow = (radius[:, at + 1] - radius[:, at])[:, None, None]
            torch.minimum(outside, away - (radius[:, at, None, None] + share * grow), out=outside)
    return (0.5 - outside / SOFT).clamp_(0, 1)
