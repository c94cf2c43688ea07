"""MNIST in small: four files of the right format with hashes of their own, put in the place of the real ones."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robustmnist.data.sources import mnist

__all__ = ["install", "write"]

COUNTS = {"test": 30, "train": 70}


def install(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Make robustmnist believe in a MNIST of 30 test and 70 training digits; return name -> bytes of its files."""
    rng = np.random.default_rng(0)
    contents, files = {}, []
    for part, n in COUNTS.items():
        for file in mnist.PARTS[part]:
            shape = (n, *file.shape[1:])
            body = rng.integers(0, 10 if len(shape) == 1 else 256, shape, dtype=np.uint8)
            data = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes() + body.tobytes()
            files.append(replace(file, shape=shape, packed=len(data), sha256=hashlib.sha256(data).hexdigest()))
            contents[file.name] = data
    monkeypatch.setattr(mnist, "FILES", tuple(files))
    monkeypatch.setitem(mnist.PARTS, "test", tuple(files[:2]))
    monkeypatch.setitem(mnist.PARTS, "train", tuple(files[2:]))
    return contents


def write(folder: Path, contents: dict[str, bytes]) -> Path:
    """Write the files into `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return folder
