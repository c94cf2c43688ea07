"""Each check of a stranger's classifier, on a good one and on one that is broken in just this way."""

import copy
import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from support.small_classifiers import Net, convolutional, dense, learnt, some_digits
from torch import Tensor, nn

from robustmnist.adoption import Check, check_classifier, find_contract
from robustmnist.adoption.checks import CHECKS
from robustmnist.data import Dataset
from robustmnist.models.contract.contract import Input, Output


@pytest.fixture(scope="module")
def good(mnist_or_none: Path | None) -> nn.Sequential:
    return learnt(convolutional(), Input(), some_digits(mnist_or_none), epochs=8)


class Around(nn.Module):
    """A network with something done before or after it."""

    def __init__(
        self,
        module: nn.Module,
        after: Callable[[Any], Any] = lambda rows: rows,
        before: Callable[[Any], Any] = lambda x: x,
    ) -> None:
        super().__init__()
        self.module, self.after, self.before = module, after, before

    def forward(self, x: Tensor) -> Any:
        return self.after(self.module(self.before(x)))


class Awake(nn.Dropout):
    def train(self, mode: bool = True) -> "Awake":
        return super().train(True)


class Mask(nn.Module):
    """Holds a tensor that is neither parameter nor buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.mask = torch.ones(10)

    def forward(self, rows: Tensor) -> Tensor:
        return rows * self.mask


class Forgetful(nn.Linear):
    """Does not save its weight as it is."""

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[f"{prefix}weight"] = destination[f"{prefix}weight"].half()


class Grown(nn.Module):
    def forward(self, rows: Tensor) -> Tensor:
        with torch.enable_grad():
            return rows * torch.ones(1, requires_grad=True)


class Counting(nn.Module):
    """Answers worse at every call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, rows: Tensor) -> Tensor:
        self.calls += 1
        return rows + self.calls * 0.01


def in_place(x: Tensor) -> Tensor:
    return x.mul_(1.0).add_(0.001)


def drawing(source: Callable[[], object]) -> Callable[[Tensor], Tensor]:
    def after(rows: Tensor) -> Tensor:
        source()
        return rows

    return after


def raising_on_one(x: Tensor) -> Tensor:
    return x if len(x) != 1 else x.squeeze().transpose(1, 2)


def nan_on_black(x: Tensor) -> Tensor:
    return x / x.amax((1, 2, 3), keepdim=True)


def whole_batch(x: Tensor) -> Tensor:
    return x - x.mean() + 0.13


def by_threads(rows: Tensor) -> Tensor:
    return rows * torch.get_num_threads()


FIVES = torch.tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).roll(2)

# What is done around a good network -> the check that must say so, what it must answer, and words that it must say.
BROKEN: dict[str, tuple[Callable[[nn.Module], Any], int, bool | None, str]] = {
    "takes 32 × 32": (lambda good: dense(1024), 11, False, "does not take (B, 1, 28, 28)"),
    "not one": (lambda good: Around(good, before=raising_on_one), 12, False, "batches of 1:"),
    "not 256": (lambda good: Around(good, lambda rows: rows[:100]), 12, False, "batches of 256:"),
    "no empty batch": (
        lambda good: Around(good, before=lambda x: x.reshape(-1, x.numel() // (28 * 28) // len(x), 28, 28)),
        13,
        None,
        "which is answered without it",
    ),
    "tuple": (lambda good: Around(good, lambda rows: (rows, rows)), 14, None, "first entry of a tuple"),
    "dictionary": (lambda good: Around(good, lambda rows: {"logits": rows}), 14, None, "'logits' of a dictionary"),
    "object": (lambda good: Around(good, lambda rows: SimpleNamespace(logits=rows)), 14, None, "SimpleNamespace"),
    "list": (lambda good: Around(good, lambda rows: rows.tolist()), 14, None, "a list"),
    "11 columns": (
        lambda good: Around(good, lambda rows: nn.functional.pad(rows, (0, 1), value=5.0)),
        15,
        None,
        "column 10 is not read, and would have won",
    ),
    "9 columns": (lambda good: Around(good, lambda rows: rows[:, :9]), 15, False, "answers (64, 9)"),
    "strange labels": (lambda good: Around(good, lambda rows: rows.argmax(1) + 3), 15, False, "no digit: 10, 11, 12"),
    "half": (lambda good: Around(good, lambda rows: rows.half()), 16, None, "float16"),
    "double": (lambda good: Around(good, lambda rows: rows.double()), 16, None, "float64"),
    "whole numbers": (lambda good: Around(good, lambda rows: (rows * 10).round().long()), 16, False, "int64"),
    "NaN on black": (lambda good: Around(good, before=nan_on_black), 17, False, "not finite on black"),
    "infinite": (
        lambda good: Around(good, lambda rows: rows.masked_fill(rows > 5, torch.inf)),
        17,
        False,
        "not finite on digits",
    ),
    "softmax as logits": (
        lambda good: Around(good, lambda rows: rows.softmax(1)),
        18,
        False,
        "probabilities, not logits",
    ),
    "labels as logits": (lambda good: Around(good, lambda rows: rows.argmax(1)), 18, False, "labels, not logits"),
    "softmax twice": (lambda good: Around(good, lambda rows: rows.softmax(1).softmax(1)), 19, False, "23 %"),
    "log of softmax twice": (
        lambda good: Around(good, lambda rows: rows.softmax(1).log_softmax(1)),
        19,
        False,
        "Take one softmax out",
    ),
    "in place": (lambda good: Around(good, before=in_place), 20, False, "changes the images"),
    "gradient": (lambda good: Around(good, Grown()), 21, False, "keeps gradients"),
    "dropout": (
        lambda good: Around(good, lambda rows: nn.functional.dropout(rows, 0.1, True)),
        22,
        False,
        "dropout or noise",
    ),
    "counting": (lambda good: Around(good, Counting()), 22, False, "differ by up to 0.01"),
    "awake": (lambda good: Around(good, Awake(0.1)), 23, False, "'after' stays in training mode"),
    "no statistics": (
        lambda good: Around(good, before=nn.BatchNorm2d(1, affine=False, track_running_stats=False)),
        23,
        False,
        "'before' keeps no running statistics",
    ),
    "company": (lambda good: Around(good, before=whole_batch), 24, False, "other digits of its batch"),
    "threads": (lambda good: Around(good, by_threads), 25, False, "One thread and two"),
    "plain tensor": (lambda good: Around(good, Mask()), 26, False, "'after.mask' is a plain tensor"),
    "saved otherwise": (lambda good: Around(good, forgetful()), 26, False, "Saved and loaded"),
    "torch's generator": (lambda good: Around(good, drawing(lambda: torch.rand(1))), 27, False, "generator of torch"),
    "NumPy's generator": (
        lambda good: Around(good, drawing(lambda: np.random.rand())),  # noqa: NPY002
        27,
        False,
        "generator of NumPy",
    ),
    "Python's generator": (lambda good: Around(good, drawing(random.random)), 27, False, "generator of Python"),
    "one precision": (lambda good: Around(good, before=lambda x: x.float()), 28, False, "double precision"),
    "one device": (lambda good: Around(good, lambda rows: rows + torch.ones(10).to(rows.dtype)), 28, False, "device"),
    "fed 255 times too little": (lambda good: Around(good, before=lambda x: x / 255), 29, False, "better fed 0..255"),
    "rolled classes": (lambda good: Around(good, lambda rows: rows.roll(1, 1)), 30, False, "digit 0 in 1, 1 in 2"),
    "classes from 1": (
        lambda good: Around(good, lambda rows: nn.functional.pad(rows, (1, 0), value=-20.0)),
        30,
        False,
        "classes=1/2/3/4/5",
    ),
    "inverted": (lambda good: Around(good, before=lambda x: 1 - x), 31, False, "dark ink better"),
    "transposed": (lambda good: Around(good, before=lambda x: x.mT), 32, False, "transposed digits better"),
    "knows nothing": (
        lambda good: Around(good, lambda rows: rows * 0 + torch.arange(10)),
        33,
        False,
        "reads no digits",
    ),
    "nan weight": (
        lambda good: weight_of(good, lambda weight: weight.view(-1)[3:5].fill_(torch.nan)),
        8,
        False,
        "holds 2 values that are no finite numbers",
    ),
    "zero layer": (lambda good: weight_of(good, lambda weight: weight.zero_()), 9, False, "never trained"),
    "fresh norm": (lambda good: nn.Sequential(nn.BatchNorm2d(1).eval(), *good), 9, False, "were not loaded"),
    "stored in half": (lambda good: copy.deepcopy(good).half().float(), 10, None, "numbers of half precision"),
    "saturated": (lambda good: Around(good, lambda rows: rows * 3, before=lambda x: x * 255), 34, False, "too large"),
}


def weight_of(good: nn.Module, change: Callable[[Tensor], object]) -> nn.Module:
    changed = copy.deepcopy(good)
    with torch.no_grad():
        change(next(weight for weight in changed.parameters() if weight.ndim > 1))
    return changed


def forgetful() -> nn.Module:
    layer = Forgetful(10, 10)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(10) + 1e-4)
    return layer


def said_by(network: Net, digits: Dataset, output: str = "logits", text: str = "0..1") -> dict[int, Check]:
    with torch.random.fork_rng(devices=[]):
        checks = check_classifier(network, Input.parse(text), Output.parse(output), digits=digits)
    assert [check.number for check in checks] == list(range(8, 35))
    for check in checks:
        assert check.sentence.isprintable()
        assert check.sentence.endswith(".")
        assert check.sentence[0].isupper(), check.sentence
        assert len(check.sentence) < 400
    return {check.number: check for check in checks}


def test_a_good_classifier_passes_every_check(good: nn.Sequential, adoption_digits: Dataset) -> None:
    weights = {name: value.clone() for name, value in good.state_dict().items()}
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    checks = said_by(Net(good), adoption_digits)
    assert [check for check in checks.values() if check.passed is not True] == []
    assert all(torch.equal(value, weights[name]) for name, value in good.state_dict().items())
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_classifier_is_named(fault: str, good: nn.Sequential, adoption_digits: Dataset) -> None:
    make, number, passed, words = BROKEN[fault]
    check = said_by(Net(make(good)), adoption_digits)[number]
    assert check.passed is passed, check
    assert words in check.sentence


def test_every_check_has_a_broken_classifier() -> None:
    assert {number for _, number, _, _ in BROKEN.values()} == set(CHECKS)


def test_columns_that_are_read_but_not_there(good: nn.Sequential, adoption_digits: Dataset) -> None:
    checks = said_by(Net(good), adoption_digits, "logits,classes=1/2/3/4/5/6/7/8/9/10")
    assert checks[15].passed is False
    assert "10 columns, and class 10 is read" in checks[15].sentence
    assert checks[33].passed is None


def test_what_a_strangers_code_says_is_one_printable_line(good: nn.Sequential, adoption_digits: Dataset) -> None:
    def shouting(rows: Tensor) -> Tensor:
        raise ValueError("\x1b[31mred\u202e\nand more")

    check = said_by(Net(Around(good, shouting)), adoption_digits)[11]
    assert check.passed is False
    assert "[31mred" in check.sentence


@pytest.mark.parametrize(
    ("after", "output"),
    [
        (lambda rows: rows.softmax(1), "probabilities"),
        (lambda rows: rows.log_softmax(1), "log-probabilities"),
        (lambda rows: rows.argmax(1), "labels"),
        (lambda rows: rows.argmax(1) + 1, "labels,classes=1/2/3/4/5/6/7/8/9/10"),
        (lambda rows: rows.roll(1, 1), "logits,classes=1/2/3/4/5/6/7/8/9/0"),
    ],
)
def test_what_was_agreed_is_no_fault(
    after: Callable[[Tensor], Tensor], output: str, good: nn.Sequential, adoption_digits: Dataset
) -> None:
    checks = said_by(Net(Around(good, after)), adoption_digits, output)
    faults = [check for check in checks.values() if check.passed is False]
    assert faults == []
    assert (checks[34].passed is None) == output.startswith("labels")


def test_a_network_of_its_own_contract_is_no_fault(mnist_or_none: Path | None, adoption_digits: Dataset) -> None:
    text = "0..255,dark,transposed,nhwc"

    class LastChannel(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.permute(0, 3, 1, 2)

    module = learnt(nn.Sequential(LastChannel(), *convolutional()), Input.parse(text), some_digits(mnist_or_none), 8)
    network = Net(module, shape=(28, 28, 1), layout="nhwc")
    checks = said_by(network, adoption_digits, text=text)
    # Trained for a second, it reads not quite nine tenths.
    assert [number for number, check in checks.items() if check.passed is False and number != 33] == []
    wrong = said_by(network, adoption_digits, text="0..255,nhwc")
    assert [wrong[number].passed for number in (29, 31, 32, 33)] == [False] * 4


def test_functions_of_arrays_are_checked_too(good: nn.Sequential, adoption_digits: Dataset) -> None:
    def predict(ink: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return good(torch.from_numpy(ink)).numpy()

    def spoiling(ink: np.ndarray) -> np.ndarray:
        answer = predict(ink)
        ink[:] = 0
        return answer

    def whole_tiles(ink: np.ndarray) -> np.ndarray:
        if len(ink) != 256:
            raise ValueError("256 only")
        return predict(ink)

    checks = said_by(Net(predict, torch=False), adoption_digits)
    assert [number for number, check in checks.items() if not check.made] == [8, 9, 10, 21, 23, 26, 28]
    assert all(check.passed is not False for check in checks.values())
    assert said_by(Net(spoiling, torch=False), adoption_digits)[20].passed is False
    fixed = said_by(Net(whole_tiles, torch=False), adoption_digits)
    assert fixed[11].passed is False


def test_a_network_that_takes_another_shape_is_told_which(adoption_digits: Dataset) -> None:
    checks = said_by(Net(convolutional(channels=3, side=32)), adoption_digits)
    assert "It takes (B, 3, 32, 32)" in checks[11].sentence
    assert all(checks[number].passed is None for number in range(12, 35))
    assert all(checks[number].sentence.startswith("Not checked") for number in range(12, 35))


def test_what_was_found_is_not_sought_again(
    good: nn.Sequential, adoption_digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = find_contract([Net(good)], adoption_digits)
    monkeypatch.setattr("robustmnist.adoption.checks.subject.find_contract", None)
    checks = check_classifier(
        Net(good), finding.best.input, finding.best.output, digits=adoption_digits, finding=finding
    )
    assert next(check for check in checks if check.number == 29).passed
