"""The ink of a data set in memory: one byte a pixel where bytes hold it, a quarter of float32."""

from typing import Any

import torch
from torch import Tensor

__all__ = ["StoredImages", "ink_of", "levels_of"]

CHUNK = 10_000  # images looked at together


class StoredImages:
    """The attribute `images` of a data set: float32 for whoever reads it, kept as bytes where they hold it exactly.

    Each reading makes a new tensor; a change of it in place changes no data set.
    """

    def __get__(self, data: Any, owner: type | None = None) -> Tensor:
        """Return the images, float32 ``(n, 1, 28, 28)``."""
        if data is None:
            raise AttributeError("images")  # by which a data class knows a field without a default
        return ink_of(data.stored)

    def __set__(self, data: Any, images: Tensor) -> None:
        """Keep the images."""
        data.__dict__["stored"] = levels_of(images)


def ink_of(stored: Tensor) -> Tensor:
    """Return ink as `levels_of` keeps it as float32, level / 255."""
    if stored.dtype != torch.uint8:
        return stored
    if stored.device.type == "cpu":
        return stored.to(torch.float32).div_(255)
    # A GPU multiplies by the reciprocal, another float32 for some of the 256 levels: it takes what a CPU divided.
    return (torch.arange(256, dtype=torch.float32) / 255).to(stored.device)[stored.int()]


def levels_of(images: Tensor) -> Tensor:
    """Return images as uint8 levels if every value is a level / 255 bit for bit, else as they are."""
    if not isinstance(images, Tensor) or images.dtype != torch.float32 or not images.ndim:
        return images
    parts = []
    for part in torch.split(images, CHUNK):
        levels = (part * 255).round().to(torch.uint8)
        if not torch.equal(ink_of(levels), part):
            return images
        parts.append(levels)
    return torch.cat(parts) if parts else images
