"""The IDX format of MNIST's files: strict reading with a limit on size, and writing.

Torchvision's own reader takes the header at its word: it checks no hash once a file is unpacked, so that an edited or
swapped file goes unnoticed, and reports a truncated one as a shape that does not fit. Hence the reader here.
"""

import gzip
import math
import stat
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np

from robustmnist.errors import DataError

__all__ = ["INT", "UBYTE", "idx_bytes", "packed_limit", "parse_idx", "read_bounded", "unpack"]

UBYTE = 0x08  # the third byte of the magic number: unsigned bytes, the only type that MNIST uses
INT = 0x0C  # and 32-bit integers, of which QMNIST's labels are
TYPES: dict[int, tuple[np.dtype[Any], str]] = {
    UBYTE: (np.dtype(np.uint8), "unsigned bytes"),
    INT: (np.dtype(">i4"), "32-bit integers"),
}
GZIP = b"\x1f\x8b"


def parse_idx(data: bytes, where: object, kind: int = UBYTE) -> np.ndarray:
    """Return the array in the bytes of an IDX file: uint8 (or int32), read-only, 1 to 3 dimensions.

    Args:
        data: The whole file: two zero bytes, the type, the number of dimensions, each dimension as a big-endian
            unsigned 32-bit integer, then the elements and nothing else.
        where: The file, for messages.
        kind: The type that it is to hold: `UBYTE` or `INT`.

    Raises:
        DataError: If anything of this is otherwise.

    Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", the IDX file format.
    """
    if not data:
        raise DataError("is empty", where=where)
    if len(data) < 4 or data[:2] != b"\0\0":
        raise DataError(f"is not an IDX file: it begins with {data[:4].hex(' ')}", where=where)
    dtype, words = TYPES[kind]
    if data[2] != kind or not 1 <= data[3] <= 3:
        raise DataError(f"holds type {data[2]:#04x} in {data[3]} dimensions, not {words} in 1 to 3", where=where)
    header = 4 + 4 * data[3]
    if len(data) < header:
        raise DataError(f"is truncated: its header alone takes {header} bytes, it has {len(data)}", where=where)
    shape = tuple(int(size) for size in np.frombuffer(data, ">u4", data[3], 4))
    whole = header + math.prod(shape) * dtype.itemsize
    if len(data) < whole:
        raise DataError(f"is truncated: {len(data):,} of {whole:,} bytes are there", where=where)
    if len(data) > whole:
        raise DataError(f"is longer than the {whole:,} bytes of its header", where=where)
    try:
        return np.frombuffer(data, dtype, offset=header).reshape(shape)
    except ValueError as cause:  # nothing, in sizes that are too large for any array
        sizes = " × ".join(f"{size:,}" for size in shape)
        raise DataError(f"holds {sizes} bytes, which is nothing", where=where) from cause


def idx_bytes(array: np.ndarray) -> bytes:
    """Return uint8 `array` of 1 to 3 dimensions as the bytes of an IDX file; `parse_idx` reads it back."""
    header = bytes([0, 0, UBYTE, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return header + np.ascontiguousarray(array, np.uint8).tobytes()


def read_bounded(path: Path, limit: int) -> bytes:
    """Return the file's bytes, unpacked where it is gzipped, but no more than one byte beyond `limit`.

    Whether it is gzipped shows in its first two bytes, whatever its name.

    Raises:
        DataError: If the file cannot be read, is not a regular file, or is a damaged or oversized gzip file.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise DataError("is a folder" if stat.S_ISDIR(mode) else "is not a regular file", where=path)
        with path.open("rb") as file:
            packed = file.read(2) == GZIP
            file.seek(0)
            if not packed:
                return file.read(limit + 1)
            if path.stat().st_size > packed_limit(limit):
                raise DataError(f"is larger gzipped than the {limit:,} bytes it should hold", where=path)
            return unpack(file, limit, where=path)
    except OSError as cause:
        raise DataError(f"cannot be read ({cause.strerror or cause})", where=path) from cause


def packed_limit(limit: int) -> int:
    """Return an upper bound, in bytes, of a gzip file that holds `limit` bytes: stored blocks and a long name."""
    return limit + limit // 100 + 1_000


def unpack(packed: IO[bytes], limit: int, *, where: object) -> bytes:
    """Return what the gzip stream holds, but no more than one byte beyond `limit`.

    Raises:
        DataError: If the stream is truncated or damaged.
    """
    try:
        with gzip.GzipFile(fileobj=packed, mode="rb") as stream:
            return stream.read(limit + 1)
    except EOFError as cause:
        raise DataError("is truncated: its gzip stream ends early", where=where) from cause
    except (zlib.error, gzip.BadGzipFile) as cause:
        raise DataError(f"is a damaged gzip file ({cause})", where=where) from cause
