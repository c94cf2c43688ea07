"""Blur by a lens, a movement or a zoom: each pixel becomes a mean over what a bilinear reading of the image sees.

Outside the frame is paper, 0; ink that is smeared over the edge is lost. Every function is one linear map with the same
few taps for all images and goes through `resample`, whose sums do not depend on the batch. Measured on one core,
10,000 digits, 9 × 9 taps at σ = 1.5: so 40 ms, torchvision's `gaussian_blur` 450 ms, kornia's `gaussian_blur2d` 430 ms,
`conv2d` along one axis and then the other 170 ms. `conv2d`, and kornia's with it, gives an image other bits in a batch
of 1 or 3 than among 256, since it picks its method by the batch; torchvision's gave the same in eight sizes of batch.
"""

import functools
import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.perturb.images import CENTRE, PIXELS, SIZE
from robustmnist.perturb.perturbation import Parameter, Perturbation
from robustmnist.perturb.resample import Taps, columns, resample, rows, taps_from

__all__ = [
    "DEFOCUS",
    "GAUSSIAN_BLUR",
    "MOTION_BLUR",
    "ZOOM_BLUR",
    "defocus",
    "gaussian_blur",
    "motion_blur",
    "zoom_blur",
]

TRUNCATE = 4.0  # standard deviations; Source: scipy.ndimage.gaussian_filter
ACROSS, ALONG, ZOOMS = 128, 4096, 256  # points in which a disc's diameter, a line and a range of zooms are read
TINY = 1e-9  # weights below it are rounding errors of directions along an axis


def gaussian_blur(images: Tensor, *, sigma: float) -> Tensor:
    """Blur with a Gaussian: weights exp(−k² / 2σ²) at k whole pixels, cut off at four standard deviations.

    Args:
        images: `(B, 1, 28, 28)`.
        sigma: Standard deviation in px, 0 or more; 0 changes nothing, bit for bit.

    Raises:
        ValueError: If `sigma` is negative.

    Source: scipy.ndimage.gaussian_filter for the kernel; Hendrycks & Dietterich, "Benchmarking neural network
    robustness to common corruptions", 2019, for the perturbation.

    >>> dot = torch.zeros(1, 1, 28, 28)
    >>> dot[..., 10, 5] = 1.0
    >>> round(float(gaussian_blur(dot, sigma=1.0).max()), 2)  # 1 / (2 π)
    0.16
    """
    if _is_neutral("sigma", sigma):
        return images.clone(memory_format=torch.contiguous_format)
    return resample(images, *_gaussian(sigma))


def defocus(images: Tensor, *, radius: float) -> Tensor:
    """Blur with a disc, as a lens out of focus does: the mean of bilinear readings all over the disc.

    Args:
        images: `(B, 1, 28, 28)`.
        radius: Of the disc in px, 0 or more; 0 changes nothing, bit for bit.

    Raises:
        ValueError: If `radius` is negative.

    Source: Hendrycks & Dietterich 2019, as `gaussian_blur`, who smooth a disc of whole pixels instead.

    >>> dot = torch.zeros(1, 1, 28, 28)
    >>> dot[..., 10, 5] = 1.0
    >>> round(float(defocus(dot, radius=2.0).max()), 2)  # 1 / (4 π)
    0.08
    """
    if _is_neutral("radius", radius):
        return images.clone(memory_format=torch.contiguous_format)
    return resample(images, _disc(radius))


def motion_blur(images: Tensor, *, length: float, angle: float = 0.0) -> Tensor:
    """Blur along a straight line, as a steady movement does: the mean of bilinear readings all along it.

    The line's middle is the pixel itself, so the digit stays where it is.

    Args:
        images: `(B, 1, 28, 28)`.
        length: Of the line in px, 0 or more; 0 changes nothing, bit for bit.
        angle: Degrees from the horizontal, counter-clockwise as seen on screen; 90 is upright.

    Raises:
        ValueError: If `length` is negative.

    Source: Hendrycks & Dietterich 2019, as `gaussian_blur`, whose line is one-sided and fades out.

    >>> dot = torch.zeros(1, 1, 28, 28)
    >>> dot[..., 10, 5] = 1.0
    >>> [round(ink, 2) for ink in motion_blur(dot, length=3.0)[0, 0, 10, 3:8].tolist()]
    [0.04, 0.29, 0.33, 0.29, 0.04]
    """
    if _is_neutral("length", length):
        return images.clone(memory_format=torch.contiguous_format)
    return resample(images, _line(length, angle))


def zoom_blur(images: Tensor, *, factor: float) -> Tensor:
    """Blur outwards from the centre: the mean of all magnifications from 1 to `factor`, each read bilinearly.

    Args:
        images: `(B, 1, 28, 28)`.
        factor: The largest magnification, ×, 1 or more; 1 changes nothing, bit for bit.

    Raises:
        ValueError: If `factor` is below 1.

    Source: Hendrycks & Dietterich 2019, as `gaussian_blur`, who take the mean of a few magnifications.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 9:19, 12:16] = 1.0
    >>> [round(float(zoom_blur(bar, factor=2.0)[0, 0, row, 14]), 1) for row in (14, 18, 20, 24)]
    [1.0, 1.0, 0.7, 0.0]
    """
    if _is_neutral("factor", factor, 1):
        return images.clone(memory_format=torch.contiguous_format)
    return resample(images, _zoom(factor))


GAUSSIAN_BLUR = Perturbation(
    gaussian_blur, {"sigma": Parameter("px", 0.0, 0.0, 28.0, above="are blurred by a Gaussian of {a}")}
)
DEFOCUS = Perturbation(
    defocus, {"radius": Parameter("px", 0.0, 0.0, 14.0, above="are out of focus by a radius of {a}")}
)
MOTION_BLUR = Perturbation(
    motion_blur,
    {"length": Parameter("px", 0.0, 0.0, 28.0, above="are blurred by a motion of {a}")},
    modifiers={"angle": Parameter("°", 0.0, -180.0, 180.0)},
)
ZOOM_BLUR = Perturbation(zoom_blur, {"factor": Parameter("×", 1.0, 1.0, 10.0, above="are blurred by a zoom to {a}")})


def _is_neutral(name: str, strength: float, neutral: int = 0) -> bool:
    if strength < neutral:
        raise ValueError(f"{name} must be {neutral} or more, not {strength}")
    return strength == neutral


@functools.lru_cache(maxsize=64)
def _gaussian(sigma: float) -> tuple[Taps, Taps]:
    radius = int(TRUNCATE * sigma + 0.5)
    weight = torch.exp(-0.5 * (torch.arange(radius + 1, dtype=torch.float64) / sigma) ** 2)
    weight /= 2 * weight.sum() - weight[0]
    position = torch.arange(SIZE, dtype=torch.int64)
    distance = (position[:, None] - position).abs()
    matrix = torch.where(distance <= radius, weight[distance.clamp(max=radius)], 0.0)
    return rows(matrix), columns(matrix)


@functools.lru_cache(maxsize=64)
def _disc(radius: float) -> Taps:
    across = (np.arange(ACROSS) + 0.5) / ACROSS * 2 - 1
    y, x = np.meshgrid(across, across, indexing="ij")
    inside = x**2 + y**2 <= 1
    return _displaced(radius * x[inside], radius * y[inside])


@functools.lru_cache(maxsize=64)
def _line(length: float, angle: float) -> Taps:
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
def _zoom(factor: float) -> Taps:
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
