"""Hostile HDF5 files: arrays that lie elsewhere, or that are far larger than the file."""

import io
from pathlib import Path

import h5py
import numpy as np
import pytest
from support.model_files import dense_h5

from robustmnist.errors import CheckpointError
from robustmnist.models.sources import read_source


def hostile(kind: str, folder: Path) -> bytes:
    """Return a Keras file whose kernel lies elsewhere, or is far larger than the file."""
    secret = folder / "secret"
    secret.write_bytes(bytes(784 * 10 * 4))
    buffer = io.BytesIO(dense_h5())
    with h5py.File(buffer, "r+") as file:
        group = file["model_weights/dense/dense"]
        del group["kernel:0"]
        match kind:
            case "external storage":
                group.create_dataset("kernel:0", (784, 10), "f4", external=[(str(secret), 0, 31360)])
            case "virtual":
                layout = h5py.VirtualLayout((784, 10), "f4")
                layout[:] = h5py.VirtualSource(str(secret), "x", (784, 10))
                group.create_virtual_dataset("kernel:0", layout)
            case "external link":
                group["kernel:0"] = h5py.ExternalLink(str(secret), "x")
            case "soft link":
                group["kernel:0"] = h5py.SoftLink("/model_weights/dense/dense/bias:0")
            case "circle":
                group["kernel:0"] = file["model_weights"]
            case "never written":
                group.create_dataset("kernel:0", (2**28, 10), "f4", chunks=(1024, 10))
            case "gzip bomb":
                group.create_dataset(
                    "kernel:0", data=np.zeros((2**20, 10), "f4"), compression="gzip", chunks=(2**18, 10)
                )
            case "rare filter":
                group.create_dataset("kernel:0", data=np.zeros((784, 10), "f4"), compression="lzf")
            case "text":
                group.create_dataset("kernel:0", data=np.array(["a"] * 10, h5py.string_dtype()))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("external storage", "in another file, which is not opened"),
        ("virtual", "in another file, which is not opened"),
        ("external link", "link to another object or file"),
        ("soft link", "link to another object or file"),
        ("circle", "twice"),
        ("never written", "declares 10,737,418,240 bytes"),
        ("gzip bomb", "declares 41,943,040 bytes"),
        ("rare filter", "gzip alone"),
        ("text", "not as numbers"),
    ],
)
def test_hostile_hdf5_is_refused_before_it_is_read(tmp_path: Path, kind: str, words: str) -> None:
    (tmp_path / "m.h5").write_bytes(hostile(kind, tmp_path))
    with pytest.raises(CheckpointError) as caught:
        read_source(tmp_path / "m.h5")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
