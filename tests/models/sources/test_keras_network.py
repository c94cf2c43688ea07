"""Keras files as torch networks: they answer what Keras answers, and whatever is not translated is named."""

import io
import itertools
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from support.model_files import dense_h5, h5_bytes, keras_layer, keras_zip, sequential

from robustmnist.errors import CheckpointError
from robustmnist.models.sources import Network, read_source
from robustmnist.models.sources.keras_layers import IDLE, LAYERS

KERAS = Path(__file__).parent / "keras_files"
PREDICTIONS = json.loads((KERAS / "predictions.json").read_text())["small"]
IMAGES = np.random.default_rng(0).random((10, 7, 7), np.float32).repeat(4, 1).repeat(4, 2) ** 3


def answers(network: Network, images: np.ndarray) -> np.ndarray:
    assert isinstance(network.module, torch.nn.Module)
    with torch.no_grad():
        result: np.ndarray = network.module(torch.from_numpy(images.reshape(-1, *network.shape))).numpy()
    return result


def read(path: Path, data: bytes) -> Network:
    path.write_bytes(data)
    (network,) = read_source(path).networks
    return network


def refusal(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(CheckpointError) as caught:
        read_source(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", PREDICTIONS)
def test_a_translation_answers_what_keras_answers(name: str) -> None:
    source = read_source(KERAS / name)
    (network,) = source.networks
    assert network.torch
    assert network.output == "logits"
    assert source.notes == ("The softmax at the end was cut off: the network gives logits.",)
    probabilities = torch.softmax(torch.from_numpy(answers(network, IMAGES)), 1).numpy()
    keras = np.array(PREDICTIONS[name])
    assert np.ptp(keras, axis=0).max() > 0.03  # the images are told apart at all
    np.testing.assert_allclose(probabilities, keras, atol=2e-6, rtol=0)


def test_the_small_models_hold_every_layer_that_is_translated() -> None:
    held = set()
    for name in PREDICTIONS:
        network = read_source(KERAS / name)
        text = (KERAS / name).read_bytes().decode("latin-1")
        held |= {kind for kind in LAYERS if f'"{kind}"' in text}
        assert network.networks
    assert set(LAYERS) - held <= {"GlobalMaxPooling2D"}


def test_a_dense_layer_computes_what_its_arrays_say(tmp_path: Path) -> None:
    network = read(tmp_path / "any.name", dense_h5())
    with h5py.File(io.BytesIO(dense_h5())) as file:
        kernel, bias = (file[f"model_weights/dense/dense/{name}:0"][()] for name in ("kernel", "bias"))
    assert (network.shape, network.layout, network.description) == ((28, 28), "hw", "dense 10")
    np.testing.assert_allclose(answers(network, IMAGES), IMAGES.reshape(10, 784) @ kernel + bias, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("activation", "output"),
    [("softmax", "logits"), ("linear", "logits"), ("sigmoid", "probabilities"), ("log_softmax", "log-probabilities")],
)
def test_what_comes_out_is_known_from_the_last_activation(tmp_path: Path, activation: str, output: str) -> None:
    assert read(tmp_path / "m.h5", dense_h5(activation=activation)).output == output


def test_a_configuration_of_before_keras_2_2_3_is_a_bare_list(tmp_path: Path) -> None:
    config = sequential(keras_layer("Dense", "d", units=10, activation="relu", batch_input_shape=[None, 784]))
    config["config"] = config["config"]["layers"]
    arrays = {"kernel": np.ones((784, 10), "f4"), "bias": np.zeros(10, "f4")}
    assert read(tmp_path / "m.h5", h5_bytes(config, {"d": arrays})).layout == "flat"


def functional(nodes: list[Any], outputs: list[Any]) -> dict[str, Any]:
    layers = [
        keras_layer("InputLayer", "in", batch_input_shape=[None, 784]),
        keras_layer("Dense", "last", units=10, activation="softmax"),
        keras_layer("Dense", "first", units=3, activation="tanh"),
    ]
    for layer, inbound in zip(layers, nodes, strict=True):
        layer |= {"name": layer["config"]["name"], "inbound_nodes": inbound}
    return {
        "class_name": "Model",
        "config": {"layers": layers, "input_layers": [["in", 0, 0]], "output_layers": outputs},
    }


DENSES = {
    "first": {"kernel": np.full((784, 3), 0.01, "f4"), "bias": np.zeros(3, "f4")},
    "last": {"kernel": np.ones((3, 10), "f4"), "bias": np.arange(10, dtype="f4")},
}


def test_a_functional_chain_is_followed_along_its_connections_not_its_list(tmp_path: Path) -> None:
    nodes = [[], [[["first", 0, 0, {}]]], [[["in", 0, 0, {}]]]]
    network = read(tmp_path / "m.h5", h5_bytes(functional(nodes, [["last", 0, 0]]), DENSES))
    assert network.description == "dense 3-10, tanh"
    hidden = np.tanh(IMAGES.reshape(10, 784).sum(1) * 0.01)
    np.testing.assert_allclose(answers(network, IMAGES), 3 * hidden[:, None] + np.arange(10), rtol=1e-5)


@pytest.mark.parametrize(
    ("nodes", "outputs", "words"),
    [
        (
            [[], [[["first", 0, 0, {}], ["in", 0, 0, {}]]], [[["in", 0, 0, {}]]]],
            [["last", 0, 0]],
            "'last' joins several",
        ),
        ([[], [[["first", 0, 0, {}]]], [[["last", 0, 0, {}]]]], [["last", 0, 0]], "in a circle"),
        ([[], [[["first", 0, 0, {}]]], [[["in", 0, 0, {}]]]], [["last", 0, 0], ["first", 0, 0]], "2 outputs"),
    ],
)
def test_a_functional_model_that_is_no_chain_is_refused(
    tmp_path: Path, nodes: list[Any], outputs: list[Any], words: str
) -> None:
    assert words in refusal(tmp_path / "m.h5", h5_bytes(functional(nodes, outputs), DENSES))


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (keras_layer("Lambda", "double", function="lambda x: 2*x"), "Lambda 'double'"),
        (keras_layer("LSTM", "lstm", units=4), "LSTM 'lstm'"),
        (keras_layer("Activation", "a", activation="my_swish"), "'my_swish'"),
        ({**keras_layer("Mine", "m"), "registered_name": "Custom>Mine"}, "'Custom>Mine' of the author's own"),
        ({**keras_layer("Dense", "m", units=10), "module": "my.code"}, "'my.code'"),
        (keras_layer("Flatten", "f", data_format="channels_first"), "data_format"),
        (keras_layer("Dense", "d", units=-1), "units"),
        (keras_layer("Reshape", "r", target_shape=[3, -1, -1]), "target_shape"),
        (keras_layer("Dense", "\x1b[2J\u202e", units=10), r"'\x1b[2J\u202e'"),
    ],
)
def test_a_layer_that_is_not_translated_is_named_in_one_line(tmp_path: Path, layer: dict[str, Any], words: str) -> None:
    config = sequential(keras_layer("InputLayer", "i", batch_input_shape=[None, 784]), layer)
    assert words in refusal(tmp_path / "m.h5", h5_bytes(config, {}))
    assert not LAYERS.keys() & IDLE


def test_arrays_that_the_configuration_does_not_imply_are_refused(tmp_path: Path) -> None:
    config = sequential(keras_layer("Dense", "d", units=10, batch_input_shape=[None, 784]))
    arrays = [np.zeros((784, 11), "f4"), np.zeros(10, "f4")]
    assert "(784, 11)" in refusal(tmp_path / "m.keras", keras_zip(config, {"layers/dense": arrays}))
    assert "[]" in refusal(tmp_path / "m.keras", keras_zip(config, {"layers/dense_one": arrays}))
    assert "without a Keras configuration" in refusal(tmp_path / "m.h5", h5_bytes(None, {}))


def test_groups_of_arrays_go_to_the_layers_of_their_class_in_order(tmp_path: Path) -> None:
    sizes = (784, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 10)  # more than ten layers: dense_10 comes after dense_9
    denses = [keras_layer("Dense", f"any{at}", units=units, activation="linear") for at, units in enumerate(sizes[1:])]
    config = sequential(keras_layer("InputLayer", "i", batch_shape=[None, 784]), *denses)
    variables = {
        f"_layer_checkpoint_dependencies\\dense{f'_{at}' if at else ''}": [np.zeros((n, m), "f4"), np.zeros(m, "f4")]
        for at, (n, m) in enumerate(itertools.pairwise(sizes))
    }
    network = read(tmp_path / "m.keras", keras_zip(config, variables))
    assert network.description == "dense 3-4-5-6-7-8-9-10-11-12-10"


def test_reading_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    read_source(KERAS / "norms.h5")
    assert torch.equal(before, torch.get_rng_state())


def test_without_h5py_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CheckpointError, match=r"h5py is not installed; install it: pip install h5py"):
        read_source(KERAS / "norms.h5")
