"""The MAT format of MATLAB 5 to 7, as far as it keeps arrays of numbers: read strictly, every size bounded."""

import math
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from robustmnist.errors import DataError

__all__ = ["parse_mat"]

HEADER = 128  # bytes
INT8, UINT32, MATRIX, COMPRESSED = 1, 6, 14, 15
# Source: The MathWorks, "MAT-File Format", tables of data types and array types; the types of numbers.
TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
NUMBERS = range(6, 16)  # array classes of numbers: double to uint64
DIMENSIONS = 8


def parse_mat(data: bytes, wanted: frozenset[str], most: int, where: object) -> dict[str, np.ndarray]:
    """Return the arrays of these names in the bytes of a MAT file.

    Args:
        data: The whole file.
        wanted: Names of arrays of numbers; other contents are passed over.
        most: Bytes that an array may have, unpacked.
        where: The file, for messages.

    Raises:
        DataError: If it is no MAT file of version 5, is damaged, or holds an array that is too large.
    """
    if len(data) < HEADER or data[124:128] not in (b"\x00\x01IM", b"\x01\x00MI"):
        raise DataError("is not a MAT file of version 5", where=where)
    order = "<" if data[126:128] == b"IM" else ">"
    arrays = {}
    try:
        for kind, body in _elements(memoryview(data)[HEADER:], order):
            if kind == COMPRESSED:
                inner = next(_elements(memoryview(_inflate(body, most, where)), order), None)
                if inner is None:
                    continue
                kind, body = inner
            if kind == MATRIX:
                name, array = _matrix(body, wanted, order)
                if array is not None:
                    arrays[name] = array
    except (ValueError, struct.error, zlib.error, KeyError, IndexError, OverflowError) as cause:
        raise DataError("is a damaged MAT file", where=where) from cause
    return arrays


def _inflate(body: memoryview, most: int, where: object) -> bytes:
    inflate = zlib.decompressobj()
    data = inflate.decompress(body, most + 1000)
    if inflate.unconsumed_tail:
        raise DataError(f"holds an array of more than {most // 10**6:,} MB", where=where)
    return data


def _elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Yield type and content of each element; a small one keeps both in 8 bytes."""
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        if kind >> 16:  # small
            kind, size, start, stop = kind & 0xFFFF, kind >> 16, at + 4, at + 8
        else:
            start = at + 8
            stop = start + size + (0 if kind == COMPRESSED else -size % 8)
        if start + size > len(data) or (start == at + 4 and size > 4):
            raise ValueError("an element reaches beyond the end")
        yield kind, data[start : start + size]
        at = stop


def _matrix(body: memoryview, wanted: frozenset[str], order: str) -> tuple[str, np.ndarray | None]:
    """Return name and array; None where it is not wanted or holds no real numbers."""
    (_, flags), (_, sizes), (_, name), *rest = _elements(body, order)
    text = bytes(name).decode("latin-1")
    kind, complex_ = flags[0 if order == "<" else 3], flags[1 if order == "<" else 2] & 0x08
    if text not in wanted or kind not in NUMBERS or complex_:
        return text, None
    shape = [int(size) for size in np.frombuffer(sizes, np.dtype(f"{order}i4"))]
    stored, content = rest[0]
    dtype = np.dtype(f"{order}{TYPES[stored]}")
    if not 1 <= len(shape) <= DIMENSIONS or min(shape) < 0 or math.prod(shape) * dtype.itemsize != len(content):
        raise ValueError("sizes and content differ")
    return text, np.frombuffer(content, dtype).reshape(shape, order="F")
