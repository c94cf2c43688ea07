"""State dicts and arrays of our own: read back by torch, by NumPy, and by the layers that are printed with them."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from robustmnist.errors import CheckpointError, InputError
from robustmnist.models.architectures.build import build_model
from robustmnist.models.checkpoints.checkpoint import list_checkpoints, load_checkpoint
from robustmnist.models.contract import Adapted
from robustmnist.models.contract.adapter import feed
from robustmnist.models.export import FORMATS, source_lines, write_model
from robustmnist.models.export.chain import chain_of
from robustmnist.models.sources.keras_modules import ChannelsFirst, Lines, Rearranged

NAMES = [card.name for card in list_checkpoints()]


def made(lines: list[str]) -> nn.Module:
    """Return the network that printed Python makes."""
    scope: dict[str, nn.Module] = {}
    exec("\n".join(lines), {"nn": nn}, scope)
    return scope["network"].eval()


@pytest.mark.parametrize("name", NAMES)
def test_a_state_dict_belongs_to_the_layers_that_are_printed(name: str, digits28: Tensor, tmp_path: Path) -> None:
    checkpoint = load_checkpoint(name)
    written = write_model(checkpoint.model, tmp_path / "m.pt", format="torch")
    state = torch.load(written.path, weights_only=True)
    assert type(state) is dict
    network = made(source_lines(written.chain))
    network.load_state_dict(state)
    with torch.no_grad():
        found = network(feed(digits28, written.chain.input))
    torch.testing.assert_close(found, checkpoint(digits28), rtol=0, atol=1e-5)
    assert str(written.chain.input) == "mean=0.1307,sd=0.3081"


def test_layers_that_torch_prints_otherwise_than_it_reads_them() -> None:
    padded = nn.ConstantPad2d(1, float("-inf"))
    network = nn.Sequential(
        padded, nn.MaxPool2d(2), nn.Conv2d(1, 2, 3, padding="same"), nn.BatchNorm2d(2), nn.Flatten()
    )
    again = made(source_lines(chain_of(network)))
    assert repr(again[:3]) == repr(network[:3])


def test_arrays_are_computed_with_numpy_alone(digits28: Tensor, tmp_path: Path) -> None:
    checkpoint = load_checkpoint("fc-small")
    written = write_model(checkpoint.model, tmp_path / "m.npz", format="numpy")
    with np.load(written.path, allow_pickle=False) as file:
        arrays = dict(file)
    assert str(arrays["input"]) == "mean=0.1307,sd=0.3081"
    assert str(arrays["output"]) == "logits"
    values = (digits28.numpy().reshape(64, 784) - np.float32(0.1307)) / np.float32(0.3081)
    for number, layer in enumerate(arrays["layers"]):
        kind = str(layer).partition("(")[0]
        if kind == "Linear":
            values = values @ arrays[f"{number}.weight"].T + arrays[f"{number}.bias"]
        elif kind == "ReLU":
            values = np.maximum(values, 0)
        else:
            assert kind == "Flatten"
    np.testing.assert_allclose(values, checkpoint(digits28).numpy(), rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_all_formats_hold_the_same_arrays(name: str, tmp_path: Path) -> None:
    model = load_checkpoint(name).model
    state = torch.load(write_model(model, tmp_path / "m.pt", format="torch").path, weights_only=True)
    with np.load(write_model(model, tmp_path / "m.npz", format="numpy").path, allow_pickle=False) as file:
        assert set(file) == {*state, "input", "output", "layers"}
        assert all(np.array_equal(file[key], values.numpy()) for key, values in state.items())


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_model_gives_the_same_bytes_and_no_other_file_is_overwritten(format: str, tmp_path: Path) -> None:
    model = build_model({"model": "fc", "widths": [4]})
    file = tmp_path / "new" / "m.bin"
    first = write_model(model, file, format=format)
    assert (first.size, first.sha256) == (file.stat().st_size, write_model(model, file, format=format).sha256)
    assert [path.name for path in file.parent.iterdir()] == ["m.bin"]
    file.write_bytes(b"somebody's own")
    with pytest.raises(InputError, match="is there already, with other content; use another -o"):
        write_model(model, file, format=format)
    assert file.read_bytes() == b"somebody's own"


def test_flattening_as_keras_does_it_is_said_in_torch_s_words(digits28: Tensor) -> None:
    network = nn.Sequential(ChannelsFirst(), nn.Conv2d(1, 3, 5), Rearranged((1728,)), nn.ReLU(), nn.Linear(1728, 10))
    model = Adapted(network, input="0..1,nhwc").eval()
    chain = chain_of(model)
    assert (str(chain.input), [type(layer) for layer in chain.layers][1]) == ("0..1", nn.Flatten)
    with torch.no_grad():
        torch.testing.assert_close(nn.Sequential(*chain.layers)(digits28), model(digits28), rtol=0, atol=1e-5)


def test_what_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = build_model({"model": "fc", "widths": [4]})
    strange = nn.Sequential(nn.Flatten(), Lines(torch.tensor(2.0), torch.tensor(0.0)), nn.Linear(784, 10))
    for format in ("torch", "numpy"):
        with pytest.raises(CheckpointError, match=r"torch has no module for \(Lines\); export it with --format onnx"):
            write_model(strange, tmp_path / "m", format=format)
    with pytest.raises(InputError, match=r"'onnyx' is no format, did you mean 'onnx'\?; use onnx, torch, numpy"):
        write_model(model, tmp_path / "m", format="onnyx")
    with pytest.raises(InputError, match="--int8: does not go with --format torch"):
        write_model(model, tmp_path / "m", format="torch", calibration=torch.zeros(4, 1, 28, 28))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match="needs onnx, which is not installed; install it: pip install onnx onnx"):
        write_model(model, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_the_state_dict_is_plain(tmp_path: Path) -> None:
    path = write_model(build_model({"model": "cnn", "channels": [2]}), tmp_path / "m.pt", format="torch").path
    state = torch.load(io.BytesIO(path.read_bytes()), weights_only=True)
    assert all(type(value) is Tensor and value.dtype == torch.float32 for value in state.values())
    assert list(state)[:2] == ["0.weight", "0.bias"]
