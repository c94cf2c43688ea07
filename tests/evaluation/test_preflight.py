"""What is checked before anything is computed: what was handed in, and what each model makes of clean digits."""

import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from support.synthetic import make_suite, make_sweep
from torch import Tensor, nn

import robustmnist as rm
from robustmnist.data import Dataset, load_dataset
from robustmnist.errors import CheckpointError, DataError, InputError, SuiteError
from robustmnist.evaluation import evaluate
from robustmnist.models.architectures.layers import MEAN, SD
from robustmnist.predictions import Predictions

SUITE = make_suite("tiny", make_sweep("right", values=(0, 2)))


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits").head(200)


class Asks(nn.Module):
    """Asks a shipped network in a way of its own."""

    def __init__(self, ask: Callable[[nn.Module, Tensor], Any]) -> None:
        super().__init__()
        self.network, self.ask = rm.load_checkpoint("fc-small").model, ask

    def forward(self, images: Tensor) -> Any:
        return self.ask(self.network, images)


class BatchNormed(nn.Module):
    """Has a batch norm without running statistics."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(784, track_running_stats=False), nn.Linear(784, 10))

    def forward(self, images: Tensor) -> Tensor:
        result: Tensor = self.layers(images)
        return result


def reseeds(network: nn.Module, images: Tensor) -> Tensor:
    torch.manual_seed(0)
    result: Tensor = network(images) + 0.1 * torch.rand(10)
    return result


REFUSED: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "shape": (lambda: Asks(lambda net, x: net(x)[:, :5]), r"answers .* with the shape \(\d+, 5\); let it return"),
    "tuple": (lambda: Asks(lambda net, x: (net(x), x)), "answers with a tuple, not with a tensor"),
    "lazy": (lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(10)), "is not initialised"),
    "meta": (lambda: Asks(lambda net, x: net(x)).to("meta"), "has a shape but no values"),
    "softmax": (lambda: Asks(lambda net, x: net(x).softmax(1)), "answers with probabilities, .* leave the softmax out"),
    "one-hot": (lambda: Asks(lambda net, x: F.one_hot(net(x).argmax(1), 10).float()), "answers with probabilities"),
    "dropout": (lambda: Asks(lambda net, x: net(F.dropout(x, 0.2))), "differently when asked twice; switch dropout"),
    "python": (lambda: Asks(lambda net, x: net(x) * random.random()), "differently when asked twice"),
    "seeds": (lambda: Asks(reseeds), "draws from torch's global generator"),
    "batch": (lambda: Asks(lambda net, x: net(x) - net(x).mean(0)), "depends on the other digits of a batch"),
    "batch norm": (BatchNormed, "depends on the other digits of a batch; leave out statistics of the batch"),
    "plain norm": (lambda: BatchNormed().layers, "depends on the other digits of a batch; leave out statistics"),
    "huge": (lambda: Asks(lambda net, x: net(x) * 1e36), r"answers with numbers up to \de\+3\d; scale its logits down"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_model_that_cannot_be_evaluated_is_refused_in_a_sentence(kind: str, digits: Dataset, tmp_path: Path) -> None:
    make, words = REFUSED[kind]
    state = torch.get_rng_state()
    model = make()
    torch.set_rng_state(state)
    with pytest.raises(CheckpointError, match=f"^mine: .*{words}") as caught:
        evaluate({"mine": model}, digits, SUITE, device="cpu", out=tmp_path / "run")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()
    assert torch.equal(torch.get_rng_state(), state)


def test_a_single_digit_shows_that_company_matters(digits: Dataset) -> None:
    with pytest.raises(CheckpointError, match="depends on the other digits"):
        evaluate({"mine": BatchNormed()}, digits.head(1), SUITE, device="cpu")


def notices(model: nn.Module, digits: Dataset) -> list[str]:
    found: list[str] = evaluate({"mine": model}, digits, SUITE, device="cpu").manifest["notices"]
    return found


@pytest.mark.parametrize(
    "ask",
    [
        lambda net, x: net(x),
        lambda net, x: net(x).log_softmax(1),
        lambda net, x: net(x).double(),
        lambda net, x: net(x.mul_(1)),
        lambda net, x: F.dropout(net(x), 0.5, training=False),
    ],
)
def test_what_is_harmless_is_evaluated_without_a_word(
    ask: Callable[[nn.Module, Tensor], Tensor], digits: Dataset
) -> None:
    assert notices(Asks(ask), digits) == []


@pytest.mark.parametrize("name", ["fc", "cnn"])
def test_shipped_checkpoints_give_no_notice(name: str, digits: Dataset) -> None:
    assert evaluate({name: rm.load_checkpoint(name)}, digits, SUITE, device="cpu").manifest["notices"] == []


@pytest.mark.parametrize(
    ("ask", "scale"),
    [
        (lambda net, x: net(x * SD + MEAN), r"with its ink normalised \(\(ink - 0.1307\) / 0.3081\)"),
        (lambda net, x: net((x + 1) / 2), r"with its ink in \[-1, 1\]"),
        (lambda net, x: net(x / 255), r"with its ink in \[0, 255\]"),
        (lambda net, x: net(1 - x), "as dark ink on light paper"),
    ],
)
def test_another_scale_of_ink_is_noticed(
    ask: Callable[[nn.Module, Tensor], Tensor], scale: str, digits: Dataset
) -> None:
    right = int((rm.load_checkpoint("fc-small")(digits.images).argmax(1) == digits.labels).sum())
    (found,) = notices(Asks(ask), digits)
    assert re.match(rf"mine reads \d+ of 200 clean digits, but {right} {scale}", found)


def test_chance_is_noticed(digits: Dataset) -> None:
    assert (
        "no better than chance: is its input ink in [0, 1]"
        in notices(Asks(lambda net, x: net(x).roll(1, 1)), digits)[0]
    )
    assert notices(Asks(lambda net, x: net(x).roll(1, 1)), digits.head(10)) == []  # too few to say


def test_other_answers_are_noticed(digits: Dataset) -> None:
    assert "from 0 to 1 only, as after a sigmoid" in notices(Asks(lambda net, x: net(x).sigmoid()), digits)[0]
    infinite = Asks(lambda net, x: net(x) / (x.flatten(1).sum(1, keepdim=True) < 120))
    (found,) = notices(infinite, digits)
    count = int((digits.images.flatten(1).sum(1) >= 120).sum())
    assert found.startswith(f"mine answers {count} of {len(digits)} clean digits with numbers that are not finite")


def test_notices_are_in_order_and_on_disk(digits: Dataset, tmp_path: Path) -> None:
    models = {name: Asks(lambda net, x: net(x).roll(1, 1)) for name in ("b", "a")}
    found: Predictions = evaluate(models, digits, SUITE, device="cpu", out=tmp_path / "run")
    assert [text[:2] for text in found.manifest["notices"]] == ["a ", "b "]
    assert rm.read_predictions(tmp_path / "run").manifest["notices"] == found.manifest["notices"]


def test_an_error_of_the_models_own_says_whose_it_is(digits: Dataset) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        evaluate({"mine": Asks(lambda net, x: 1 // 0)}, digits, SUITE, device="cpu")
    assert caught.value.__notes__ == ["raised by the model 'mine', asked about images of shape (200, 1, 28, 28)"]


@pytest.mark.parametrize(
    ("models", "words"),
    [
        (nn.Flatten(), r'the models came as a bare model, not as a dict; give them by name: \{"mine": model\}'),
        ([nn.Flatten()], "the models came as a list, not as a dict"),
        ("cnn", "the models came as a str, not as a dict"),
        (None, "the models came as a NoneType, not as a dict"),
        ({"cnn": "cnn"}, r'cnn: is a str; give a Checkpoint or a torch module, such as rm\.load_checkpoint\("cnn"\)'),
        ({"cnn": None}, "cnn: is a NoneType; give a Checkpoint or a torch module"),
        ({"cnn": nn.Flatten}, "cnn: is a type; give a Checkpoint or a torch module"),
        ({3: nn.Flatten()}, "3 is not a name for a checkpoint; use printable characters"),
    ],
)
def test_models_of_the_wrong_kind(models: Any, words: str, digits: Dataset) -> None:
    with pytest.raises(CheckpointError, match=words):
        evaluate(models, digits, SUITE, device="cpu")


def test_data_and_suites_of_the_wrong_kind(digits: Dataset) -> None:
    model = {"fc": rm.load_checkpoint("fc-small")}
    with pytest.raises(InputError, match="the data are a Tensor, not a Dataset"):
        evaluate(model, digits.images, SUITE, device="cpu")  # type: ignore[arg-type]
    with pytest.raises(SuiteError, match="a str is not a suite"):
        evaluate(model, digits, ["shift"], device="cpu")  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda labels: labels + 1, "its labels run from 1 to 10, not from 0 to 9; subtract 1"),
        (lambda labels: labels - 1, "its labels run from -1 to 8, not from 0 to 9; give each image"),
        (lambda labels: labels * 100, "its labels run from 0 to 900, not from 0 to 9"),
        (lambda labels: labels.float(), r"its labels are float32 \(200,\); give int64"),
        (lambda labels: F.one_hot(labels), r"its labels are int64 \(200, 10\); give int64"),
    ],
)
def test_labels_that_are_no_digits(change: Callable[[Tensor], Tensor], words: str, digits: Dataset) -> None:
    data = replace(digits, labels=change(digits.labels))
    with pytest.raises(DataError, match=f"digits: {words}"):
        evaluate({"fc": rm.load_checkpoint("fc-small")}, data, SUITE, device="cpu")


def test_a_network_in_float64_reads_as_well_as_in_float32(digits: Dataset) -> None:
    single = Asks(lambda net, x: net(x))
    double = Asks(lambda net, x: net(x)).double()
    found = evaluate({"single": single, "double": double}, digits, SUITE, device="cpu")
    assert (found.clean[0] == found.clean[1]).all()


def test_the_default_float_type_changes_no_logit(digits: Dataset) -> None:
    """Nor does a network made under it read any worse."""
    suite = make_suite("still", make_sweep("right", values=(0,)))

    def clean() -> Any:
        models = {"ours": rm.load_checkpoint("cnn"), "others": Asks(lambda net, x: net(x))}
        return evaluate(models, digits, suite, device="cpu").clean

    expected = clean()
    torch.set_default_dtype(torch.float64)
    try:
        found = clean()
    finally:
        torch.set_default_dtype(torch.float32)
    assert (found == expected).all()
