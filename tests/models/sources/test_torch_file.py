"""Torch and safetensors files: the same tensors as torch reads, no code run, networks found from their shapes."""

import hashlib
import io
import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from support.model_files import zipped
from torch import nn

from robustmnist.errors import CheckpointError
from robustmnist.models.sources import read_source
from robustmnist.models.sources.form import form_of, read_bytes
from robustmnist.models.sources.torch_file import read_legacy_torch, read_torch_zip
from robustmnist.models.sources.weights import Weights
from robustmnist.models.sources.zip_file import read_zip


def saved(value: Any, *, legacy: bool = False) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()


def weights(data: bytes) -> Weights:
    return read_legacy_torch(data) if form_of(data) == "legacy torch" else read_torch_zip(data)


def refusal(path: Path, data: bytes, **options: Any) -> str:
    path.write_bytes(data)
    with pytest.raises(CheckpointError) as caught:
        read_source(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def tensors() -> dict[str, torch.Tensor]:
    """Return tensors of every kind, and views: transposed, strided, from the middle, of shared memory, expanded."""
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    kinds = (torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8)
    state = {str(kind): torch.arange(6).to(kind) for kind in (*kinds, torch.uint8, torch.bool)}
    views = {
        "whole": base,
        "turned": base.T,
        "strided": base[::2, 1::2],
        "middle": base[2],
        "number": torch.tensor(3.5),
    }
    return {**state, **views, "parameter": nn.Parameter(torch.ones(2, 3))}


@pytest.mark.parametrize("legacy", [False, True])
def test_the_tensors_are_those_that_torch_reads(legacy: bool) -> None:
    data = saved(tensors(), legacy=legacy)
    expected = torch.load(io.BytesIO(data), weights_only=True)
    arrays = weights(data).arrays
    assert list(arrays) == list(expected)
    for name, tensor in expected.items():
        values = torch.from_numpy(arrays[name])
        assert torch.equal(values, tensor.float() if tensor.dtype == torch.bfloat16 else tensor), name


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_pickles_of_every_protocol_are_read(protocol: int) -> None:
    buffer = io.BytesIO()
    torch.save({"a": torch.ones(2)}, buffer, pickle_protocol=protocol)
    assert weights(buffer.getvalue()).arrays["a"].tolist() == [1, 1]


def mlp() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 16), nn.Tanh(), nn.Linear(16, 10))


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model", "net"])
def test_wrappers_are_unwrapped_and_it_is_noted(tmp_path: Path, key: str) -> None:
    state = {f"module._orig_mod.{name}": value for name, value in mlp().state_dict().items()}
    checkpoint = {key: state, "epoch": 3, "optimizer": torch.optim.Adam(mlp().parameters()).state_dict()}
    (tmp_path / "m").write_bytes(saved(checkpoint))
    source = read_source(tmp_path / "m")
    assert source.form == "torch state dict"
    assert source.notes == (
        f"Taken from under the key '{key}'.",
        "The prefix 'module.' was cut off all names.",
        "The prefix '_orig_mod.' was cut off all names.",
    )


class Shell:
    """What runs a command as soon as it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (self.command,)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("beside", [False, True])
def test_code_in_a_file_is_named_and_never_run(tmp_path: Path, legacy: bool, beside: bool) -> None:
    marker = tmp_path / "ran"
    shell = Shell(f"touch {marker}")
    data = saved({**mlp().state_dict(), "extra": shell} if beside else shell, legacy=legacy)
    message = refusal(tmp_path / "m.pth", data)
    assert "system' (GLOBAL, byte" in message
    assert "torch.save(model.state_dict()" in message
    assert not marker.exists()


def test_a_bare_pickle_and_a_whole_module_are_refused_with_the_way_out(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    assert "mine.py:load" in refusal(tmp_path / "m.pkl", pickle.dumps(Shell(f"touch {marker}")))
    assert "mine.py:load" in refusal(tmp_path / "m.pkl", pickle.dumps(Shell(f"touch {marker}"), protocol=0))
    assert "'torch.nn.modules.container.Sequential'" in refusal(tmp_path / "m.pt", saved(mlp()))
    assert not marker.exists()


def rezipped(change: Callable[[str, bytes], bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    members = read_zip(saved(mlp().state_dict()))
    return zipped({name: change(name, content) for name, content in members.items()}, method)


def test_files_that_torch_does_not_write_are_refused(tmp_path: Path) -> None:
    packed = rezipped(lambda name, content: content, zipfile.ZIP_DEFLATED)
    assert "compressed zip" in refusal(tmp_path / "m.pth", packed)
    short = rezipped(lambda name, content: content[:-4] if "data/" in name else content)
    assert "are not all there" in refusal(tmp_path / "m.pth", short)
    whole = bytearray(saved(mlp().state_dict()))
    whole[len(whole) // 2] ^= 1
    assert "damaged zip" in refusal(tmp_path / "m.pth", bytes(whole))
    bomb = zipped({"m/data.pkl": bytes(10**8)}, zipfile.ZIP_DEFLATED)
    assert "says it unpacks to 100,000,000" in refusal(tmp_path / "m.pth", bomb)
    big = rezipped(lambda name, content: b"big" if name.endswith("byteorder") else content)
    assert "big-endian" in refusal(tmp_path / "m.pth", big)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_tensor_that_declares_more_than_is_stored_is_refused(tmp_path: Path, legacy: bool) -> None:
    expanded = saved({"a.weight": torch.zeros(1).expand(2**17, 2**17)}, legacy=legacy)
    assert "declares more values" in refusal(tmp_path / "m.pth", expanded)


def test_half_precision_is_noted(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(saved(OrderedDict(mlp().half().state_dict())))
    source = read_source(tmp_path / "m")
    assert source.notes == ("Stored as float16, computed in float32.",)
    assert isinstance(source.networks[0].module, nn.Module)
    assert {parameter.dtype for parameter in source.networks[0].module.parameters()} == {torch.float32}


NET = """
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.Linear(784, 16), nn.Linear(16, 10)
    def forward(self, images):
        return self.out(self.hidden(images.flatten(1)).tanh())
"""


def test_weights_go_into_the_users_class(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET)
    code = f"{tmp_path / 'net.py'}:Net"
    plain = mlp()
    state = {f"model.{new}": value for new, value in zip(
        ("hidden.weight", "hidden.bias", "out.weight", "out.bias"), plain.state_dict().values(), strict=True
    )}  # fmt: skip
    (tmp_path / "m.ckpt").write_bytes(saved({"state_dict": state}))
    source = read_source(tmp_path / "m.ckpt", code=code)
    (network,) = source.networks
    images = torch.rand(3, 1, 28, 28)
    assert isinstance(network.module, nn.Module)
    assert torch.equal(network.module(images), plain(images))
    assert not network.module.training
    assert source.code is not None
    assert (source.code.name, len(source.code.sha256)) == ("Net", 64)
    assert "The prefix 'model.' was cut off all names." in source.notes
    del state["model.out.bias"]
    state["model.hidden.weight"] = torch.zeros(8, 784)
    message = refusal(tmp_path / "m.ckpt", saved(state), code=code)
    assert "the file lacks 'out.bias'; 'hidden.weight' is (8, 784), not (16, 784)" in message


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "weights.h5").write_bytes(saved(mlp().state_dict()))
    source = read_source(tmp_path / "weights.h5")
    assert source.form == "torch state dict"
    assert source.sha256 == hashlib.sha256(read_bytes(tmp_path / "weights.h5")).hexdigest()
