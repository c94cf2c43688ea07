"""Gaussian smoothing as scipy does it, the same bits at any batch size."""

import functools
import math

import torch.nn.functional as F
from torch import Tensor

__all__ = ["gaussian", "kernel"]

ROWS, COLUMNS = 2, 3  # the axes of images


def gaussian(
    images: Tensor, sigma: float, *, along: tuple[int, ...] = (ROWS, COLUMNS), outside: str = "edge"
) -> Tensor:
    """Smooth images by a Gaussian cut off at four standard deviations.

    Args:
        images: `(B, 1, H, W)`, float32 or float64.
        sigma: Standard deviation in px, above 0.
        along: The axes, of 2 and 3; 2 alone mixes the pixels of each column.
        outside: What lies around the frame: its ``edge`` goes on, or ``paper``, which is 0.

    Source: `scipy.ndimage.gaussian_filter` with its default truncation; "edge" is its mode "nearest".
    """
    for axis in along:
        images = _along(images, kernel(sigma), axis, "replicate" if outside == "edge" else "constant")
    return images


@functools.lru_cache(maxsize=64)
def kernel(sigma: float) -> tuple[float, ...]:
    """Return the weights of the middle and of each pixel to one side of it; with the other side they sum to 1."""
    reach = int(4 * sigma + 0.5)
    half = [math.exp(-0.5 * (step / sigma) ** 2) for step in range(reach + 1)]
    total = 2 * sum(half) - 1
    return tuple(weight / total for weight in half)


def _along(images: Tensor, half: tuple[float, ...], axis: int, mode: str) -> Tensor:
    reach, size = len(half) - 1, images.shape[axis]
    padded = F.pad(images, (reach, reach, 0, 0) if axis == COLUMNS else (0, 0, reach, reach), mode=mode)
    out = padded.narrow(axis, reach, size) * half[0]
    # From the outside inwards, as scipy sums: in float64 most results are then the same to the last bit.
    for step in range(reach, 0, -1):
        sides = padded.narrow(axis, reach - step, size) + padded.narrow(axis, reach + step, size)
        out += sides.mul_(half[step])
    return out
