"""The ``.npy`` format, read strictly: numbers only, checked before anything of their claimed size is allocated."""

import io
import math
import warnings

import numpy as np
from numpy.lib import format as npy

from robustmnist.errors import DataError
from robustmnist.system.validation import shorten

__all__ = ["MAX_HEADER", "parse_npy"]

DIMENSIONS, LARGEST = 8, 2**48  # more than any data set has
MAX_HEADER = 10_000  # bytes before the numbers; numpy itself writes 128
READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def parse_npy(data: bytes, where: object) -> np.ndarray:
    """Return the array in the bytes of a ``.npy`` file: integers or floats, read-only.

    Nothing is unpickled: an array of Python objects, which could run code when read, is refused.

    Args:
        data: The whole file: header, then the numbers and nothing else.
        where: The file, for messages.

    Raises:
        DataError: If anything of this is otherwise.

    Source: NumPy enhancement proposal 1, "A simple file format for NumPy arrays", versions 1.0 and 2.0.
    """
    if not data:
        raise DataError("is empty", where=where)
    file = io.BytesIO(data)
    try:
        version = npy.read_magic(file)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a header written by Python 2 is legal and read with a warning
            shape, fortran, dtype = READERS[version](file, max_header_size=MAX_HEADER)
    except Exception as cause:  # the header is a Python literal: a damaged one fails in as many ways as Python has
        raise DataError(f"is not an .npy file: it begins with {data[:6].hex(' ')}", where=where) from cause
    # numpy takes True, -1, any integer and any number of them; of a 0 and large sizes it makes no array.
    sizes_fit = all(type(size) is int and size >= 0 for size in shape)
    if not sizes_fit or len(shape) > DIMENSIONS or math.prod(max(size, 1) for size in shape) > LARGEST:
        raise DataError(f"has no shape of an array in its header: {shorten(shape)}", where=where)
    if dtype.hasobject:
        raise DataError("holds Python objects, which could run code when read", where=where)
    if dtype.kind not in "uif":
        raise DataError(f"holds {dtype}, not numbers", where=where)
    start, size = file.tell(), math.prod(shape) * dtype.itemsize
    if len(data) < start + size:
        raise DataError(f"is truncated: {len(data):,} of {start + size:,} bytes are there", where=where)
    if len(data) > start + size:
        raise DataError(f"is longer than the {start + size:,} bytes of its header", where=where)
    flat = np.frombuffer(data, dtype, math.prod(shape), start)
    return flat.reshape(shape, order="F" if fortran else "C")
