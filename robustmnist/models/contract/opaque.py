"""Classifiers that are only a function: NumPy arrays in, scores out, nothing known of what happens between."""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from robustmnist.models.contract.rows import rows_of

__all__ = ["TILE", "Opaque"]

TILE = 256  # rows of every call. onnxruntime, CPU seconds for 10,000 digits: cnn 1.60, 1.33, 1.37 at 64, 256, 1000


class Opaque(nn.Module):
    """A function of arrays as a module: tensors in, tensors out, in tiles of 256 rows on the CPU.

    Each call gets an array of its own, float32 with 256 rows; the last tile is filled up with zeros. The calls come one
    after the other, from one thread at a time, so the function needs no lock; one whose attribute `parallel` is true is
    called from several threads at once. Copies of this module share it, for it may hold a session or a file. There are
    no gradients through it.

    A row's company in the tile does not change what its answer is computed from, but its position may change the last
    bits: NumPy's matrix product takes the rows of 256 in blocks that sum in different orders.

    Args:
        predict: From an array (256, …) to scores (256, columns) or labels (256,), in any form that `rows_of` reads.
        tile: Rows of every call.

    Raises:
        InputError: When called, if the answers have another shape.
    """

    def __init__(self, predict: Callable[[Any], Any], *, tile: int = TILE) -> None:
        super().__init__()
        self.predict, self.tile = predict, tile
        self._turn = nullcontext() if getattr(predict, "parallel", False) is True else threading.Lock()

    @torch.no_grad()
    def forward(self, values: Tensor) -> Tensor:
        """Return float32 (B, columns), or (B,) of labels, of `values` (B, …) on any device; B ≥ 1."""
        return torch.cat([self._tile(part) for part in torch.split(values, self.tile)]).to(values.device)

    def _tile(self, part: Tensor) -> Tensor:
        array = np.zeros((self.tile, *part.shape[1:]), np.float32)
        array[: len(part)] = part.cpu().numpy()
        with self._turn:
            answer = self.predict(array)
        return rows_of(answer, self.tile)[: len(part)].detach().cpu().to(torch.float32, copy=True)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Opaque":
        return self

    def extra_repr(self) -> str:
        """Return what is wrapped, for `repr`."""
        return getattr(self.predict, "__qualname__", type(self.predict).__name__)
