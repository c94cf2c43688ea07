"""Fifteen model files of strangers, not part of the project: what is right for them stands in their README."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from robustmnist.errors import CheckpointError
from robustmnist.models.sources import Network, Source, read_source

CHECKOUT = Path(__file__).parents[1]
MODELS = CHECKOUT.parent / "shared" / "models"
PREDICTIONS = json.loads((CHECKOUT / "tests" / "models" / "sources" / "keras_files" / "predictions.json").read_text())[
    "shared"
]

pytestmark = pytest.mark.skipif(not MODELS.is_dir(), reason="the strangers' model files are not on this machine")

Digits = tuple[np.ndarray, np.ndarray]


def scores(network: Network, images: np.ndarray) -> np.ndarray:
    """Return the network's answers, computed in parts that stay in a processor's cache."""
    shaped = np.ascontiguousarray(images.reshape(-1, *network.shape), np.float32)
    parts = [shaped[start : start + 200] for start in range(0, len(shaped), 200)]
    if not isinstance(network.module, nn.Module):
        return np.concatenate([network.module(part) for part in parts])
    with torch.no_grad():
        return np.concatenate([network.module(torch.from_numpy(part)).numpy() for part in parts])


def accuracy(network: Network, images: np.ndarray, labels: np.ndarray) -> float:
    return float((scores(network, images).argmax(1) == labels).mean())


# File -> form, shape, layers, test accuracy in percent under the author's contract, 0..1.
KERAS = {
    "keras-1.h5": ("keras h5", (28, 28), "dense 128-256-10, relu", 97.65),
    "keras-2.h5": ("keras h5", (28, 28, 1), "conv 32 3×3, pool, conv 64 3×3, pool, dense 10, relu", 99.11),
    "keras-3.keras": ("keras", (28, 28, 1), "conv 32 3×3, pool, conv 64 3×3, pool, dense 128-10, relu", 99.71),
    "keras-4.h5": ("keras h5", (28, 28), "dense 128-10, relu", 97.70),
    "keras-5.keras": ("keras", (28, 28, 1), "dense 256-128-10, relu", 96.94),
    "keras-6.h5": ("keras h5", (28, 28, 1), "conv 32 3×3, pool, conv 64 3×3, pool, dense 128-10, relu", 97.54),
    "keras-7.keras": ("keras", (28, 28, 1), "conv 32 3×3, pool, conv 64 3×3, pool, dense 64-10, relu", 98.83),
}


@pytest.mark.parametrize("name", KERAS)
def test_keras_files_read_the_test_digits(name: str, mnist_test: Digits) -> None:
    form, shape, layers, percent = KERAS[name]
    source = read_source(MODELS / name)
    (network,) = source.networks
    assert (source.form, network.shape, network.description, network.output) == (form, shape, layers, "logits")
    images, labels = mnist_test
    assert accuracy(network, images / np.float32(255), labels) * 100 == pytest.approx(percent, abs=0.011)


@pytest.mark.parametrize("name", PREDICTIONS)
def test_keras_files_answer_what_keras_answers(name: str, mnist_test: Digits) -> None:
    (network,) = read_source(MODELS / name).networks
    logits = scores(network, mnist_test[0][:10] / np.float32(255))
    probabilities = torch.softmax(torch.from_numpy(logits), 1).numpy()
    np.testing.assert_allclose(probabilities, PREDICTIONS[name], atol=2e-6, rtol=0)
    assert set(KERAS) - set(PREDICTIONS) == {"keras-6.h5"}  # which today's Keras cannot load


# File -> mean and sd of the author's contract, the layers, test accuracy in percent.
STATES = {
    "torch-1.pth": (0.5, 0.5, "conv 32 3×3, norm, pool, conv 64 3×3, norm, pool, dense 128-10, relu, padded", 99.48),
    "torch-2.pth": (0.5, 0.5, "conv 32 3×3, pool, conv 64 3×3, pool, dense 128-10, relu", 98.96),
    "torch-3.pt": (0.1307, 0.3081, "conv 32 3×3, pool, conv 64 3×3, pool, dense 128-64-10, relu, padded", 99.10),
}


@pytest.mark.parametrize("name", STATES)
def test_state_dicts_are_read_from_their_shapes(name: str, mnist_test: Digits) -> None:
    mean, sd, layers, percent = STATES[name]
    source = read_source(MODELS / name)
    assert source.form == "torch state dict"
    images, labels = (mnist_test[0] / np.float32(255) - np.float32(mean)) / np.float32(sd), mnist_test[1]
    losses = {
        network.description: F.cross_entropy(
            torch.from_numpy(scores(network, images[:500])), torch.from_numpy(labels[:500])
        ).item()
        for network in source.networks
    }
    best, second = sorted(losses.values())[:2]
    assert losses[layers] == best < second
    (network,) = [network for network in source.networks if network.description == layers]
    assert accuracy(network, images, labels) * 100 == pytest.approx(percent, abs=0.021)


def test_the_lenet_for_32_pixels_needs_its_class(tmp_path: Path, mnist_test: Digits) -> None:
    with pytest.raises(CheckpointError, match=r"\(one for 32×32 would\); name the class .*: --code net.py:Net$"):
        read_source(MODELS / "torch-4.pt")
    (tmp_path / "net.py").write_text(
        "from collections import OrderedDict\nfrom torch import nn\n"
        "def lenet():\n"
        "    conv = [('c1', nn.Conv2d(1, 6, 5)), ('r1', nn.ReLU()), ('s2', nn.MaxPool2d(2)),\n"
        "            ('c3', nn.Conv2d(6, 16, 5)), ('r3', nn.ReLU()), ('s4', nn.MaxPool2d(2)),\n"
        "            ('c5', nn.Conv2d(16, 120, 5)), ('r5', nn.ReLU()), ('flat', nn.Flatten())]\n"
        "    fc = [('f6', nn.Linear(120, 84)), ('r6', nn.ReLU()), ('f7', nn.Linear(84, 10))]\n"
        "    parts = {'convnet': nn.Sequential(OrderedDict(conv)), 'fc': nn.Sequential(OrderedDict(fc))}\n"
        "    return nn.Sequential(OrderedDict(parts))\n"
    )
    source = read_source(MODELS / "torch-4.pt", code=f"{tmp_path / 'net.py'}:lenet")
    (network,) = source.networks
    assert network.shape == (1, 32, 32)
    images = torch.from_numpy(mnist_test[0][:, None] / np.float32(255))
    resized = F.interpolate(images, size=32, mode="bilinear", antialias=True)
    assert accuracy(network, (resized.numpy() - 0.1307) / 0.3081, mnist_test[1]) > 0.98


def test_onnx_and_npz(tmp_path: Path, mnist_test: Digits) -> None:
    images, labels = mnist_test[0] / np.float32(255), mnist_test[1]
    (network,) = read_source(MODELS / "onnx-1.onnx").networks
    assert (network.shape, network.layout, network.output) == ((28, 28), "hw", "probabilities")
    assert accuracy(network, images, labels) == pytest.approx(0.9745, abs=0.0003)
    with pytest.raises(CheckpointError, match=r"keeps its weights in 'mnist.onnx.data', which is not there; fetch it"):
        read_source(MODELS / "onnx-2.onnx")
    with pytest.raises(CheckpointError, match=r"is an .npz file: .*--code mine.py:load"):
        read_source(MODELS / "numpy-1.npz")
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n"
        "def load(a):\n"
        "    hidden = lambda x: np.maximum(x.reshape(len(x), -1) @ a['weights1'] + a['biases1'], 0)\n"
        "    return lambda x: hidden(x) @ a['weights2'] + a['biases2']\n"
    )
    source: Source = read_source(MODELS / "numpy-1.npz", code=f"{tmp_path / 'mine.py'}:load")
    assert accuracy(source.networks[0], images, labels) == pytest.approx(0.9426, abs=0.0002)


def test_the_joblib_file_is_never_loaded() -> None:
    with pytest.raises(
        CheckpointError, match="is a pickle, which runs code when it is loaded; if you trust it"
    ) as caught:
        read_source(MODELS / "sklearn-1.joblib")
    assert "joblib.load('sklearn-1.joblib').predict_proba" in str(caught.value)


def test_every_file_is_answered_here() -> None:
    others = {"torch-4.pt", "onnx-1.onnx", "onnx-2.onnx", "numpy-1.npz", "sklearn-1.joblib"}
    assert {path.name for path in MODELS.iterdir()} - {"README.md"} == {*KERAS, *STATES, *others}
