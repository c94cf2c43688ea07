"""Digits taken apart: into cells, or into the pieces of their strokes."""

from collections.abc import Callable

import torch
from torch import Tensor

from robustmnist.measure.stroke_pieces import MOST, stroke_pieces

__all__ = ["CELL", "Parting", "cells", "strokes"]

CELL = 4  # px

# From images (B, 1, 28, 28) to the part of each pixel, int64 (B, 28, 28), and the number of parts that there can be.
Parting = Callable[[Tensor], tuple[Tensor, int]]


def cells(images: Tensor) -> tuple[Tensor, int]:
    """Return the cell of `CELL` × `CELL` px of each pixel."""
    across = torch.arange(28, dtype=torch.int64, device=images.device) // CELL
    numbers = across[:, None] * (28 // CELL) + across
    return numbers.expand(len(images), 28, 28), (28 // CELL) ** 2


def strokes(images: Tensor) -> tuple[Tensor, int]:
    """Return the piece of the strokes of each pixel, as of `stroke_pieces`; paper counts as part of the first."""
    pieces = [torch.from_numpy(stroke_pieces(image)) for image in images[:, 0].cpu().numpy()]
    parts = torch.stack(pieces) if pieces else torch.zeros((0, 28, 28), dtype=torch.int64)
    return parts.clamp(min=0).to(images.device), MOST
