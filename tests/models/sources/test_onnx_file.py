"""ONNX files: run by onnxruntime, after a look inside and a first run elsewhere."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from support.model_files import onnx_bytes, protobuf

from robustmnist.errors import CheckpointError
from robustmnist.models.sources import read_source

WEIGHT = np.random.default_rng(0).normal(size=(784, 10)).astype("f4") / 10
IMAGES = np.random.default_rng(1).random((5, 784), np.float32)


def softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max(1, keepdims=True))
    result: np.ndarray = raised / raised.sum(1, keepdims=True)
    return result


def refusal(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(CheckpointError) as caught:
        read_source(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("shape", "layout"), [((784,), "flat"), ((28, 28), "hw"), ((1, 28, 28), "nchw"), ((28, 28, 1), "nhwc")]
)
@pytest.mark.parametrize("batch", ["N", 2])
def test_an_onnx_file_computes_what_it_says(
    tmp_path: Path, shape: tuple[int, ...], layout: str, batch: int | str
) -> None:
    (tmp_path / "m.bin").write_bytes(onnx_bytes(WEIGHT, shape=(batch, *shape)))
    source = read_source(tmp_path / "m.bin")
    (network,) = source.networks
    assert (source.form, network.torch) == ("onnx", False)
    assert (network.shape, network.layout, network.output) == (shape, layout, "probabilities")
    assert network.description == "dense, softmax"
    answers = network.module(IMAGES.reshape(5, *shape))
    np.testing.assert_allclose(answers, softmax(IMAGES @ WEIGHT), atol=1e-6)


def test_weights_beside_the_file_are_read_and_are_part_of_its_hash(tmp_path: Path) -> None:
    file, data = tmp_path / "m.onnx", onnx_bytes(WEIGHT, external="m.data")
    file.write_bytes(data)
    (tmp_path / "m.data").write_bytes(WEIGHT.tobytes())
    source = read_source(file)
    np.testing.assert_allclose(source.networks[0].module(IMAGES), softmax(IMAGES @ WEIGHT), atol=1e-6)
    assert source.sha256 == hashlib.sha256(data + WEIGHT.tobytes()).hexdigest()
    assert source.notes == ("Its weights lie in m.data, beside it.",)
    (tmp_path / "m.data").write_bytes((-WEIGHT).tobytes())
    assert read_source(file).sha256 != source.sha256


def test_weights_that_are_missing_or_elsewhere_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(WEIGHT.tobytes())
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path / "secret")
    assert "in 'm.data', which is not there" in refusal(inside / "m.onnx", onnx_bytes(WEIGHT, external="m.data"))
    for name in ("../secret", str(tmp_path / "secret"), "link", "..\\secret"):
        message = refusal(inside / "m.onnx", onnx_bytes(WEIGHT, external=name))
        assert "does not lie beside it; it is not opened" in message


def test_operators_that_are_code_of_their_own_are_refused(tmp_path: Path) -> None:
    assert "'evil.com.MatMul'" in refusal(tmp_path / "m.onnx", onnx_bytes(WEIGHT, domain="evil.com"))


def test_what_is_no_classifier_of_images_is_refused(tmp_path: Path) -> None:
    five_axes = onnx_bytes(WEIGHT, shape=("N", 1, 1, 28, 28))
    assert "not one array of images" in refusal(tmp_path / "m.onnx", five_axes)
    too_large = onnx_bytes(np.zeros((2**20, 1)), shape=("N", 2**20))
    assert "takes images of shape (1048576,)" in refusal(tmp_path / "m.onnx", too_large)
    assert "has no graph" in refusal(tmp_path / "m.onnx", protobuf((1, 8), (2, "somebody")))
    assert "not run by onnxruntime" in refusal(tmp_path / "m.onnx", onnx_bytes(WEIGHT[:100]))


def test_without_onnxruntime_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    message = refusal(tmp_path / "m.onnx", onnx_bytes(WEIGHT))
    assert "onnxruntime is not installed; install it: pip install onnxruntime" in message
