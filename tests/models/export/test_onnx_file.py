"""ONNX files of our own: they compute what the classifier does, whatever its layers and its contract."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from robustmnist.errors import CheckpointError
from robustmnist.models.architectures.build import build_model
from robustmnist.models.checkpoints.checkpoint import list_checkpoints, load_checkpoint
from robustmnist.models.contract import Adapted
from robustmnist.models.export.chain import chain_of
from robustmnist.models.export.int8 import quantised
from robustmnist.models.export.onnx_file import onnx_bytes
from robustmnist.models.export.onnx_layers import KINDS
from robustmnist.models.inference.aligned import AlignedLinear
from robustmnist.models.inference.pooling import Halve, PooledConvolution
from robustmnist.models.inference.structure import IDLE
from robustmnist.models.inference.structure import LAYERS as LAYERS_KNOWN
from robustmnist.models.sources.keras_modules import (
    AveragePool,
    ChannelsFirst,
    Exponential,
    Lines,
    Pooled,
    Rearranged,
    Slopes,
)

ATOL = 1e-5


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.fixture(scope="module")
def sample(mnist_test: tuple[np.ndarray, np.ndarray]) -> Tensor:
    """Return every tenth of MNIST's test digits, float32 (1000, 1, 28, 28)."""
    return torch.from_numpy(mnist_test[0][::10].copy()).float().div(255)[:, None]


def answers(data: bytes, images: Tensor) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    result: np.ndarray = session.run(["logits"], {"images": images.numpy()})[0]
    return result


def computes_the_same(model: nn.Module, images: Tensor) -> None:
    """Hold the ONNX file of `model` to what it answers itself, relative to its largest logit."""
    model.eval()
    with torch.no_grad():
        expected = model(images.clone()).numpy()
    found = answers(onnx_bytes(chain_of(model), {}), images)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(found, expected, rtol=0, atol=ATOL * max(1.0, float(np.abs(expected).max())))


def norms(model: nn.Module) -> nn.Module:
    """Give the norms of `model` statistics that change something, and scales of both signs."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            nn.init.normal_(module.running_mean, 0, 0.5)
            nn.init.uniform_(module.running_var, 0.2, 3)
            if module.affine:
                nn.init.normal_(module.weight)
    return model


@pytest.mark.parametrize("name", [card.name for card in list_checkpoints()])
def test_the_shipped_checkpoints_answer_the_same_on_1000_digits(name: str, sample: Tensor) -> None:
    checkpoint = load_checkpoint(name)
    found, expected = answers(onnx_bytes(chain_of(checkpoint.model), {}), sample), checkpoint(sample).numpy()
    assert (found.argmax(1) != expected.argmax(1)).sum() == 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=ATOL)


ARCHITECTURES: list[dict[str, Any]] = [
    {"model": "fc", "batch_norm": True, "dropout": 0.3, "input_dropout": 0.2, "activation": "elu"},
    {"model": "cnn", "channels": [4], "activation": "leaky-relu"},
    {"model": "cnn", "channels": [4, 6, 8], "kernel": 5, "hidden": [], "batch_norm": False, "activation": "tanh"},
    {"model": "lenet5", "pooling": "average", "activation": "tanh", "dropout": 0.5},
]


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_trainings_of_any_architecture(architecture: dict[str, Any], digits28: Tensor) -> None:
    computes_the_same(norms(build_model(architecture)), digits28)


def maps(*layers: nn.Module, features: int = 4 * 14 * 14) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), *layers, nn.Flatten(), nn.Linear(features, 10))


LAYERS: dict[str, Callable[[], nn.Module]] = {
    "even padding": lambda: maps(nn.Conv2d(4, 4, (3, 5), padding=(1, 2), dilation=1)),
    "same": lambda: maps(nn.Conv2d(4, 6, 4, padding="same", dilation=2, groups=2, bias=False), features=6 * 196),
    "valid": lambda: maps(nn.Conv2d(4, 4, 3, padding="valid"), features=4 * 144),
    "norm": lambda: norms(maps(nn.ReLU(), nn.BatchNorm2d(4), nn.Dropout2d())),
    "norm behind pooling": lambda: norms(maps(nn.MaxPool2d(2), nn.BatchNorm2d(4), features=196)),
    "norm without scales": lambda: norms(maps(nn.BatchNorm2d(4, affine=False))),
    "overlapping maxima": lambda: maps(nn.MaxPool2d(3, 2, padding=1, ceil_mode=True), features=4 * 64),
    "dilated maxima": lambda: maps(nn.MaxPool2d(2, 1, dilation=2), features=4 * 144),
    "means": lambda: maps(nn.AvgPool2d(3, 2, padding=1), features=4 * 49),
    "means of what is inside": lambda: maps(nn.AvgPool2d(3, 2, 1, count_include_pad=False), features=4 * 49),
    "global mean": lambda: maps(nn.AdaptiveAvgPool2d(1), features=4),
    "means of halves": lambda: maps(nn.AdaptiveAvgPool2d((2, None)), features=4 * 28),
    "frames": lambda: maps(nn.ZeroPad2d((1, 2, 0, -3)), nn.ConstantPad2d(1, 0.5), features=4 * 13 * 19),
    "below all": lambda: maps(nn.ConstantPad2d((0, 1, 0, 1), float("-inf")), nn.MaxPool2d(2, 1)),
    "activations": lambda: maps(nn.SELU(), nn.SiLU(), nn.Mish(), nn.GELU(), nn.Softplus(), nn.Softsign()),
    "bounded": lambda: maps(nn.ReLU6(), nn.Hardtanh(-0.1, 0.2), nn.Sigmoid(), Exponential()),
    "one slope each": lambda: maps(nn.PReLU(4), nn.PReLU(), nn.LeakyReLU(0.3), nn.ELU(0.7)),
    "rows": lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 8, bias=False), nn.PReLU(8), nn.Linear(8, 10)),
    "over channels": lambda: maps(nn.Softmax(1)),
    "at the end": lambda: nn.Sequential(maps(), nn.Sequential(nn.Identity(), nn.LogSoftmax(1))),
    "Keras": lambda: maps(
        AveragePool((2, 2), (2, 2), (0, 1, 1, 0)),
        Lines(torch.tensor(2.0), torch.rand(4, 1, 1)),
        Slopes(torch.rand(4, 1, 1)),
        Rearranged((49, 4)),
        nn.Linear(4, 6),
        Rearranged((7, 7, 6)),
        Pooled(largest=True, keep=True),
        features=6,
    ),
    "Keras' means": lambda: nn.Sequential(nn.Conv2d(1, 12, 3), Pooled(largest=False, keep=False), nn.Linear(12, 10)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_of_all_kinds(name: str, digits28: Tensor) -> None:
    computes_the_same(LAYERS[name](), digits28)


# Input and output contract -> a network that wants them.
CONTRACTS: dict[tuple[str, str], Callable[[], nn.Module]] = {
    ("0..255,dark,flat", "logits"): lambda: nn.Linear(784, 10),
    ("-1..1,transposed,hw", "probabilities"): lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Softmax(1)),
    ("mean=0.1307,sd=0.3081,size=32,fit=pad", "log-probabilities"): lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(1024, 10), nn.LogSoftmax(-1)
    ),
    ("per-image,size=40,fit=resize", "logits"): lambda: nn.Sequential(nn.Flatten(), nn.Linear(1600, 10)),
    ("per-image,size=20,fit=resize", "logits"): lambda: nn.Sequential(nn.Flatten(), nn.Linear(400, 10)),
    ("mean=0.4/0.5/0.6,sd=0.1/0.2/0.3,channels=3", "logits,classes=1/2/3/4/5/6/7/8/9/10"): lambda: nn.Sequential(
        nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(2 * 676, 11)
    ),
    ("mean=0.2,sd=0.5,channels=3,nhwc", "logits"): lambda: nn.Sequential(
        ChannelsFirst(), nn.Conv2d(3, 2, 3), nn.ReLU(), Rearranged((1352,)), nn.Linear(1352, 10)
    ),
    ("0..1,nhwc", "logits"): lambda: nn.Sequential(
        ChannelsFirst(), nn.Conv2d(1, 2, 3), Rearranged((1352,)), nn.Tanh(), nn.Dropout(), nn.Linear(1352, 10)
    ),
}


@pytest.mark.parametrize(("input", "output"), CONTRACTS)
def test_contracts_are_part_of_the_graph(input: str, output: str, digits28: Tensor) -> None:
    network = CONTRACTS[input, output]()
    wrapped = network if isinstance(network, nn.Sequential) else nn.Sequential(network)
    computes_the_same(Adapted(wrapped, input=input, output=output), torch.cat([digits28, torch.zeros(1, 1, 28, 28)]))


def test_a_probability_that_is_rounded_to_0_stays_finite(digits28: Tensor) -> None:
    sharp = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), Lines(torch.tensor(1e4), torch.tensor(0.0)), nn.Softmax(1))
    model = Adapted(sharp, output="probabilities")
    found, expected = answers(onnx_bytes(chain_of(model), {}), digits28), model(digits28).detach().numpy()
    assert expected.min() == pytest.approx(-87.3, abs=0.1)
    np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_every_layer_that_is_understood_is_written() -> None:
    assert set(LAYERS_KNOWN) - set(IDLE) - {Halve, PooledConvolution, AlignedLinear} == set(KINDS)


def test_names_shapes_and_facts() -> None:
    data = onnx_bytes(chain_of(build_model({"model": "fc", "widths": [4]})), {"name": "mine", "accuracy": "3 of 4"})
    model = onnx.load_from_string(data)
    onnx.checker.check_model(model, full_check=True)
    (taken,), (given,) = model.graph.input, model.graph.output
    sides = [
        [side.dim_param or side.dim_value for side in value.type.tensor_type.shape.dim] for value in (taken, given)
    ]
    assert (taken.name, given.name, sides) == ("images", "logits", [["N", 1, 28, 28], ["N", 10]])
    assert [(part.domain, part.version) for part in model.opset_import] == [("", 17)]
    assert {part.key: part.value for part in model.metadata_props} == {"name": "mine", "accuracy": "3 of 4"}
    assert not any(tensor.external_data for tensor in model.graph.initializer)


def test_any_number_of_images_gives_the_same_bytes_twice(digits28: Tensor) -> None:
    model = build_model({"model": "cnn", "channels": [4]}).eval()
    data = onnx_bytes(chain_of(model), {})
    assert data == onnx_bytes(chain_of(model), {})
    assert [answers(data, digits28[:n]).shape for n in (0, 1, 7)] == [(0, 10), (1, 10), (7, 10)]


def test_the_model_is_left_as_it_was(digits28: Tensor) -> None:
    model = norms(build_model({"model": "cnn", "channels": [4]})).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    onnx_bytes(chain_of(model), {})
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (
            nn.Sequential(nn.Flatten(), nn.LayerNorm(784), nn.Linear(784, 10)),
            "in its list of layers; export it with torch",
        ),
        (nn.Linear(784, 10), "is a Linear, and what it computes stands in its code"),
        (Adapted(lambda images: images), "is a function, of which no layers are known"),
        (maps(nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect")), "Conv2d.*is not written as ONNX"),
        (maps(nn.AdaptiveAvgPool2d(3), features=36), "AdaptiveAvgPool2d.*is not written as ONNX"),
        (maps(nn.GELU("tanh")), "GELU.*is not written as ONNX"),
        (Adapted(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), output="labels"), "answers with"),
        (nn.Sequential(nn.Linear(784, 10)), r"does not take images as 0..1 says \(mat1 and mat2 shapes cannot"),
        (nn.Sequential(nn.Flatten(), nn.Linear(784, 9)), r"answers two digits with the shape \(2, 9\); let it"),
        (nn.Sequential(nn.Conv2d(1, 10, 3)), r"with the shape \(2, 10, 26, 26\); let it return ten scores"),
    ],
)
def test_what_is_no_chain_of_known_layers_is_refused(model: nn.Module, words: str) -> None:
    with pytest.raises(CheckpointError, match=words):
        onnx_bytes(chain_of(model), {})


def test_eight_bits_are_a_quarter_of_the_size_and_nearly_the_same_answers(digits28: Tensor) -> None:
    checkpoint = load_checkpoint("fc")
    data = onnx_bytes(chain_of(checkpoint.model), {"name": "fc"})
    small = quantised(data, digits28)
    assert 0.2 < len(small) / len(data) < 0.3
    model = onnx.load_from_string(small)
    kinds = {tensor.data_type for tensor in model.graph.initializer if len(tensor.dims) == 2}
    assert kinds == {onnx.TensorProto.INT8}
    widths = {tensor.dims[0] for tensor in model.graph.initializer if len(tensor.dims) == 1}
    assert {256, 128, 10} <= widths  # a scale for each output channel
    assert ("name", "fc") in [(part.key, part.value) for part in model.metadata_props]
    found, expected = answers(small, digits28), checkpoint(digits28).numpy()
    assert 1e-4 < np.abs(found - expected).max() < 0.1 * np.abs(expected).max()
    assert (found.argmax(1) == expected.argmax(1)).mean() > 0.95
    assert quantised(data, digits28) == small
