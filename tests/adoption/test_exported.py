"""There and back: what is exported and adopted again has the same contract and gives the same answers."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.model_files import dense_h5
from support.small_classifiers import convolutional, learnt, some_digits

import robustmnist as rm
from robustmnist.errors import CheckpointError, InputError
from robustmnist.models.checkpoints.adopted_card import AdoptedCard
from robustmnist.models.contract import Adapted, Input

MODELS = Path(__file__).parents[2].parent / "shared" / "models"


@pytest.fixture(scope="module")
def images(mnist_test: tuple[np.ndarray, np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(mnist_test[0][::10].copy()).float().div(255)[:, None]


def same(first: torch.Tensor, other: torch.Tensor) -> None:
    assert torch.equal(first.argmax(1), other.argmax(1))
    torch.testing.assert_close(first, other, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["fc", "cnn", "lenet5"])
def test_onnx_is_fed_ink_and_answers_with_logits(
    name: str, images: torch.Tensor, mnist_dir: Path, tmp_path: Path
) -> None:
    written = rm.export(name, tmp_path / "m.onnx")
    adopted = rm.adopt(written.path, data_dir=mnist_dir)
    card = adopted.card
    assert isinstance(card, AdoptedCard)
    assert Input.from_dict(card.input).same_as(Input())
    assert card.output["kind"] == "logits"
    same(adopted(images), rm.load_checkpoint(name)(images))


# Bare weights do not say what lies between them: sigmoid and relu, or padding, may have to be told.
@pytest.mark.parametrize("name", ["fc", "cnn"])
def test_a_state_dict_is_read_without_code(name: str, images: torch.Tensor, mnist_dir: Path, tmp_path: Path) -> None:
    written = rm.export(name, tmp_path / "m.pt", format="torch")
    adopted = rm.adopt(written.path, data_dir=mnist_dir)
    card = adopted.card
    assert isinstance(card, AdoptedCard)
    found = Input.from_dict(card.input)
    assert (found.mean, found.sd) == (0.1307, 0.3081)
    same(adopted(images), rm.load_checkpoint(name)(images))


def test_a_state_dict_is_read_with_the_layers_that_are_printed(
    images: torch.Tensor, mnist_dir: Path, tmp_path: Path
) -> None:
    from robustmnist.models.export import source_lines

    written = rm.export("lenet5", tmp_path / "m.pt", format="torch")
    lines = ["from torch import nn", "", *source_lines(written.content.chain)]
    (tmp_path / "net.py").write_text("\n".join(lines))
    code = f"{tmp_path / 'net.py'}:network"
    adopted = rm.adopt(written.path, code=code, input=str(written.content.chain.input), data_dir=mnist_dir)
    same(adopted(images), rm.load_checkpoint("lenet5")(images))


@pytest.mark.skipif(not MODELS.is_dir(), reason="the strangers' model files are not on this machine")
@pytest.mark.parametrize("name", ["keras-3.keras", "torch-1.pth"])
def test_adopted_models_are_exported(name: str, images: torch.Tensor, mnist_dir: Path, tmp_path: Path) -> None:
    adopted = rm.adopt(MODELS / name, data_dir=mnist_dir)
    exported = rm.export(adopted, tmp_path / "m.onnx")
    again = rm.adopt(exported.path, input="0..1", output="logits", data_dir=mnist_dir)
    assert torch.equal(again(images).argmax(1), adopted(images).argmax(1))
    scale = float(adopted(images).abs().max())
    torch.testing.assert_close(again(images), adopted(images), rtol=0, atol=1e-5 * max(1.0, scale))


def test_a_contract_of_one_s_own_ends_in_the_graph(mnist_or_none: Path | None, tmp_path: Path) -> None:
    contract = Input.parse("0..255,dark,transposed")
    model = Adapted(learnt(convolutional(), contract, some_digits(mnist_or_none), epochs=2), input=contract)
    written = rm.export(model, tmp_path / "m.onnx")
    again = rm.adopt(written.path, data_dir=mnist_or_none or Path("/nowhere"))
    card = again.card
    assert isinstance(card, AdoptedCard)
    assert Input.from_dict(card.input).same_as(Input())
    images = some_digits(mnist_or_none).images[:300]
    torch.testing.assert_close(again(images), model(images), rtol=1e-4, atol=1e-3)


def test_what_cannot_be_exported_is_said_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("def f(images):\n    return images.reshape(len(images), 784)[:, :10]\n")
    with pytest.raises(
        CheckpointError, match=r"^mine: is a function, of which no layers are known; export it with tor"
    ):
        rm.export("mine.py:f", data_dir=tmp_path)
    for misuse in (5, None, lambda images: images, {"fc": "fc"}):
        with pytest.raises(InputError, match="is no classifier whose layers are known; give a checkpoint or its name"):
            rm.export(misuse)  # type: ignore[arg-type]
    written = rm.export("fc-small")
    assert written.path == Path("fc-small.onnx")
    with pytest.raises(CheckpointError, match="is an ONNX file already; use that file as it is"):
        rm.export("fc-small.onnx", "again.onnx", data_dir=tmp_path)
    (tmp_path / "untrained.h5").write_bytes(dense_h5(10))
    assert rm.export("untrained.h5", data_dir=tmp_path).path.read_bytes()[:1] == b"\x08"
