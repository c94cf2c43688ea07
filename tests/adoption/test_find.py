"""What a stranger's classifier wants to be fed is found by likelihood, for classifiers that were trained with it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.small_classifiers import Net, convolutional, dense, learnt, some_digits
from torch import Tensor, nn

from robustmnist.adoption import Finding, find_contract, training_digits
from robustmnist.adoption.candidates import candidates
from robustmnist.adoption.digits import moved
from robustmnist.adoption.find import difference
from robustmnist.adoption.likelihood import best_classes, columns_of, losses, recognise
from robustmnist.adoption.shapes import taken_shapes
from robustmnist.data import Dataset
from robustmnist.errors import InputError
from robustmnist.models.contract.adapter import Adapted, read
from robustmnist.models.contract.contract import DIGITS, Input, Output

NETWORKS = {
    "0..1": lambda: dense(),
    "0..255": lambda: convolutional(),
    "0..1,dark": lambda: dense(),
    "-1..1": lambda: convolutional(),
    "0..1,transposed": lambda: convolutional(),
    "0..255,dark,transposed": lambda: convolutional(),
    "mean=0.1307,sd=0.3081,size=32,fit=resize": lambda: convolutional(side=32),
    "0..1,size=32,fit=pad": lambda: convolutional(side=32),
    "-1..1,channels=3": lambda: convolutional(channels=3),
}


@pytest.fixture(scope="module")
def trained(mnist_or_none: Path | None) -> dict[str, nn.Sequential]:
    digits = some_digits(mnist_or_none)
    return {text: learnt(make(), Input.parse(text), digits) for text, make in NETWORKS.items()}


def network(trained: dict[str, nn.Sequential], text: str, module: nn.Module | None = None) -> Net:
    contract = Input.parse(text)
    return Net(module or trained[text], shape=contract.shape, layout=contract.layout)


@pytest.mark.parametrize("text", NETWORKS)
def test_the_contract_of_the_training_is_found(
    text: str, trained: dict[str, nn.Sequential], adoption_digits: Dataset
) -> None:
    finding = find_contract([network(trained, text)], adoption_digits)
    assert str(finding.best.input) == text
    assert str(finding.best.output) == "logits"
    assert finding.best.accuracy > 0.5
    assert finding.n == len(adoption_digits) == 300
    behind, error = difference(finding.best, finding.others[0])
    assert (behind, error) == (finding.margin, finding.error)
    assert finding.apart == (behind > 2 * error)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("0..1", "0..255"),
        ("0..255", "0..1"),
        ("0..1,dark", "0..1"),
        ("0..1,transposed", "0..1"),
        ("-1..1,channels=3", "0..255,channels=3"),
        ("0..1,size=32,fit=pad", "0..1,size=32,fit=resize"),
    ],
)
def test_what_spoils_the_numbers_most_is_told_apart(
    right: str, wrong: str, trained: dict[str, nn.Sequential], adoption_digits: Dataset
) -> None:
    finding = find_contract([network(trained, right)], adoption_digits, declared=Input.parse(wrong))
    assert str(finding.best.input) == right
    behind, error = difference(finding.best, next(one for one in finding.others if str(one.input) == wrong))
    assert behind > 3 * error > 0


def test_accuracy_alone_would_not_have_told(trained: dict[str, nn.Sequential], adoption_digits: Dataset) -> None:
    """A ReLU network fed 255 times too much reads the digits all the same; its likelihood says that it is wrong."""
    module, labels = trained["0..1"], adoption_digits.labels
    right, wrong = (Adapted(module, input=scale)(adoption_digits.images) for scale in ("0..1", "0..255"))
    assert abs(float(((right.argmax(1) == labels).double() - (wrong.argmax(1) == labels).double()).mean())) < 0.03
    finding = find_contract([network(trained, "0..1")], adoption_digits, declared=Input.parse("0..255"))
    rival = next(one for one in finding.others if str(one.input) == "0..255")
    behind, error = difference(finding.best, rival)
    assert behind > 4 * error


class Reordered(nn.Module):
    def __init__(self, module: nn.Module, change: object) -> None:
        super().__init__()
        self.module, self.change = module, change

    def forward(self, x: Tensor) -> Tensor:
        return self.change(self.module(x))  # type: ignore[operator, no-any-return]


@pytest.mark.parametrize(
    ("change", "output"),
    [
        (lambda rows: rows.softmax(1), "probabilities"),
        (lambda rows: rows.log_softmax(1), "log-probabilities"),
        (lambda rows: (rows - 2).sigmoid(), "probabilities"),
        (lambda rows: rows.argmax(1), "labels"),
        (lambda rows: rows.argmax(1, keepdim=True) + 1, "labels,classes=1/2/3/4/5/6/7/8/9/10"),
        (lambda rows: rows.roll(-1, 1), "logits,classes=9/0/1/2/3/4/5/6/7/8"),
        (lambda rows: nn.functional.pad(rows, (1, 0), value=-9.0), "logits,classes=1/2/3/4/5/6/7/8/9/10"),
        (lambda rows: nn.functional.pad(rows, (0, 52), value=-9.0).softmax(1), "probabilities"),
    ],
    ids=["softmax", "log-softmax", "sigmoid", "labels", "labels from 1", "rolled", "11 columns", "62 columns"],
)
def test_the_kind_of_answer_and_the_order_of_classes_are_found(
    change: object, output: str, trained: dict[str, nn.Sequential], adoption_digits: Dataset
) -> None:
    module = Reordered(trained["0..255"], change)
    finding = find_contract([network(trained, "0..255", module)], adoption_digits)
    assert (str(finding.best.input), str(finding.best.output)) == ("0..255", output)
    classifier = Adapted(module, input=finding.best.input, output=finding.best.output)
    answers = classifier(moved(adoption_digits).images)
    assert float((answers.argmax(1) == adoption_digits.labels).double().mean()) == finding.best.accuracy


def test_a_function_of_arrays_is_found_out_too(trained: dict[str, nn.Sequential], adoption_digits: Dataset) -> None:
    first, second = (trained["0..1"][at] for at in (1, 3))
    w1, b1, w2, b2 = (one.numpy() for layer in (first, second) for one in (layer.weight, layer.bias))

    def predict(ink: np.ndarray) -> np.ndarray:
        hidden: np.ndarray = np.maximum(ink.astype(np.float64) @ w1.T + b1, 0) @ w2.T + b2
        return hidden

    finding = find_contract([Net(predict, torch=False, shape=(784,), layout="flat")], adoption_digits)
    assert str(finding.best.input) == "0..1,flat"


def test_of_several_readings_the_right_network_is_found(
    trained: dict[str, nn.Sequential], adoption_digits: Dataset
) -> None:
    right = trained["-1..1"]
    readings = [
        nn.Sequential(right[0], first, right[2], second, *right[4:])
        for first in (nn.Sigmoid(), nn.ReLU(), nn.Tanh())
        for second in (nn.Sigmoid(), nn.ReLU())
    ]
    finding = find_contract([network(trained, "-1..1", one) for one in readings], adoption_digits)
    assert finding.best.network == 3
    assert str(finding.best.input) == "-1..1"


def test_what_makes_no_difference_cannot_be_told_apart(adoption_digits: Dataset, mnist_or_none: Path | None) -> None:
    class Normalised(nn.Module):
        """A network that brings every image to mean 0 and sd 1 itself: any range will do."""

        def forward(self, x: Tensor) -> Tensor:
            return (x - x.mean((1, 2, 3), keepdim=True)) / x.std((1, 2, 3), keepdim=True)

    module = learnt(nn.Sequential(Normalised(), *dense()), Input(), some_digits(mnist_or_none), epochs=3)
    finding = find_contract([Net(module)], adoption_digits)
    assert str(finding.best.input) == "0..1"  # the most usual
    assert not finding.apart
    assert abs(finding.margin) < 1e-3


def test_a_contract_that_was_declared_stays_to_the_end(
    trained: dict[str, nn.Sequential], adoption_digits: Dataset
) -> None:
    odd = Input(range=(0, 3), ink="dark", orientation="transposed")
    finding = find_contract([network(trained, "0..1")], adoption_digits, declared=odd)
    assert odd in [one.input for one in finding.candidates]
    assert str(finding.best.input) == "0..1"


def test_the_same_question_has_the_same_answer(trained: dict[str, nn.Sequential], adoption_digits: Dataset) -> None:
    first, second = (find_contract([network(trained, "0..255")], adoption_digits).as_dict() for _ in range(2))
    assert first == second
    assert first["input"] == "0..255"
    assert first["n"] == 300
    assert isinstance(first["apart"], bool)


def test_the_network_comes_out_as_it_went_in(trained: dict[str, nn.Sequential], adoption_digits: Dataset) -> None:
    module = nn.Sequential(*trained["0..1"], nn.Dropout(0.5))
    module.train()
    module[0].eval()
    torch.manual_seed(1)
    before = torch.get_rng_state()
    assert isinstance(find_contract([network(trained, "0..1", module)], adoption_digits), Finding)
    assert torch.equal(torch.get_rng_state(), before)
    assert [part.training for part in module] == [False, True, True, True, True]


def test_a_network_that_insists_on_its_range_is_found_out_all_the_same(
    trained: dict[str, nn.Sequential], adoption_digits: Dataset
) -> None:
    class Insisting(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            if x.min() < 0 or x.max() > 1:
                raise ValueError("values from 0 to 1 only")
            return trained["0..1,dark"](x)  # type: ignore[no-any-return]

    finding = find_contract([Net(Insisting())], adoption_digits)
    assert str(finding.best.input) == "0..1,dark"
    assert {candidate.input.range for candidate in finding.candidates} == {(0.0, 1.0)}
    finding = find_contract([Net(Insisting())], adoption_digits, declared=Input.parse("0..255"))
    assert Input.parse("0..255") not in [candidate.input for candidate in finding.candidates]


@pytest.mark.parametrize(
    ("layout", "shape"),
    [("nchw", (2, 28, 28)), ("nchw", (1, 28, 20)), ("flat", (785,)), ("hw", (28,)), ("tokens", (9,))],
)
def test_shapes_that_no_digit_has_are_refused(layout: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"no digit can be brought to"):
        candidates(Net(dense(), shape=shape, layout=layout))


def test_a_network_that_takes_another_shape_says_so(adoption_digits: Dataset) -> None:
    with pytest.raises(InputError, match=r"does not take \(30, 1, 28, 28\).*RuntimeError") as caught:
        find_contract([Net(dense(pixels=1024))], adoption_digits)
    assert str(caught.value).isprintable()


def test_every_candidate_has_the_shape_asked_for_and_none_comes_twice() -> None:
    for layout, shape in (("nchw", (3, 224, 224)), ("nhwc", (32, 32, 1)), ("flat", (784,)), ("hw", (8, 8))):
        wanted = candidates(Net(dense(), shape=shape, layout=layout))
        assert {one.shape for one in wanted} == {shape}
        assert not any(one.same_as(other) for at, one in enumerate(wanted) for other in wanted[:at])


def test_shapes_are_tried_by_calling() -> None:
    assert taken_shapes(dense()) == [("nchw", (1, 28, 28)), ("nhwc", (28, 28, 1)), ("hw", (28, 28)), ("flat", (784,))]
    assert taken_shapes(convolutional(channels=3, side=32)) == [("nchw", (3, 32, 32))]


@pytest.mark.parametrize("kind", ["logits", "log-probabilities", "probabilities", "labels"])
def test_losses_are_those_of_the_adapters_logits(kind: str) -> None:
    scores = torch.randn(50, 12, generator=torch.Generator().manual_seed(0)) * 3
    rows = {"logits": scores, "log-probabilities": scores.log_softmax(1), "probabilities": scores.softmax(1)}.get(
        kind, scores[:, :10].argmax(1).float()
    )
    labels = torch.arange(50) % 10
    output = Output(kind, (3, 1, 4, 11, 5, 9, 2, 6, 8, 7))  # type: ignore[arg-type]
    assert recognise(rows) == kind
    columns = columns_of(rows, output.kind)
    if kind == "labels":
        columns = torch.nn.functional.pad(columns, (0, 2))
    warm = 2.0 ** torch.arange(-8, 8.5, 0.5, dtype=torch.float64)
    logits = read(rows, output).double() / warm[:, None, None]
    p = logits.softmax(2)[:, torch.arange(50), labels].numpy()
    every = -np.log(0.99 * p + 0.001) + 0.1 * np.abs(np.log(warm.numpy()))[:, None]
    np.testing.assert_allclose(losses(columns, output.classes, labels), every[every.mean(1).argmin()], rtol=1e-5)


def test_a_row_that_is_not_finite_is_as_bad_as_a_row_can_be() -> None:
    columns = torch.eye(10, dtype=torch.float64) * 5
    columns[0, 3], columns[1, 1] = torch.nan, torch.inf
    found = losses(columns, DIGITS, torch.arange(10))
    assert found[0] == found[1] == found.max()
    assert found[0] > found[2] + 4
    np.testing.assert_allclose(losses(columns * torch.nan, DIGITS, torch.arange(10)), -np.log(0.001))
    certain = losses(torch.eye(10, dtype=torch.float64) * 1000, DIGITS, torch.arange(10))
    np.testing.assert_allclose(certain, -np.log(0.991))


def test_certainty_in_mistakes_has_its_price_and_not_more() -> None:
    """A network that is right at 6 of 10 digits and certain always must not lose to one that says nothing."""
    labels = torch.arange(10)
    certain = torch.eye(10, dtype=torch.float64)[[0, 1, 2, 3, 4, 5, 7, 8, 9, 6]] * 200
    nothing = torch.zeros(10, 10, dtype=torch.float64)
    np.testing.assert_allclose(losses(nothing, DIGITS, labels), np.log(10))
    mean = losses(certain, DIGITS, labels).mean()
    assert mean < np.log(10) - 0.3
    # At temperature T: 0.6 and 0.4 of the digits, and the price of T.
    warm = 2.0 ** np.arange(-8, 8.5, 0.5)
    right, wrong = (1 / (1 + 9 * np.exp(-200 / warm)), np.exp(-200 / warm) / (1 + 9 * np.exp(-200 / warm)))
    by_hand = -0.6 * np.log(0.99 * right + 0.001) - 0.4 * np.log(0.99 * wrong + 0.001) + 0.1 * np.abs(np.log(warm))
    np.testing.assert_allclose(mean, by_hand.min())


def test_the_order_of_classes_is_the_likeliest() -> None:
    labels = torch.arange(40) % 10
    order = [3, 1, 4, 11, 5, 9, 2, 6, 8, 7]
    columns = torch.zeros(40, 12, dtype=torch.float64)
    columns[torch.arange(40), torch.tensor(order)[labels]] = 4.0
    assert best_classes(columns, labels) == tuple(order)
    assert best_classes(torch.zeros(40, 12, dtype=torch.float64), labels) == DIGITS


def test_digits_are_balanced_and_always_the_same(adoption_digits: Dataset, mnist_or_none: Path | None) -> None:
    for start in range(0, 300, 10):
        assert sorted(adoption_digits.labels[start : start + 10].tolist()) == list(range(10))
    twice = training_digits(mnist_or_none or Path("/nowhere"))
    assert torch.equal(twice.ids, adoption_digits.ids)
    assert len(set(adoption_digits.ids.tolist())) == 300
    assert adoption_digits.provenance.part == ("test" if mnist_or_none is None else "train")


def test_without_mnist_the_embedded_digits_are_taken_and_that_is_said() -> None:
    said: list[str] = []
    digits = training_digits(Path("/nowhere"), notify=said.append)
    assert digits.name == "digits"
    assert digits.provenance.fallback
    assert said == [digits.provenance.note]
    assert "embedded digits" in said[0]


def test_digits_are_moved_and_stay_themselves(adoption_digits: Dataset) -> None:
    there = moved(adoption_digits)
    assert torch.equal(there.labels, adoption_digits.labels)
    changed = (there.images != adoption_digits.images).flatten(1).any(1)
    assert changed.all()
    right = there.images[::8]
    assert torch.equal(right[:, :, :, 2:], adoption_digits.images[::8, :, :, :-2])
    ink = adoption_digits.images.sum((1, 2, 3))
    torch.testing.assert_close(there.images.sum((1, 2, 3)), ink, rtol=0.08, atol=0)
