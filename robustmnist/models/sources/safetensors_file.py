"""The tensors of a safetensors file: a header of names, shapes and spans, then the bytes, and nothing else.

Source: the format's description in the readme of huggingface/safetensors.
"""

import json
import math
import re
from typing import Any

import numpy as np

from robustmnist.models.sources.refusals import Unreadable, quoted
from robustmnist.models.sources.weights import Weights

__all__ = ["read_safetensors"]

MAX_HEADER = 2**20
DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U8": "|u1",
    "BOOL": "|b1",
}


def read_safetensors(data: bytes) -> Weights:
    """Return the tensors in `data`, by their names, numbers in them as numbers: the file keeps no order of its own.

    Raises:
        Unreadable: If the header is damaged, or its spans do not fill the file exactly.
    """
    size = int.from_bytes(data[:8], "little")
    if size > min(MAX_HEADER, len(data) - 8):
        raise Unreadable("is a damaged safetensors file: its header is too long", "fetch or save it again")
    body = memoryview(data)[8 + size :]
    spans = []
    for name, entry in _header(data[8 : 8 + size]).items():
        if name != "__metadata__":
            spans.append((*_span(name, entry), name, entry))
    spans.sort(key=lambda span: span[:2])
    if [start for start, *_ in spans] + [len(body)] != [0] + [end for _, end, *_ in spans]:
        raise Unreadable("is a damaged safetensors file: its tensors do not fill it", "fetch or save it again")
    arrays = {}
    for start, end, name, entry in spans:
        values = np.frombuffer(body[start:end], DTYPES[entry["dtype"]])
        if entry["dtype"] == "BF16":  # unknown to NumPy: the upper half of a float32
            values = (values.astype("<u4") << 16).view("<f4")
        arrays[name] = values.reshape(entry["shape"]).copy()
    return Weights({name: arrays[name] for name in sorted(arrays, key=_natural)}, ())


def _natural(name: str) -> list[tuple[int, str]]:
    return [
        (int(part), "") if part.isascii() and part.isdigit() else (-1, part) for part in re.split(r"(\d{1,9})", name)
    ]


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as cause:
        raise Unreadable("is a damaged safetensors file: its header is no JSON", "fetch or save it again") from cause
    if not isinstance(header, dict):
        raise Unreadable("is a damaged safetensors file: its header is no table", "fetch or save it again")
    return header


def _span(name: str, entry: Any) -> tuple[int, int]:
    """Return where the tensor `name` begins and ends, having held its header against its size."""
    damaged = Unreadable(f"is a damaged safetensors file: {quoted(name)} is not described well")
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise damaged
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        raise damaged
    if dtype not in DTYPES:
        raise Unreadable(f"holds {quoted(name)} as {quoted(dtype)}, which is not read", "save it as F32")
    if offsets[1] - offsets[0] != math.prod(shape) * np.dtype(DTYPES[dtype]).itemsize:
        raise damaged
    return offsets[0], offsets[1]


def _are_sizes(values: Any) -> bool:
    return isinstance(values, list) and len(values) <= 8 and all(type(size) is int and size >= 0 for size in values)
