"""Attribution by a function of the user's own: what it may give, and what is refused, on the face and in the shell."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from torch import Tensor, nn

import robustmnist as rm
from robustmnist.cli import cli
from robustmnist.errors import InputError
from robustmnist.explanation.methods.registry import METHODS, OWN
from robustmnist.explanation.target import Target
from robustmnist.models.contract import Classifier

CODE = """
import torch

def slope(network, images, targets):
    total = network(images).gather(1, targets[:, None]).sum()
    return torch.autograd.grad(total, images)[0]

def answers(network, images, targets):
    with torch.no_grad():
        return network(images).gather(1, targets[:, None])[:, :, None, None].expand_as(images)

def broken(network, images, targets):
    return images["ink"]

number = 3
"""


@pytest.fixture(autouse=True)
def no_methods_of_others() -> Iterator[None]:
    yield
    OWN.clear()


@pytest.fixture
def linear() -> nn.Module:
    layer = nn.Linear(784, 10)
    with torch.no_grad():
        layer.weight.copy_(torch.arange(7840.0).reshape(10, 784).sin())
    return nn.Sequential(nn.Flatten(), layer)


def slope(network: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    total = network(images).gather(1, targets[:, None]).sum()
    (gradient,) = torch.autograd.grad(total, images)
    return gradient


def test_maps_of_a_function_are_what_it_returns(linear: nn.Module, digits28: Tensor, digit_labels: Tensor) -> None:
    images, targets = digits28[:20], digit_labels[:20]
    maps = rm.explain(linear, images, targets, method=slope)
    assert torch.equal(maps, rm.explain(linear, images, targets, method="saliency"))
    margin = Target.of_margin(targets, (targets + 3) % 10)
    saliency = rm.explain(linear, images, margin, method="saliency")
    torch.testing.assert_close(rm.explain(linear, images, margin, method=slope), saliency)
    assert torch.equal(maps[7:8], rm.explain(linear, images[7:8], targets[7:8], method=slope))


def test_arrays_without_a_channel_are_maps_too(linear: nn.Module, digits28: Tensor, digit_labels: Tensor) -> None:
    def ink(network: nn.Module, images: Tensor, targets: Tensor) -> Any:
        return images.detach().numpy()[:, 0].astype(np.float64) * 2

    maps = rm.explain(linear, digits28[:3], digit_labels[:3], method=ink)
    assert torch.equal(maps, digits28[:3] * 2)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda network, images, targets: images[:, :, ::2, ::2], "gives float32 (16, 1, 14, 14) for 16 images"),
        (lambda network, images, targets: (images > 0).long(), "gives int64 (16, 28, 28) for 16 images"),
        (lambda network, images, targets: None, "gives a NoneType"),
        (lambda network, images, targets: torch.rand_like(images), "gives other maps when it is asked twice"),
        (lambda network, images, targets: images - images[:1], "another map when the batch is in another order"),
    ],
    ids=["small", "whole numbers", "nothing", "draws", "company"],
)
def test_a_function_that_cannot_be_believed_is_refused(
    linear: nn.Module, digits28: Tensor, digit_labels: Tensor, function: Any, words: str
) -> None:
    before = torch.get_rng_state()
    with pytest.raises(InputError) as caught:
        rm.explain(linear, digits28[:3], digit_labels[:3], method=function)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert torch.equal(before, torch.get_rng_state())


def test_a_function_reads_no_layer(linear: nn.Module, digits28: Tensor, digit_labels: Tensor) -> None:
    with pytest.raises(InputError, match="'slope' reads no layer"):
        rm.explain(linear, digits28[:3], digit_labels[:3], method=slope, layer="1")


def test_what_has_no_gradients_says_so_and_takes_occlusion(digits28: Tensor, digit_labels: Tensor) -> None:
    opaque = Classifier(lambda ink: ink.reshape(-1, 784)[:, 300:310], input="flat")
    with pytest.raises(InputError, match="'saliency' needs gradients, and there are none through a function; use occ"):
        rm.explain(opaque, digits28[:2], digit_labels[:2], method="saliency")
    assert rm.explain(opaque, digits28[:2], digit_labels[:2], method="occlusion").abs().max() > 0


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    (folder / "mine.py").write_text(CODE)
    (folder / "net.py").write_text(
        "from torch import nn\n\nclass Net(nn.Sequential):\n    def __init__(self):\n"
        "        super().__init__(nn.Conv2d(1, 2, 5, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(72, 10))\n\n"
        "def opaque(images):\n    return images.reshape(-1, 784)[:, 300:310]\n"
    )
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 2, 5, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(72, 10))
    torch.save(net.state_dict(), folder / "weights.pth")
    return folder


def run(folder: Path, *words: object) -> Result:
    data = ["--dataset", "digits", "--first", "30", "--device", "cpu", "--data-dir", str(folder / "none")]
    return CliRunner().invoke(cli, ["explain", *data, *map(str, words)], standalone_mode=False)


def test_the_shell_takes_a_function_and_an_adopted_model(here: Path) -> None:
    words = ("-c", here / "weights.pth", "--code", f"{here / 'net.py'}:Net", "-m", f"{here / 'mine.py'}:slope")
    result = run(here, *words, "-m", "grad-cam", "--sample", 3, "-o", here / "out")
    assert result.exception is None, result.output
    record = json.loads((here / "out" / "explain.json").read_text())
    methods = record["explanations"][0]["methods"]
    own = methods["slope"]
    assert (own["settings"]["code"], own["unit"]) == ("mine.py:slope", "units of its own")
    assert len(own["settings"]["sha256"]) == 64
    assert list(methods) == ["slope", "grad-cam"]
    with np.load(here / "out" / "maps.npz") as arrays:
        assert np.abs(arrays["maps"][arrays["method"] == "slope"]).max() > 0
    page = (here / "out" / "explain.html").read_text()
    assert "the value that mine.py:slope gives this pixel" in page
    assert set(OWN) == {"slope"}
    assert "slope" not in METHODS


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("broken", f"mine.py:{CODE[: CODE.index('images[')].count(chr(10)) + 1}: "),
        ("number", "number is a int, not a function"),
        ("none", "has no 'none'; it has slope, answers"),
    ],
)
def test_a_function_that_fails_is_one_line(here: Path, method: str, words: str) -> None:
    result = run(here, "-c", "fc", "-m", f"{here / 'mine.py'}:{method}", "-o", here / "never")
    assert isinstance(result.exception, InputError)
    assert words in str(result.exception)
    assert not (here / "never").exists()


def test_an_opaque_model_says_what_it_cannot_do(here: Path) -> None:
    model = f"{here / 'net.py'}:opaque"
    result = run(here, "-c", model, "-o", here / "never")
    assert isinstance(result.exception, InputError)
    assert "'integrated-gradients' needs gradients, and there are none through a function; use occlusion" in str(
        result.exception
    )
    assert run(here, "-c", model, "-m", "occlusion", "--sample", 3, "-o", here / "opaque").exception is None
    own = run(here, "-c", model, "-m", f"{here / 'mine.py'}:answers", "--sample", 3, "-o", here / "answers")
    assert own.exception is None
