"""Networks found from the shapes of a bare state dict: the one that was saved is among them, once."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import nn

from robustmnist.errors import CheckpointError
from robustmnist.models.sources import read_source


def saved(value: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def refusal(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(CheckpointError) as caught:
        read_source(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def mlp() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 16), nn.Tanh(), nn.Linear(16, 10))


def torch_example() -> nn.Sequential:
    """Return the network of torch's own MNIST example: pooled once, after the second convolution."""
    layers = (nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    return nn.Sequential(*layers, nn.Linear(864, 12), nn.ReLU(), nn.Linear(12, 10))


def padded_norms() -> nn.Sequential:
    blocks = [nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2)]
    blocks += [nn.Conv2d(4, 6, 5, padding=2), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    return nn.Sequential(*blocks, nn.Linear(294, 10))


def sigmoid_mean() -> nn.Sequential:
    layers = (nn.Conv2d(1, 6, 5), nn.Sigmoid(), nn.AvgPool2d(2), nn.Conv2d(6, 8, 5), nn.Sigmoid(), nn.AvgPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(128, 10))


def global_mean() -> nn.Sequential:
    layers = (nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 8, 3, padding=1), nn.ReLU())
    return nn.Sequential(*layers, nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))


@pytest.mark.parametrize("form", ["pth", "safetensors"])
@pytest.mark.parametrize("make", [mlp, torch_example, padded_norms, sigmoid_mean, global_mean])
def test_the_network_itself_is_among_those_found_from_its_shapes(
    tmp_path: Path, make: Callable[[], nn.Sequential], form: str
) -> None:
    torch.manual_seed(1)
    network = make()
    for module in network.modules():  # norms that do something
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean, module.running_var = (
                torch.randn(len(module.weight)),
                torch.rand(len(module.weight)) + 0.5,
            )
    network.eval()
    state = network.state_dict()
    (tmp_path / "m").write_bytes(saved(state) if form == "pth" else safetensors.torch.save(state))
    networks = read_source(tmp_path / "m").networks
    images = torch.rand(5, 1, 28, 28)
    with torch.no_grad():
        gaps = [
            (candidate.module(images.reshape(5, *candidate.shape)) - network(images)).abs().max().item()
            for candidate in networks
            if isinstance(candidate.module, nn.Module)
        ]
    assert len(gaps) == len(networks) <= 24
    assert sum(gap < 1e-5 for gap in gaps) == 1, gaps


def test_shapes_of_no_usual_network_ask_for_the_class(tmp_path: Path) -> None:
    lenet = nn.Sequential(nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5), nn.Linear(400, 84), nn.Linear(84, 10))
    message = refusal(tmp_path / "m.pth", saved(lenet.state_dict()))
    assert "(one for 32×32 would)" in message
    assert message.endswith("name the class that the weights belong to: --code net.py:Net")
    transformer = nn.TransformerEncoderLayer(8, 2, 16)
    assert "--code net.py:Net" in refusal(tmp_path / "m.pth", saved(transformer.state_dict()))
    assert "inputs, not 784" in refusal(tmp_path / "m.pth", saved(nn.Linear(64, 10).state_dict()))


def test_a_safetensors_header_of_any_length_is_known(tmp_path: Path) -> None:
    data = safetensors.torch.save(mlp().state_dict())
    header, body = data[8 : 8 + int.from_bytes(data[:8], "little")], data[8 + int.from_bytes(data[:8], "little") :]
    for length in (0x178, 0x3178, 0x8B1F, 0x508):  # as bytes: how zlib, text, gzip and ONNX begin
        padded = header.ljust(length)
        (tmp_path / "m").write_bytes(len(padded).to_bytes(8, "little") + padded + body)
        assert read_source(tmp_path / "m").form == "safetensors"
    assert len(header) < 0x178
