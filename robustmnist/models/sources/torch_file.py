"""The tensors of a torch file, both formats, without torch: as data, every size checked before it is believed.

Not by `torch.load`: its pickle machine has been fooled with ``weights_only`` too (CVE-2025-32434, CVE-2026-24747), it
ignores the zip's check sums, lets eleven kinds of exceptions through, and gives 64 GiB for 1.5 kB. Here the pickle
only says which bytes are which tensor.

Source: torch/serialization.py, `_legacy_save` and `_save`.
"""

import io
import math
from typing import Any

import numpy as np

from robustmnist.models.sources.form import LEGACY_TORCH
from robustmnist.models.sources.pickle_machine import read_pickle
from robustmnist.models.sources.pickle_records import Call, Name, Stored
from robustmnist.models.sources.refusals import SAVE_STATE, Unreadable, quoted
from robustmnist.models.sources.weights import Array, Weights, unwrap
from robustmnist.models.sources.zip_file import Members, is_stored, read_zip

__all__ = ["read_legacy_torch", "read_torch_zip"]

# Storage class -> type of its values in NumPy; bfloat16 is unknown there and read as the upper halves of float32.
BFLOAT16 = "torch.BFloat16Storage"
DTYPES = {
    "torch.FloatStorage": "<f4",
    "torch.DoubleStorage": "<f8",
    "torch.HalfStorage": "<f2",
    BFLOAT16: "<u2",
    "torch.LongStorage": "<i8",
    "torch.IntStorage": "<i4",
    "torch.ShortStorage": "<i2",
    "torch.CharStorage": "|i1",
    "torch.ByteStorage": "|u1",
    "torch.BoolStorage": "|b1",
}
MAX_DIMENSIONS = 8
DAMAGED = "fetch or save it again"
TENSOR = ("torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2")
PARAMETER = ("torch._utils._rebuild_parameter", "torch.nn.parameter.Parameter")

Storages = dict[str, memoryview]


def read_torch_zip(data: bytes) -> Weights:
    """Return the tensors of a file of `torch.save` as it is since version 1.6: a zip, nothing in it compressed.

    Raises:
        Unreadable: If it is damaged, compressed, too large for its size, or holds more than tensors.
    """
    members = read_zip(data)
    if not is_stored(data):
        raise Unreadable("is a compressed zip, which torch never writes")
    root = next(name for name in members if name.rpartition("/")[2] == "data.pkl").removesuffix("data.pkl")
    if members.get(f"{root}byteorder", b"little") != b"little":
        raise Unreadable("was written on a big-endian machine", "save it on a little-endian one")
    return _weights(read_pickle(io.BytesIO(members[f"{root}data.pkl"])), _storages(members, f"{root}data/"))


def read_legacy_torch(data: bytes) -> Weights:
    """Return the tensors of a file of `torch.save` as it was before version 1.6: five pickles, then the bytes.

    Raises:
        Unreadable: If it is damaged or holds more than tensors.
    """
    stream = io.BytesIO(data)
    stream.seek(len(LEGACY_TORCH))
    version, system, value, keys = (read_pickle(stream) for _ in range(4))
    if version != 1001 or not isinstance(system, dict) or system.get("little_endian") is not True:
        raise Unreadable("is damaged, or was written on a big-endian machine", DAMAGED)
    widths = _widths(value)
    storages: Storages = {}
    for key in keys if isinstance(keys, list) else []:
        if not isinstance(key, str):
            raise Unreadable("is damaged: it lists its tensors as torch does not", DAMAGED)
        (count,) = np.frombuffer(stream.read(8), "<i8") if len(data) - stream.tell() >= 8 else (-1,)
        size = int(count) * widths.get(key, 0)
        if not 0 < size <= len(data) - stream.tell():
            raise Unreadable("is cut short, or damaged: a tensor's bytes are not all there", DAMAGED)
        storages[key] = memoryview(data)[stream.tell() : stream.tell() + size]
        stream.seek(size, io.SEEK_CUR)
    if stream.tell() != len(data):
        raise Unreadable("is damaged: it goes on after its last tensor", DAMAGED)
    return _weights(value, storages)


def _storages(members: Members, folder: str) -> Storages:
    return {
        name.removeprefix(folder): memoryview(content) for name, content in members.items() if name.startswith(folder)
    }


def _weights(value: Any, storages: Storages) -> Weights:
    if _is_tensor(value) or not isinstance(value, dict):
        kind = value.name.text if isinstance(value, Call) else type(value).__name__
        raise Unreadable(f"holds {quoted(kind)}, not a dict of tensors", SAVE_STATE)
    tensors, notes = unwrap(value, _is_tensor)
    budget = 2 * sum(len(storage) for storage in storages.values())  # tied weights share their bytes
    arrays = {}
    for name, call in tensors.items():
        arrays[name] = _array(name, call, storages)
        budget -= arrays[name].nbytes
        if budget < 0:
            raise Unreadable("declares more values than it holds", SAVE_STATE)
    return Weights(arrays, tuple(notes))


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Call) and value.name.text in TENSOR + PARAMETER


def _array(name: str, call: Call, storages: Storages) -> Array:
    """Return the values of the tensor that `call` describes, copied out of its storage."""
    if call.name.text in PARAMETER and call.arguments and _is_tensor(call.arguments[0]):
        return _array(name, call.arguments[0], storages)
    damaged = Unreadable(f"is damaged: the tensor {quoted(name)} is not described as torch does it", DAMAGED)
    if call.name.text not in TENSOR or len(call.arguments) < 4:
        raise damaged
    stored, offset, shape, strides = call.arguments[:4]
    storage = _identity(stored)
    if storage is None or not (_are_sizes((offset,)) and _are_sizes(shape) and _are_sizes(strides)):
        raise damaged
    kind, key, count = storage
    if len(shape) != len(strides) or len(shape) > MAX_DIMENSIONS:
        raise damaged
    bytes_ = storages.get(key)
    dtype = np.dtype(DTYPES[kind])
    if bytes_ is None or len(bytes_) != count * dtype.itemsize:
        raise Unreadable(f"is damaged: the bytes of the tensor {quoted(name)} are not all there", DAMAGED)
    if 0 in shape:
        raise Unreadable(f"holds a tensor without values, {quoted(name)}", DAMAGED)
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if last >= count or math.prod(shape) > count:
        raise Unreadable(f"declares more values for the tensor {quoted(name)} than it holds", DAMAGED)
    values = np.frombuffer(bytes_, dtype)
    steps = [stride * dtype.itemsize for stride in strides]
    array = np.lib.stride_tricks.as_strided(values[offset:], shape, steps, writeable=False).copy()
    return (array.astype("<u4") << 16).view("<f4") if kind == BFLOAT16 else array


def _identity(stored: Any) -> tuple[str, str, int] | None:
    """Return the kind, the key and the number of values of a storage; None where it is described in another way."""
    parts = stored.identity if isinstance(stored, Stored) else None
    if not isinstance(parts, tuple) or len(parts) not in (5, 6) or parts[0] != "storage":
        return None
    _, kind, key, _, count = parts[:5]
    if not isinstance(kind, Name) or kind.text not in DTYPES or not isinstance(key, str) or not _are_sizes((count,)):
        return None
    return (kind.text, key, count) if len(parts) == 5 or parts[5] is None else None


def _are_sizes(values: Any) -> bool:
    return isinstance(values, tuple) and all(type(size) is int and 0 <= size < 2**40 for size in values)


def _widths(value: Any) -> dict[str, int]:
    """Return storage key -> bytes of one of its values, from all the tensors within `value`."""
    widths: dict[str, int] = {}
    pending = [value]
    for _ in range(1_000_000):  # shared parts are met every time: without an end, in a file made to that end
        if not pending:
            break
        part = pending.pop()
        if isinstance(part, Call):
            pending.extend(part.arguments)
        elif isinstance(part, dict):
            pending.extend(part.values())
        elif isinstance(part, list | tuple):
            pending.extend(part)
        elif storage := _identity(part):
            widths[storage[1]] = np.dtype(DTYPES[storage[0]]).itemsize
    return widths
