"""A model file is adopted, kept beside a card, read again, evaluated and reported."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from support.model_files import dense_h5, onnx_bytes
from support.small_classifiers import dense, learnt, some_digits
from torch import nn

import robustmnist as rm
from robustmnist.adoption import inspect_model, keep
from robustmnist.adoption.opened import codes_left, is_bare, open_checkpoint
from robustmnist.data import Dataset
from robustmnist.errors import CheckpointError, InputError
from robustmnist.explanation import explain
from robustmnist.models.checkpoints.adopted_card import AdoptedCard, SourceRecord
from robustmnist.models.checkpoints.card_file import read_any_card, write_card
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.models.contract import Input
from robustmnist.suites import Suite, load_suites

NET = """import torch
from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))

def load():
    arrays = torch.load({weights!r}, weights_only=True)
    first, second = ([arrays[f"{{layer}}.{{part}}"].numpy() for part in ("weight", "bias")] for layer in (1, 3))
    def predict(images):
        hidden = (images.reshape(-1, 784) @ first[0].T + first[1]).clip(0)
        return hidden @ second[0].T + second[1]
    return predict
"""


@pytest.fixture(scope="module")
def network(mnist_or_none: Path | None) -> nn.Sequential:
    """Return a network that was trained on 0..255."""
    return learnt(dense(), Input.parse("0..255"), some_digits(mnist_or_none), epochs=6)


@pytest.fixture
def files(network: nn.Sequential, tmp_path: Path) -> Path:
    """Return a folder with its weights, and with code for them."""
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    (tmp_path / "net.py").write_text(NET.format(weights=str(tmp_path / "weights.pth")))
    return tmp_path


@pytest.fixture(autouse=True)
def where_the_digits_are(mnist_or_none: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROBUSTMNIST_DATA", str(mnist_or_none or "/nowhere"))


def tiny() -> Suite:
    (suite,) = load_suites(["interpolation"])
    return suite


def resealed(path: Path, **changes: object) -> AdoptedCard:
    """Write the card at `path` anew with changes, under a valid hash, as a forger can."""
    card = read_any_card(path)
    assert isinstance(card, AdoptedCard)
    forged = card.model_copy(update=changes)
    write_card(path, forged)
    return forged


def test_bare_weights_are_kept_and_read_again_with_the_same_answers(files: Path, adoption_digits: Dataset) -> None:
    adopted = rm.adopt(files / "weights.pth", out=files / "models", name="mine")
    card = adopted.card
    assert isinstance(card, AdoptedCard)
    assert sorted(path.name for path in (files / "models").iterdir()) == ["mine.json", "mine.pth"]
    assert (files / "models" / "mine.pth").read_bytes() == (files / "weights.pth").read_bytes()
    assert (card.source.form, card.code, card.network) == ("torch state dict", None, "dense 64-10, relu")
    assert str(Input.from_dict(card.input)) == "0..255,flat"
    assert card.parameters == 784 * 64 + 64 + 64 * 10 + 10
    assert card.accuracy is not None
    assert card.accuracy.n == 300
    for named in ("mine", "mine.json", "mine.pth"):
        again = open_checkpoint(files / "models" / named)
        assert again.card == card
        assert torch.equal(again(adoption_digits.images), adopted(adoption_digits.images))
    right = int((adopted(adoption_digits.images).argmax(1) == adoption_digits.labels).sum())
    assert card.accuracy.correct == right > 200


def test_code_runs_only_where_it_is_named_each_time(files: Path, adoption_digits: Dataset) -> None:
    code = f"{files / 'net.py'}:Net"
    adopted = rm.adopt(files / "weights.pth", code=code, out=files / "models")
    card = files / "models" / "weights.json"
    with pytest.raises(CheckpointError, match=r"runs the code net\.py:Net, .*; name it if you trust it: --code n"):
        load_checkpoint(card)
    with pytest.raises(CheckpointError, match=r"runs the code net\.py:Net"):
        load_checkpoint(card, code=f"{files / 'net.py'}:load")
    images = adoption_digits.images
    assert torch.equal(load_checkpoint(card, code=code)(images), adopted(images))
    (files / "net.py").write_text((files / "net.py").read_text() + "\n# another\n")
    with pytest.raises(CheckpointError, match="was changed since it was adopted; restore it, or adopt it anew"):
        load_checkpoint(card, code=code)


def test_a_function_of_arrays_is_enough(files: Path, network: nn.Sequential, adoption_digits: Dataset) -> None:
    code = f"{files / 'net.py'}:load"
    adopted = rm.adopt(code, name="forest", out=files / "models")
    card = adopted.card
    assert isinstance(card, AdoptedCard)
    assert [path.name for path in (files / "models").iterdir()] == ["forest.json"]
    assert (card.kind, card.parameters) == ("your model, python code, runs your code", None)
    assert str(Input.from_dict(card.input)) == "0..255"
    images = adoption_digits.images
    torch.testing.assert_close(adopted(images), network(images * 255), rtol=1e-4, atol=1e-3)
    assert torch.equal(load_checkpoint(files / "models" / "forest", code=code)(images), adopted(images))
    few, labels = images[:2], adoption_digits.labels[:2]
    assert explain(adopted, few, labels, method="occlusion").any()
    with pytest.raises(InputError, match="forest: 'saliency' needs gradients, and there are none through a function"):
        explain(adopted, few, labels, method="saliency")


def test_keras_and_onnx_files(tmp_path: Path) -> None:
    (tmp_path / "m.h5").write_bytes(dense_h5(10))
    (tmp_path / "m.onnx").write_bytes(onnx_bytes(np.random.default_rng(0).normal(size=(784, 10)).astype(np.float32)))
    images = torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for name, form in (("m.h5", "keras h5"), ("m.onnx", "onnx")):
        adopted = rm.adopt(tmp_path / name, input="0..1", out=tmp_path / form, name="m")
        card = adopted.card
        assert isinstance(card, AdoptedCard)
        assert (card.source.form, card.declared) == (form, True)
        assert any("reads no digits" in notice for notice in card.notices)  # nobody has trained it
        assert torch.equal(load_checkpoint(tmp_path / form / "m")(images), adopted(images))


def test_it_is_evaluated_and_reported_as_what_it_is(files: Path, adoption_digits: Dataset) -> None:
    kept = files / "models" / "weights"
    rm.adopt(files / "weights.pth", input="0..1", out=files / "models")
    digits = rm.load_dataset("digits").head(50)
    run = rm.evaluate([kept, "fc-small", f"{files / 'net.py'}:load"], digits, tiny(), device="cpu", out=files / "run")
    assert run.checkpoints == ("weights", "fc-small", "net")
    record, shipped, function = run.manifest["checkpoints"]
    assert record["adopted"] | {"kind": "", "accuracy": None} == {
        "kind": "",
        "file": "weights.pth",
        "network": "dense 64-10, relu",
        "code": "",
        "code_sha256": "",
        "input": "0..1,flat",
        "output": "logits",
        "declared": True,
        "accuracy": None,
    }
    assert "adopted" not in shipped
    assert function["adopted"]["code"] == "net.py:load"
    warned = "weights: The classifier is fed 0..1,flat as declared, but it reads digits better fed 0..255,flat"
    assert [notice for notice in run.manifest["notices"] if notice.startswith(warned)]
    page = rm.write_report(rm.read_predictions(files / "run"), files / "page.html").read_text()
    for words in (
        warned,
        "your model, torch state dict",
        "runs your code",
        "0..255 (found)",
        "0..1,flat (as declared)",
    ):
        assert words in page
    plain = rm.evaluate("fc-small", digits, tiny(), device="cpu")
    assert "Your models" not in rm.write_report(plain, files / "plain.html").read_text()


def test_another_contract_is_another_run(files: Path) -> None:
    digits = rm.load_dataset("digits").head(20)
    rm.adopt(files / "weights.pth", out=files / "models")
    rm.evaluate(files / "models" / "weights", digits, tiny(), device="cpu", out=files / "run")
    rm.adopt(files / "weights.pth", input="0..254", out=files / "models")
    with pytest.raises(InputError, match="holds another run, different in checkpoints"):
        rm.evaluate(files / "models" / "weights", digits, tiny(), device="cpu", out=files / "run")


def test_what_evaluate_takes(network: nn.Sequential) -> None:
    digits = rm.load_dataset("digits").head(20)

    def blind(images: np.ndarray) -> np.ndarray:
        assert images.shape[1:] == (1, 28, 28)
        return images.reshape(len(images), -1)[:, 300:310]

    labels = rm.Classifier(lambda images: images.reshape(len(images), -1).argmax(1) % 10, output="labels")
    fed = rm.Classifier(network, input=rm.Input(range=(0, 255)), sha256="1" * 64)
    run = rm.evaluate([network, network, blind, labels, fed], digits, [tiny(), "shift"], device="cpu")
    assert run.checkpoints == ("Sequential", "Sequential-2", "blind", "<lambda>", "Sequential-3")
    assert [suite.name for suite in run.suites] == ["interpolation", "shift"]
    assert rm.evaluate({"mine": "fc-small"}, digits, "interpolation", device="cpu").checkpoints == ("mine",)
    named = rm.evaluate("fc-small", "digits", tiny(), device="cpu")
    assert len(named) == 1797
    for wrong in (3, None, {"a": 3}, [None], {"a": nn.Flatten}):
        with pytest.raises(InputError):
            rm.evaluate(wrong, digits, tiny(), device="cpu")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no checkpoint is called that"):
        rm.evaluate("cnm", digits, tiny(), device="cpu")


@pytest.mark.parametrize("file", ["../weights.pth", "/etc/passwd", "a\\b", ""])
def test_a_card_reaches_no_file_elsewhere(file: str, files: Path) -> None:
    rm.adopt(files / "weights.pth", out=files / "models")
    card = files / "models" / "weights.json"
    resealed(card, source=SourceRecord.model_construct(file=file, sha256="0" * 64, form="torch state dict"))
    with pytest.raises(CheckpointError, match=r"source\.file"):
        load_checkpoint(card)


def test_damaged_and_forged_cards_are_refused(files: Path) -> None:
    rm.adopt(files / "weights.pth", out=files / "models")
    card, weights = files / "models" / "weights.json", files / "models" / "weights.pth"
    good = card.read_text()
    card.write_text(good.replace('"logits"', '"labels"'))
    with pytest.raises(CheckpointError, match=r"was changed or damaged.*adopt the model again: robustmnist adopt"):
        load_checkpoint(card)
    card.write_text(good)
    for changes, words in (
        ({"network": "dense 64-10, tanh"}, None),
        ({"network": "another"}, "is read as another network now"),
        ({"input": {"size": -1}}, "is -1|size"),
        ({"output": {"kind": "words"}}, "kind"),
    ):
        resealed(card, **changes)
        if words is None:  # another reading of the same weights is a choice, not a forgery
            load_checkpoint(card)
        else:
            with pytest.raises(CheckpointError, match=words):
                load_checkpoint(card)
        card.write_text(good)
    weights.write_bytes(weights.read_bytes() + b"\0")
    with pytest.raises(CheckpointError, match="does not belong to its card: its sha256 does not match"):
        load_checkpoint(card)
    weights.unlink()
    with pytest.raises(CheckpointError, match=r"cannot be read .* keep it beside its card weights\.json"):
        load_checkpoint(card)


def test_no_card_of_another_model_is_written_over(files: Path) -> None:
    rm.adopt(files / "weights.pth", out=files)
    (files / "weights.h5").write_bytes(dense_h5(10))
    with pytest.raises(CheckpointError, match="is there already, for another model; use another --name or -o"):
        rm.adopt(files / "weights.h5", out=files)
    adoption = inspect_model(files / "weights.pth", input="0..1")
    assert keep(adoption, files) == files / "weights.json"  # of the same model it is


def test_what_has_no_card(files: Path) -> None:
    rm.adopt(files / "weights.pth", out=files / "models")
    shutil.copy(files / "weights.pth", files / "other.pth")
    (files / "other.json").write_text(json.dumps({"class_name": "Sequential"}))  # Keras keeps such beside weights
    bare = {
        name: is_bare(files / name) for name in ("weights.pth", "other.pth", "models/weights.pth", "models/weights")
    }
    assert bare == {"weights.pth": True, "other.pth": True, "models/weights.pth": False, "models/weights": False}
    assert is_bare("net.py:Net")
    assert not is_bare("cnn")
    rm.adopt(files / "weights.pth", code=f"{files / 'net.py'}:Net", out=files / "models")
    assert codes_left([str(files / "models" / "weights"), "cnn"], ["x/net.py:Net", "y.py:f"]) == ["y.py:f"]


@pytest.mark.parametrize("name", ["", "a/b", "..", "a\nb", "x" * 101])
def test_names_that_are_none(name: str, files: Path) -> None:
    with pytest.raises(InputError, match="is not a name for a checkpoint"):
        rm.adopt(files / "weights.pth", name=name)
    assert not list(files.rglob("*.json"))
