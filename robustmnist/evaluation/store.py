"""Stores for the logits of a run: in memory, or in files that survive a kill."""

import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from robustmnist.evaluation.journal import Journal, write_all
from robustmnist.evaluation.plan import Unit
from robustmnist.predictions import npy_header
from robustmnist.system.files import disk_errors, write_atomic

__all__ = ["DiskStore", "MemoryStore", "Store"]

Shapes = Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]
Logits = NDArray[np.float32]

# Data go to the disk at most this often, in seconds: a power cut costs so much work, a kill only the unit under way.
SYNC_INTERVAL = 1.0


class Store(Protocol):
    """Takes the logits of units and gives the finished arrays."""

    def has(self, unit: Unit) -> bool:
        """Return whether the unit is there already."""

    def put(self, unit: Unit, logits: Logits) -> None:
        """Keep the logits (M, rows, 10) of a unit."""

    def get(self, unit: Unit) -> Logits:
        """Return the logits (M, rows, 10) of a unit that is there."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all arrays, once every unit is there."""


class MemoryStore:
    """Arrays in memory."""

    def __init__(self, shapes: Shapes, given: Mapping[str, NDArray[np.int64]]) -> None:
        self._arrays = {name: np.empty(shape, dtype) for name, (dtype, shape) in shapes.items()} | dict(given)

    def has(self, unit: Unit) -> bool:
        """Return False: nothing is left from another run."""
        return False

    def put(self, unit: Unit, logits: Logits) -> None:
        """Keep the logits (M, rows, 10) of a unit."""
        _part(self._arrays[unit.array], unit)[...] = logits

    def get(self, unit: Unit) -> Logits:
        """Return the logits (M, rows, 10) of a unit."""
        return _part(self._arrays[unit.array], unit)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all arrays."""
        return self._arrays


class DiskStore:
    """Preallocated ``.npy`` files, and a journal of what is in them.

    Args:
        folder: The run's folder, which exists.
        shapes: Name to dtype and shape of every array.
        given: The arrays that are known from the start.
        identity: What the run is; equal to the journal's, where there is one.
        units: All units, in their order.
    """

    def __init__(
        self,
        folder: Path,
        shapes: Shapes,
        given: Mapping[str, NDArray[np.int64]],
        identity: Mapping[str, Any],
        units: Sequence[Unit],
    ) -> None:
        self._shapes = shapes
        self._folder = folder
        self._dirty: set[str] = set()
        self._synced = time.monotonic()
        with disk_errors(folder):
            self._journal = Journal(folder / "journal.jsonl", identity, units)
            for name in shapes:
                self._allocate(name)
            for name, array in given.items():
                write_atomic(self._path(name), npy_header(array.dtype, array.shape) + array.tobytes())
            for unit in units:
                if self._journal.mentions(unit):
                    self._journal.trust(unit, self.get(unit))
            self._journal.open()

    def has(self, unit: Unit) -> bool:
        """Return whether the unit is there already, its bytes as journalled."""
        return unit in self._journal

    def put(self, unit: Unit, logits: Logits) -> None:
        """Write the logits (M, rows, 10) of a unit to their offset in the file, then the unit's line to the journal."""
        path = self._path(unit.array)
        with disk_errors(path):
            with path.open("r+b", buffering=0) as file:
                for offset, block in zip(self._offsets(unit), logits, strict=True):
                    file.seek(offset)
                    write_all(file, block.tobytes())
            self._journal.add(unit, logits)
            self._dirty.add(unit.array)
            if time.monotonic() - self._synced > SYNC_INTERVAL:
                self._sync()

    def get(self, unit: Unit) -> Logits:
        """Return the logits (M, rows, 10) of a unit as they are on disk."""
        rows, path = unit.stop - unit.start, self._path(unit.array)
        blocks = []
        with disk_errors(path), path.open("rb", buffering=0) as file:
            for offset in self._offsets(unit):
                file.seek(offset)
                blocks.append(np.frombuffer(file.read(rows * 40), "<f4").reshape(rows, 10))
        return np.stack(blocks)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Flush everything to the disk and return all arrays, memory-mapped and read-only."""
        with disk_errors(self._folder):
            self._sync()
            self._journal.rewrite()
        return {name: np.load(self._path(name), mmap_mode="r", allow_pickle=False) for name in self._shapes}

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def _path(self, name: str) -> Path:
        return self._folder / "predictions" / f"{name}.npy"

    def _allocate(self, name: str) -> None:
        dtype, shape = self._shapes[name]
        path, header = self._path(name), npy_header(dtype, shape)
        size = len(header) + math.prod(shape) * dtype.itemsize
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab+") as file:  # opens or creates, and truncates nothing
                file.seek(0)
                if file.read(len(header)) == header and path.stat().st_size == size:
                    return
                file.truncate(0)
                file.write(header)
                file.truncate(size)

    def _offsets(self, unit: Unit) -> Iterator[int]:
        dtype, shape = self._shapes[unit.array]
        header = len(npy_header(dtype, shape))
        for model in range(shape[0]):
            index = (model, unit.start) if unit.suite is None else (model, unit.value, unit.variant, unit.start)
            yield header + int(np.ravel_multi_index((*index, 0), shape)) * dtype.itemsize

    def _sync(self) -> None:
        for name in sorted(self._dirty):
            with self._path(name).open("r+b") as file:
                os.fsync(file.fileno())  # of all that was written to the file, through whatever handle
        self._journal.sync()
        self._dirty.clear()
        self._synced = time.monotonic()


def _part(array: NDArray[Any], unit: Unit) -> NDArray[Any]:
    rows = slice(unit.start, unit.stop)
    part: NDArray[Any] = array[:, rows] if unit.suite is None else array[:, unit.value, unit.variant, rows]
    return part
