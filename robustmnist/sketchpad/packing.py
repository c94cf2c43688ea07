"""Numbers as few bytes: one block for all arrays of a page, weights rounded to 8 or 16 bits."""

import gzip
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from robustmnist.sketchpad.chain import Array, Chain, Operation

__all__ = ["PRECISIONS", "Block", "Precision", "packed_chains", "rounded"]

Precision = Literal["int8", "float16"]
PRECISIONS: tuple[Precision, ...] = ("int8", "float16")
LEVELS = 127
LARGEST = float(np.finfo(np.float16).max)
ROUNDED = ("weight",)  # vectors and resizing matrices stay float32: they are few


class Block:
    """Arrays one behind the other, little-endian; each is known by its entry.

    An entry is ``{"type", "shape", "at"}``; one of int8 has a float32 scale for each row (first axis) at ``scales``.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()

    def put(self, array: NDArray[Any], kind: Literal["int8", "float16", "float32", "uint8"]) -> dict[str, Any]:
        """Append `array`, rounded to `kind`, and return its entry."""
        entry = {"type": kind, "shape": list(array.shape), "at": len(self._bytes)}
        if kind == "int8":
            levels, scales = _levels(array)
            self._bytes += levels.tobytes()
            entry["scales"] = len(self._bytes)
            self._bytes += scales.astype("<f4").tobytes()
        elif kind == "float16":
            self._bytes += _halves(array).tobytes()
        else:
            self._bytes += array.astype("<f4" if kind == "float32" else np.uint8).tobytes()
        return entry

    def gzipped(self) -> bytes:
        """Return the block, always the same bytes for the same arrays."""
        return gzip.compress(bytes(self._bytes), 9, mtime=0)


def packed_chains(chains: Sequence[Chain], block: Block, precision: Precision) -> list[dict[str, Any]]:
    """Put the arrays of `chains` into `block` and return the chains as plain values with the arrays' entries."""

    def operation(step: Operation) -> dict[str, Any]:
        arrays = {
            name: block.put(array, precision if name in ROUNDED else "float32") for name, array in step.arrays.items()
        }
        return {"kind": step.kind, **step.settings, **arrays}

    return [{"name": chain.name, "operations": [operation(step) for step in chain.operations]} for chain in chains]


def rounded(chain: Chain, precision: Precision) -> Chain:
    """Return `chain` with the weights that a page has."""

    def operation(step: Operation) -> Operation:
        arrays = {
            name: _read_back(array, precision) if name in ROUNDED else array for name, array in step.arrays.items()
        }
        return replace(step, arrays=arrays)

    return Chain(chain.name, tuple(map(operation, chain.operations)))


def _read_back(array: Array, precision: Precision) -> Array:
    if precision == "float16":
        return _halves(array).astype(np.float32)
    levels, scales = _levels(array)
    return (levels * scales.reshape(-1, *(1,) * (array.ndim - 1))).astype(np.float32)


def _halves(array: NDArray[Any]) -> NDArray[np.float16]:
    halves: NDArray[np.float16] = np.clip(array, -LARGEST, LARGEST).astype("<f2")
    return halves


def _levels(array: NDArray[Any]) -> tuple[NDArray[np.int8], Array]:
    """Return int8 levels of the array's shape and the scale of each row: its largest weight is 127 of them."""
    rows = array.reshape(len(array), -1)
    scales = (np.abs(rows).max(1) / LEVELS).astype(np.float32)
    divisors = np.where(scales > 0, scales, 1).astype(np.float32)
    return np.rint(rows / divisors[:, None]).astype(np.int8).reshape(array.shape), scales
