"""The taps of linear blurs: from which pixels each pixel of the output is made, and with which weights."""

import functools
import math

import numpy as np
import torch
from numpy.typing import NDArray

from robustmnist.perturb.images import CENTRE, PIXELS, SIZE
from robustmnist.perturb.resample import Taps, columns, rows, taps_from

__all__ = ["disc_taps", "gaussian_taps", "line_taps", "zoom_taps"]

TRUNCATE = 4.0  # standard deviations; Source: scipy.ndimage.gaussian_filter
ACROSS, ALONG, ZOOMS = 128, 4096, 256  # points in which a disc's diameter, a line and a range of zooms are read
TINY = 1e-9  # weights below it are rounding errors of directions along an axis


@functools.lru_cache(maxsize=64)
def gaussian_taps(sigma: float) -> tuple[Taps, Taps]:
    """Return the taps of a Gaussian with standard deviation `sigma` in px, down the columns and along the rows."""
    radius = int(TRUNCATE * sigma + 0.5)
    weight = torch.exp(-0.5 * (torch.arange(radius + 1, dtype=torch.float64) / sigma) ** 2)
    weight /= 2 * weight.sum() - weight[0]
    position = torch.arange(SIZE, dtype=torch.int64)
    distance = (position[:, None] - position).abs()
    matrix = torch.where(distance <= radius, weight[distance.clamp(max=radius)], 0.0)
    return rows(matrix), columns(matrix)


@functools.lru_cache(maxsize=64)
def disc_taps(radius: float) -> Taps:
    """Return the taps of the mean over the readings all over a disc with `radius` in px."""
    across = (np.arange(ACROSS) + 0.5) / ACROSS * 2 - 1
    y, x = np.meshgrid(across, across, indexing="ij")
    inside = x**2 + y**2 <= 1
    return _displaced(radius * x[inside], radius * y[inside])


@functools.lru_cache(maxsize=64)
def line_taps(length: float, angle: float) -> Taps:
    """Return the taps of the mean over the readings along a line of `length` px, `angle` degrees counter-clockwise."""
    along = length * ((np.arange(ALONG) + 0.5) / ALONG - 0.5)
    return _displaced(math.cos(math.radians(angle)) * along, -math.sin(math.radians(angle)) * along)


def _displaced(dx: NDArray[np.float64], dy: NDArray[np.float64]) -> Taps:
    """Return the taps of the mean over bilinear readings (dx, dy) px away from each pixel, the same for all."""
    reach = SIZE - 1  # what lies further away is outside the frame for every pixel
    side = 2 * reach + 1
    kernel = np.zeros(side * side)
    for index, weight in _corners(dx + reach, dy + reach, side):
        kernel += np.bincount(index, weight, len(kernel))
    (used,) = np.nonzero(kernel > TINY * len(dx))
    position = np.arange(SIZE)
    row = position[:, None, None] + used // side - reach
    column = position[None, :, None] + used % side - reach
    inside = (row >= 0) & (row < SIZE) & (column >= 0) & (column < SIZE)
    index = np.where(inside, row * SIZE + column, 0).reshape(PIXELS, -1)
    weight = np.where(inside, kernel[used] / len(dx), 0.0).reshape(PIXELS, -1)
    return taps_from(torch.from_numpy(index), torch.from_numpy(weight))


@functools.lru_cache(maxsize=64)
def zoom_taps(factor: float) -> Taps:
    """Return the taps of the mean over the readings at (p − c) / z + c for all z from 1 to `factor`."""
    z = 1 + (factor - 1) * (np.arange(ZOOMS) + 0.5) / ZOOMS
    y, x = np.mgrid[:SIZE, :SIZE] - CENTRE
    matrix = np.zeros(PIXELS * PIXELS)
    pixel = np.arange(PIXELS).reshape(SIZE, SIZE, 1)
    for index, weight in _corners(x[..., None] / z + CENTRE, y[..., None] / z + CENTRE, SIZE):
        matrix += np.bincount((pixel * PIXELS + index).ravel(), weight.ravel(), len(matrix))
    matrix = matrix.reshape(PIXELS, PIXELS) / ZOOMS
    taps = int((matrix > TINY).sum(1).max())
    index = np.argsort(-matrix, axis=1, kind="stable")[:, :taps]
    return taps_from(torch.from_numpy(index), torch.from_numpy(np.take_along_axis(matrix, index, 1)))


def _corners(
    x: NDArray[np.float64], y: NDArray[np.float64], side: int
) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Return the four pixels of a bilinear reading at (x, y), as indices in a square of `side` px, and their weights.

    A pixel outside of the square has weight 0.
    """
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    corners = []
    for column in (left, left + 1):
        for row in (top, top + 1):
            inside = (column >= 0) & (column < side) & (row >= 0) & (row < side)
            weight = (1 - np.abs(x - column)) * (1 - np.abs(y - row)) * inside
            corners.append((np.where(inside, row * side + column, 0), weight))
    return corners
