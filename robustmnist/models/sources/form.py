"""Of which form a model file is: by its content, never by its ending."""

import re
from pathlib import Path

from robustmnist.models.sources.refusals import Unreadable, refuse
from robustmnist.models.sources.zip_file import Members

__all__ = ["MAX_BYTES", "form_of", "form_of_zip", "read_bytes"]

MAX_BYTES = 256 * 2**20  # of a model file: some 60 million float32 weights
HDF5 = b"\x89HDF\r\n\x1a\n"
# gzip, zlib at its levels, bzip2, xz, lzma, lz4: all that joblib packs its pickles with.
PACKED = tuple(
    map(bytes.fromhex, ["1f8b", "7801", "785e", "789c", "78da", "425a68", "fd377a585a", "5d0000", "04224d18"])
)
# The oldest pickles are lines of text: "(dp0", "ccopy_reg", and they end in a full stop.
OLD_PICKLE = re.compile(rb"c[\w.]+\n[\w.]+\n|\(([dl]p|i[\w.]+\n)|[\]})]q\x00")
# The number that torch wrote first before version 1.6, as a pickle of protocol 2.
LEGACY_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


def read_bytes(path: Path) -> bytes:
    """Return the file's bytes.

    Raises:
        Unreadable: If it is a folder, missing, or larger than `MAX_BYTES`.
    """
    try:
        if path.is_dir():
            raise refuse("saved model" if (path / "saved_model.pb").is_file() else "folder")
        if path.exists() and not path.is_file():  # reading a pipe or a device may never end
            raise Unreadable("is not a regular file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as cause:  # ValueError: a null character in the name
        raise Unreadable(f"cannot be read ({getattr(cause, 'strerror', None) or cause})") from cause
    if len(data) > MAX_BYTES:
        raise Unreadable(f"is larger than {MAX_BYTES // 2**20} MB", "name code that loads it: --code mine.py:load")
    return data


def form_of(data: bytes) -> str:
    r"""Return the form of a model file: ``hdf5``, ``zip``, ``legacy torch``, ``safetensors``, ``onnx``, or a refusal's.

    >>> form_of(b"\x89HDF\r\n\x1a\n...")
    'hdf5'
    """
    # First, as the length of its header, which it begins with, may look like any of the others.
    if data[8:9] == b"{" and int.from_bytes(data[:8], "little") <= len(data) - 8:
        return "safetensors"
    for start, form in (
        (HDF5, "hdf5"),
        (b"PK\x03\x04", "zip"),
        (b"PK\x05\x06", "zip"),
        (LEGACY_TORCH, "legacy torch"),
        *((start, "packed") for start in PACKED),
        (b"version https://git-lfs", "lfs"),
    ):
        if data.startswith(start):
            return form
    if not data:
        return "empty"
    if data[4:8] == b"TFL3":
        return "tflite"
    if data[257:262] == b"ustar":
        return "old torch"
    if data[:1] == b"\x80" and data[1:2] <= b"\x05":
        return "pickle"
    if data[:1] == b"\x08" and data[1:2] < b"\x20":  # field 1 of ONNX's protobuf: the version, a small number
        return "saved model" if data[1] == 1 else "onnx"  # ONNX's version 1 is from before its first release
    return _form_of_text(data)


def form_of_zip(members: Members) -> str:
    """Return the form of a zip: ``keras``, ``torch``, ``npz``, or a refusal's."""
    names = set(members)
    ends = {name.rpartition("/")[2] for name in names}
    if "config.json" in names and "model.weights.h5" in names:
        return "keras"
    if any(name.endswith(("/constants.pkl", "/code/")) or "/code/" in name for name in names):
        return "torchscript"
    if "archive_format" in ends or {"archive_version", "serialized_exported_program.json"} & ends:
        return "pt2"
    if "data.pkl" in ends:
        return "torch"
    if "schema.json" in names:
        return "skops"
    return "npz" if names and all(name.endswith(".npy") for name in names) else "unknown"


def _form_of_text(data: bytes) -> str:
    start = data[:4096]
    if OLD_PICKLE.match(start) and data.rstrip().endswith(b"."):
        return "pickle"
    try:
        text = start.decode("utf-8", "strict" if len(data) <= len(start) else "ignore")
    except UnicodeDecodeError:
        return "unknown"
    return "text" if all(sign.isprintable() or sign in "\t\n\r" for sign in text) else "unknown"
