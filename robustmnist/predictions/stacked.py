"""Logits of several runs as a single table without a copy: files are read only as far as they are asked for."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["Logits", "Stacked"]

Part = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Stacked:
    """Several tables of the same shape as a single table (M, …), as `numpy.stack` makes it, but without a copy.

    ``table[m]``, ``table[m, …]`` give what the m-th table gives there, ``table[a:b]`` a shorter such table and
    ``table[a:b, …]`` an array of what is chosen, alone. `numpy.asarray` copies all.

    Attributes:
        parts: The tables, at least one; float32 (…), mapped from files or in memory.
    """

    parts: Sequence[Part]

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of tables, then the shape of each."""
        return (len(self.parts), *self.parts[0].shape)

    def __len__(self) -> int:
        return len(self.parts)

    @overload
    def __getitem__(self, key: slice) -> "Stacked": ...
    @overload
    def __getitem__(self, key: int | tuple[Any, ...]) -> Part: ...
    def __getitem__(self, key: int | slice | tuple[Any, ...]) -> "Part | Stacked":
        if isinstance(key, slice):
            return Stacked(self.parts[key])
        first, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(first, slice):
            return np.stack([part[tuple(rest)] for part in self.parts[first]])
        part: Part = self.parts[operator.index(first)][tuple(rest)]
        return part

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("tables of several runs cannot be one array without a copy")
        return np.stack(self.parts).astype(dtype or np.float32, copy=False)


Logits = Part | Stacked
