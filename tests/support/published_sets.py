"""Small files in exactly the layouts in which data sets are published."""

import bz2
import gzip
import struct
import zlib

import numpy as np

__all__ = ["idx_integers", "libsvm", "mat", "usps_h5"]


def idx_integers(array: np.ndarray) -> bytes:
    """Return int32 values as QMNIST keeps its labels."""
    header = bytes([0, 0, 0x0C, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return header + array.astype(">i4").tobytes()


def libsvm(ink: np.ndarray, labels: np.ndarray) -> bytes:
    """Return digits (n, 16, 16) of ink 0 to 1 as LIBSVM's usps.t.bz2 has them: labels 1 to 10, ink -1 to 1."""
    lines = []
    for digit, label in zip(ink, labels, strict=True):
        pairs = " ".join(f"{at}:{2 * value - 1:.6g}" for at, value in enumerate(digit.ravel(), 1))
        lines.append(f"{label + 1} {pairs} \n")
    return bz2.compress("".join(lines).encode())


def usps_h5(ink: np.ndarray, labels: np.ndarray) -> bytes:
    """Return digits (n, 16, 16) as usps.h5 has them, the same in both parts."""
    import io

    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for part in ("train", "test"):
            file[f"{part}/data"] = ink.reshape(len(ink), -1).astype(np.float32)
            file[f"{part}/target"] = labels
    return stream.getvalue()


def mat(arrays: dict[str, np.ndarray], *, packed: bool = True, order: str = "<") -> bytes:
    """Return arrays of uint8 or float64 as MATLAB 5 to 7 writes them; a test holds scipy's reading against it."""
    kinds = {"uint8": (9, 2), "float64": (6, 9)}
    body = b""
    for name, array in arrays.items():
        kind, stored = kinds[str(array.dtype)]
        flags = struct.pack(f"{order}IIII", 6, 8, kind, 0)
        sizes = _element(5, struct.pack(f"{order}{array.ndim}i", *array.shape), order)
        title = _element(1, name.encode(), order)
        values = _element(stored, array.astype(array.dtype.newbyteorder(order)).tobytes("F"), order)
        matrix = _element(14, flags + sizes + title + values, order)
        if packed:
            content = zlib.compress(matrix)
            matrix = struct.pack(f"{order}II", 15, len(content)) + content
        body += matrix
    head = b"MATLAB 5.0 MAT-file".ljust(124) + (b"\x00\x01IM" if order == "<" else b"\x01\x00MI")
    return head + body


def _element(kind: int, content: bytes, order: str) -> bytes:
    if len(content) <= 4:
        return struct.pack(f"{order}I", len(content) << 16 | kind) + content.ljust(4, b"\0")
    return struct.pack(f"{order}II", kind, len(content)) + content + bytes(-len(content) % 8)


def gzipped(data: bytes) -> bytes:
    """Return gzipped bytes, the same every time."""
    return gzip.compress(data, mtime=0)
