"""A chain computes what the model does, of whatever origin, or the model is refused in one line."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from robustmnist.adoption import adopt
from robustmnist.errors import CheckpointError
from robustmnist.models.checkpoints.checkpoint import Checkpoint, load_checkpoint
from robustmnist.models.contract import Adapted
from robustmnist.models.inference.deployed import deployed
from robustmnist.sketchpad.interpret import interpret
from robustmnist.sketchpad.packing import PRECISIONS, rounded
from robustmnist.sketchpad.translate import chain_of

SHARED = Path(__file__).parents[3] / "shared" / "models"


def known(model: nn.Module) -> Checkpoint:
    """Return `model` as a checkpoint, as far as a page needs it."""
    ready = deployed(model.eval())
    stand_in = type("StandIn", (SimpleNamespace,), {"__call__": lambda self, images: ready(images)})
    return cast(Checkpoint, stand_in(name="mine", model=model))


@pytest.mark.parametrize("name", ["fc", "fc-small", "lenet5", "cnn", "cnn-augmented"])
def test_shipped_checkpoints(name: str, digits28: Tensor) -> None:
    model = load_checkpoint(name)
    chain = chain_of(model, digits28)
    torch.testing.assert_close(interpret(chain, digits28), model(digits28), atol=1e-4, rtol=0)
    assert not [step for step in chain.operations if step.kind == "affine"][1:]  # batch norms are folded


@pytest.mark.parametrize("name", ["fc", "fc-small", "lenet5", "cnn"])
def test_eight_bits_change_hardly_a_label(name: str, mnist_test: Any) -> None:
    images = torch.tensor(mnist_test[0][:2000]).float().div(255)[:, None]
    model = load_checkpoint(name)
    chain, wanted = chain_of(model, images[:9]), model(images).argmax(1)
    eight, sixteen = (interpret(rounded(chain, kind), images).argmax(1) for kind in PRECISIONS)
    assert int((eight != wanted).sum()) <= 2
    assert torch.equal(sixteen, wanted)


def network() -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding="same", bias=False),
            nn.BatchNorm2d(6),
            nn.SiLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(6, 12, 3, stride=2, groups=3, padding=1),
            nn.PReLU(12),
            nn.ReLU6(),
            nn.BatchNorm2d(12, affine=False),
            nn.MaxPool2d(3, 2, 1),
            nn.Sequential(nn.Flatten(), nn.Linear(192, 20), nn.GELU(), nn.BatchNorm1d(20)),
            nn.Linear(20, 10, bias=False),
        )
        model(torch.rand(64, 1, 28, 28))  # for statistics that are not 0 and 1
    return model.eval()


@pytest.mark.parametrize(
    ("given", "returned"),
    [
        ("0..1", "logits"),
        ("0..255,dark", "logits"),
        ("mean=0.1307,sd=0.3081,transposed", "logits,classes=1/2/3/4/5/6/7/8/9/0"),
        ("-1..1", "logits"),
        ("per-image", "logits"),
    ],
)
def test_a_network_of_ones_own_behind_its_contract(given: str, returned: str, digits28: Tensor) -> None:
    model = known(Adapted(network(), input=given, output=returned))
    torch.testing.assert_close(interpret(chain_of(model, digits28), digits28), model(digits28), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("given", ["size=32,pad", "size=20,resize,channels=3,mean=0.4/0.5/0.6,sd=0.2/0.3/0.4", "flat"])
def test_other_forms_of_images(given: str, digits28: Tensor) -> None:
    inputs = {"f": 784, "p": 1024, "r": 1200}["f" if given == "flat" else "p" if "pad" in given else "r"]
    layers = nn.Sequential(nn.Flatten(), nn.Linear(inputs, 10), nn.Softmax(1))
    model = known(Adapted(layers, input=given, output="probabilities"))
    torch.testing.assert_close(interpret(chain_of(model, digits28), digits28), model(digits28), atol=1e-4, rtol=1e-4)


class Twice(nn.Module):
    """Computes what no list of modules says."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(784, 10)

    def forward(self, images: Tensor) -> Tensor:
        """Return twice the layer's values."""
        return cast(Tensor, 2 * self.layer(images.flatten(1)))


@pytest.mark.parametrize(
    ("model", "what"),
    [
        (Twice(), "mine: has Twice, which a page cannot compute; give --serve"),
        (Adapted(lambda ink: ink.reshape(-1, 784)[:, :10]), "mine: is a function, which a page cannot compute"),
        (Adapted(network(), output="labels"), "mine: answers with labels"),
        (nn.Sequential(nn.Linear(28, 10)), "mine: is no plain sequence of layers"),
        (nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Hardshrink(), nn.Linear(784, 10)), "mine: has Hardshrink"),
    ],
    ids=["own code", "function", "labels", "shapes", "unknown layer"],
)
def test_what_a_page_cannot_compute_is_refused(model: nn.Module, what: str, digits28: Tensor) -> None:
    with pytest.raises(CheckpointError, match=what.replace("(", r"\(")):
        chain_of(cast(Checkpoint, SimpleNamespace(name="mine", model=model)), digits28)


def test_a_hook_is_noticed(digits28: Tensor) -> None:
    model = network()
    model[-1].register_forward_hook(lambda module, given, answer: answer + 1)
    with pytest.raises(CheckpointError, match="answers otherwise than its layers"):
        chain_of(known(model), digits28)


@pytest.mark.skipif(not SHARED.is_dir(), reason="no model files of other authors on this machine")
@pytest.mark.parametrize(("file", "given"), [("keras-2.h5", "0..1,nhwc"), ("torch-1.pth", "-1..1")])
def test_models_of_others(file: str, given: str, digits28: Tensor, mnist_or_none: Path | None) -> None:
    model = adopt(SHARED / file, input=given, data_dir=mnist_or_none)
    chain = chain_of(model, digits28)
    torch.testing.assert_close(interpret(chain, digits28), model(digits28), atol=1e-3, rtol=1e-3)
