"""The first seven checks, those of files: each with a broken file that is refused in one line, or said in a note."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from support.model_files import dense_h5, keras_layer, keras_zip, sequential
from torch import nn

from robustmnist.errors import CheckpointError
from robustmnist.models.sources import read_source

CODE = """from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(784, 10))
"""


def state(**changes: torch.Tensor) -> bytes:
    file = io.BytesIO()
    torch.save(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).state_dict() | changes, file)
    return file.getvalue()


def flipped(data: bytes) -> bytes:
    """Return a torch file with one bit of its weights flipped: the archive's check sum no longer fits."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entry = max(archive.infolist(), key=lambda entry: entry.file_size)
    at = entry.header_offset + 200
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def packed(data: bytes) -> bytes:
    """Return a torch file whose members are compressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, old.read(entry))
    return out.getvalue()


def linked() -> bytes:
    """Return a Keras file whose kernel lies in another file."""
    h5py = pytest.importorskip("h5py")
    buffer = io.BytesIO(dense_h5(10))
    with h5py.File(buffer, "r+") as file:
        names: list[str] = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        kernel = next(name for name in names if "kernel" in name)
        shape = file[kernel].shape
        del file[kernel]
        file.create_dataset(kernel, shape, "f4", external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)])
    return buffer.getvalue()


def odd_config() -> bytes:
    weights = [np.zeros((784, 10), np.float32), np.zeros(10, np.float32)]
    config = sequential(
        keras_layer("InputLayer", "input", batch_shape=[None, 784]),
        keras_layer("Lambda", "secret", function="anything"),
        keras_layer("Dense", "dense", units=10, activation="softmax"),
    )
    return keras_zip(config, {"dense": weights})


# Check -> the file's name, its content, what is said.
BROKEN: dict[int, tuple[str, Callable[[], bytes], str]] = {
    1: ("weights.pth", lambda: b"hello", "is text, not a model file"),
    2: ("weights.pth", lambda: flipped(state()), "Bad CRC"),
    3: ("model.h5", linked, "another file"),
    4: ("weights.pth", lambda: pickle.dumps(print), "is a pickle, which runs code when it is loaded"),
    5: ("model.keras", odd_config, "Lambda"),
    6: ("weights.pth", lambda: state(extra=torch.zeros(3)), "it does not know 'extra'"),
    7: ("weights.pth", lambda: state(**{"1.weight": torch.zeros(10, 100)}), "'1.weight' is (10, 100), not (10, 784)"),
}


@pytest.mark.parametrize("number", BROKEN)
def test_a_broken_file_is_refused_in_one_line(number: int, tmp_path: Path) -> None:
    name, make, words = BROKEN[number]
    (tmp_path / name).write_bytes(make())
    (tmp_path / "net.py").write_text(CODE)
    with pytest.raises(CheckpointError) as caught:
        read_source(tmp_path / name, code=f"{tmp_path / 'net.py'}:Net" if number in (6, 7) else None)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_sizes_and_packing_are_part_of_the_second(tmp_path: Path) -> None:
    (tmp_path / "weights.pth").write_bytes(packed(state()))
    with pytest.raises(CheckpointError, match=r"compressed|deflated|stored"):
        read_source(tmp_path / "weights.pth")


def test_a_prefix_is_cut_off_and_said(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    torch.save({f"module.{name}": value for name, value in net.state_dict().items()}, tmp_path / "weights.pth")
    (tmp_path / "net.py").write_text(CODE)
    source = read_source(tmp_path / "weights.pth", code=f"{tmp_path / 'net.py'}:Net")
    assert any("'module.'" in note for note in source.notes)
    assert json.dumps(source.notes)


def test_every_check_of_files_has_a_broken_file() -> None:
    assert sorted(BROKEN) == list(range(1, 8))
