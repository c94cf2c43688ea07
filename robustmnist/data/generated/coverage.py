"""Polygons as grey pictures: of every pixel the exact share that lies inside."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["coverage"]


def coverage(edges: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """Return float64 (height, width): the share of each pixel that lies inside of closed contours.

    Every edge is cut where it crosses a border between pixels. A piece within one pixel then covers, of its own row, a
    trapezium to its right: part of its own pixel and all pixels further right, which a running sum along the row adds.
    Contours that run the other way are holes.

    Args:
        edges: (E, 4): x and y where each edge begins and ends, px; pixel (row, column) reaches from (column, row) to
            (column + 1, row + 1). All inside of the picture.
        height: px.
        width: px.

    >>> square = np.array([[1.5, 1, 3, 1], [3, 1, 3, 2], [3, 2, 1.5, 2], [1.5, 2, 1.5, 1]])
    >>> coverage(square, 3, 4)[1].tolist()
    [0.0, 0.5, 1.0, 0.0]
    """
    x0, y0, x1, y1 = edges.T[:, :, None]
    dx, dy = x1 - x0, y1 - y0
    with np.errstate(divide="ignore", invalid="ignore"):
        crossings = [(np.arange(1, width) - x0) / dx, (np.arange(1, height) - y0) / dy]
    ends = np.zeros_like(x0), np.ones_like(x0)
    t = np.sort(np.clip(np.nan_to_num(np.concatenate([ends[0], *crossings, ends[1]], axis=1)), 0, 1), axis=1)
    part, middle = np.diff(t, axis=1), (t[:, 1:] + t[:, :-1]) / 2
    x, y = (x0 + middle * dx).clip(0, width - 1e-9), (y0 + middle * dy).clip(0, height - 1e-9)
    column, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    rise, right = part * dy, x - column
    at = (row * (width + 1) + column).ravel()
    size = height * (width + 1)
    sums = (
        np.bincount(at, (rise * (1 - right)).ravel(), size)
        + np.bincount(at + 1, (rise * right).ravel(), size + 1)[:size]
    )
    inside: NDArray[np.float64] = np.abs(np.cumsum(sums.reshape(height, width + 1), axis=1))[:, :width].clip(0, 1)
    return inside
