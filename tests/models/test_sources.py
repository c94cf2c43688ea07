"""Damaged files of every form: one line each, or a network; never another error, never more than its own memory."""

import ast
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from support.model_files import damaged, dense_h5, h5_bytes, onnx_bytes, zipped
from torch import nn

from robustmnist.errors import CheckpointError
from robustmnist.models.sources import child, hdf5, read_source
from robustmnist.models.sources.keras_file import KerasFile, read_keras_zip
from robustmnist.models.sources.keras_network import keras_network
from robustmnist.models.sources.onnx_file import look_into
from robustmnist.models.sources.refusals import Unreadable
from robustmnist.models.sources.safetensors_file import read_safetensors
from robustmnist.models.sources.state_networks import networks_from_shapes
from robustmnist.models.sources.torch_file import read_legacy_torch, read_torch_zip
from robustmnist.models.sources.weights import Weights, as_float32, without_prefixes
from robustmnist.models.sources.zip_file import read_zip

SUPPORT = Path(__file__).parents[1] / "support"
KERAS = Path(__file__).parent / "sources" / "keras_files"
COUNT = 2000


def state() -> dict[str, Any]:
    torch.manual_seed(0)
    layers = (nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(338, 10))
    return nn.Sequential(*layers).state_dict()


def saved(*, legacy: bool) -> bytes:
    buffer = io.BytesIO()
    torch.save(state(), buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()


def networks(weights: Weights) -> None:
    networks_from_shapes(as_float32(without_prefixes(weights)).arrays)


def outcomes(data: bytes, read: Callable[[bytes], object], count: int = COUNT) -> tuple[int, int]:
    """Return how many damaged copies are still read, and how many are refused; anything else fails the test."""
    refused = 0
    for copy in damaged(data, count):
        try:
            read(copy)
        except Unreadable as cause:
            refused += 1
            message = str(cause.at("file"))
            assert "\n" not in message
            assert len(message) < 600
    return count - refused, refused


def test_damaged_torch_zips() -> None:
    data = saved(legacy=False)
    networks(read_torch_zip(data))
    _, refused = outcomes(data, lambda copy: networks(read_torch_zip(copy)))
    assert refused > 0.9 * COUNT  # the check sums see to it


def test_damaged_pickles_in_torch_zips() -> None:
    members = read_zip(saved(legacy=False))
    (name,) = [name for name in members if name.endswith("data.pkl")]
    outcomes(members[name], lambda copy: networks(read_torch_zip(zipped({**members, name: copy}))))


def test_damaged_legacy_torch_files() -> None:
    data = saved(legacy=True)
    networks(read_legacy_torch(data))
    # Pickles at the head, and at its end the tensors, whose bits nothing guards.
    outcomes(data[:1200], lambda head: networks(read_legacy_torch(head + data[1200:])))


def test_damaged_safetensors_files() -> None:
    data = safetensors.torch.save(state())
    networks(read_safetensors(data))
    header = 8 + int.from_bytes(data[:8], "little")
    outcomes(data[:header], lambda head: networks(read_safetensors(head + data[header:])))


def test_damaged_onnx_files() -> None:
    data = onnx_bytes(np.zeros((784, 10)))
    look_into(data)
    values = data.index(bytes(100))
    read, refused = outcomes(data[:values], lambda head: look_into(head + data[values:]))
    assert min(read, refused) > 0


def test_damaged_keras_configurations() -> None:
    file = read_keras_zip((KERAS / "paddings.keras").read_bytes())

    def read(text: bytes) -> None:
        try:
            config = json.loads(text)
        except ValueError:
            return
        if isinstance(config, dict):
            keras_network(KerasFile(config, None, file.by_kind))

    outcomes(json.dumps(file.config).encode(), read)


# What stands in the place of a value of a configuration.
ODD = (None, True, -1, 0, 3, 2**40, 1.5, 1e308, "", "same", "relu", "\x1b[2J", [], [1], [2, 2], [[1, 1], [1, 1]], {})


def test_odd_values_in_keras_configurations() -> None:
    file = read_keras_zip((KERAS / "functional.keras").read_bytes())
    rng = np.random.default_rng(0)
    messages = []
    for _ in range(COUNT):
        config = json.loads(json.dumps(file.config))
        node = config
        while True:
            keys = list(node) if isinstance(node, dict) else range(len(node))
            key = keys[rng.integers(len(keys))]
            if not node[key] or not isinstance(node[key], dict | list) or rng.random() < 0.1:
                node[key] = ODD[rng.integers(len(ODD))]
                break
            node = node[key]
        try:
            keras_network(KerasFile(config, None, file.by_kind))
        except Unreadable as cause:
            messages.append(str(cause.at("file")))
    assert 0 < len(messages) < COUNT
    assert not [message for message in messages if "\n" in message]


@pytest.mark.slow
def test_damaged_hdf5_files(tmp_path: Path) -> None:
    (tmp_path / "m.h5").write_bytes(dense_h5(2))
    script = [sys.executable, str(SUPPORT / "damaged_hdf5.py"), str(hdf5.__file__), str(tmp_path / "m.h5"), "500"]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    counts = json.loads(done.stdout)
    # HDF5 itself crashes or runs in a circle on some, which is why it has a process of its own.
    assert counts.get("leaked", 0) == 0, done.stderr
    assert min(counts["read"], counts["refused"]) > 0
    assert counts.get("killed", 0) < 25


SCRIPTS = {
    "crash": "import os; os.kill(os.getpid(), 11)",
    "circle": "while True: pass",
    "memory": "x = bytearray(2**40)",
    "file": "open(__file__ + '.out', 'w').write('x' * 10**6)",
    "nonsense": "print('hello')",
    "silence": "",
}


@pytest.mark.parametrize("kind", SCRIPTS)
def test_a_reader_that_breaks_down_takes_nothing_with_it(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "COMPUTING", 1)
    (tmp_path / "script.py").write_text(SCRIPTS[kind])
    with pytest.raises(Unreadable, match=r"in a process of its own, failed") as caught:
        child.run_script(tmp_path / "script.py", b"data")
    assert "\n" not in str(caught.value)


def test_what_is_nested_or_shared_without_end_is_refused(tmp_path: Path) -> None:
    deep: list[Any] = []
    for _ in range(600):
        deep = [deep]
    layers = [{"class_name": "Dense", "name": "d", "config": {"name": "d"}, "inbound_nodes": [deep]}]
    config = {"layers": layers, "output_layers": [["d", 0, 0]], "input_layers": [["in", 0, 0]]}
    (tmp_path / "m.h5").write_bytes(h5_bytes({"class_name": "Model", "config": config}, {}))
    with pytest.raises(CheckpointError, match=r"nested too deep|joins several"):
        read_source(tmp_path / "m.h5")
    # A pair of a pair of a pair of itself: 2**60 parts, should anything print or follow it.
    pairs = b"\x80\x02)" + b"".join(b"q%ch%c\x86" % (at, at) for at in range(60))
    for rest in (b"X\x01\x00\x00\x00a\x93.", b".", b"}.", b"0."):  # as part of a name, as the value, under it, alone
        with pytest.raises(Unreadable):
            read_torch_zip(zipped({"m/data.pkl": pairs + rest}))


@pytest.mark.parametrize("script", ["hdf5.py", "onnx_run.py"])
def test_the_scripts_import_nothing_of_the_package(script: str) -> None:
    tree = ast.parse((Path(hdf5.__file__).parent / script).read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imports
    assert not [node for node in imports if "robustmnist" in ast.unparse(node)]
