"""Digits as files: IDX as MNIST has it, ``.npy``, or a picture each."""

import io
import zlib
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from robustmnist.data.formats.idx import idx_bytes
from robustmnist.data.sources.idx_folder import IMAGES, LABELS
from robustmnist.page.png import container

__all__ = ["FORMATS"]

Levels = NDArray[np.uint8]
Numbers = NDArray[np.int64]
Files = dict[str, bytes]


def _idx(levels: Levels, labels: Numbers, ids: Numbers) -> Files:
    return {IMAGES: idx_bytes(levels), LABELS: idx_bytes(labels.astype(np.uint8))}


def _npy(levels: Levels, labels: Numbers, ids: Numbers) -> Files:
    return {"images.npy": _saved(levels), "labels.npy": _saved(labels.astype(np.uint8))}


def _png(levels: Levels, labels: Numbers, ids: Numbers) -> Files:
    width = len(str(int(ids.max())))  # so that names sort as ids do
    names = [f"{row:0{width}d}_{label}.png" for row, label in zip(ids.tolist(), labels.tolist(), strict=True)]
    table = "".join(f"{name},{row},{label}\n" for name, row, label in zip(names, ids, labels, strict=True))
    return {
        "labels.csv": f"file,id,label\n{table}".encode(),
        **{name: _picture(digit) for name, digit in zip(names, levels, strict=True)},
    }


# Format -> what makes its files, name to bytes, of levels uint8 (n, 28, 28), labels int64 (n,) and ids int64 (n,).
FORMATS: Mapping[str, Callable[[Levels, Numbers, Numbers], Files]] = {"idx": _idx, "npy": _npy, "png": _png}


def _saved(array: Levels) -> bytes:
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    return content.getvalue()


def _picture(digit: Levels) -> bytes:
    """Return a digit (28, 28) as a grey PNG, ink white on black as the tensors have it."""
    lines = np.pad(digit, ((0, 0), (1, 0))).tobytes()  # each line starts with filter 0
    return container(digit.shape[1], digit.shape[0], [(b"IDAT", zlib.compress(lines))], depth=8, kind=0)
