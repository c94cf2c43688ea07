"""Samples of a data set: stratified, nested, the same every time, and like the whole."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import robustmnist as rm
from robustmnist.cli import cli
from robustmnist.data import Dataset, load_dataset
from robustmnist.errors import DataError
from robustmnist.results import wilson

SIZES = (1, 9, 10, 57, 400, 1000, 1796)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits")


def test_every_class_has_its_share(digits: Dataset) -> None:
    share = torch.bincount(digits.labels).double() / len(digits)
    for n in SIZES:
        counts = torch.bincount(digits.sample(n).labels, minlength=10)
        assert int(counts.sum()) == n
        assert (counts - n * share).abs().max() < 1
    rare = digits.select([*torch.nonzero(digits.labels == 3)[:, 0], *torch.nonzero(digits.labels == 8)[:18, 0]])
    assert torch.bincount(rare.sample(50).labels)[8] == pytest.approx(50 * 18 / len(rare), abs=1)


def test_samples_are_nested_and_keep_order_and_ids(digits: Dataset) -> None:
    before: set[int] = set()
    for n in SIZES:
        sample = digits.sample(n)
        ids = sample.ids.tolist()
        assert ids == sorted(ids)
        assert before < set(ids)
        assert torch.equal(sample.images, digits.images[sample.ids])
        assert torch.equal(sample.labels, digits.labels[sample.ids])
        before = set(ids)
    assert digits.sample(None) is digits
    assert digits.sample(len(digits)) is digits


def test_a_sample_depends_on_ids_and_labels_alone(digits: Dataset) -> None:
    order = torch.randperm(len(digits), generator=torch.Generator().manual_seed(0))
    shuffled = replace(digits.select(order), images=torch.zeros(len(digits), 1, 28, 28))
    assert sorted(shuffled.sample(300).ids.tolist()) == digits.sample(300).ids.tolist()
    assert digits.sample(12).ids.tolist() == [
        571,
        624,
        881,
        1300,
        1305,
        1329,
        1354,
        1378,
        1466,
        1535,
        1611,
        1668,
    ]  # the same next year: published numbers rest on it


def test_a_sample_is_no_head(digits: Dataset) -> None:
    ids = digits.sample(600).ids.double()
    assert float(ids.mean()) == pytest.approx(898, abs=4 * 519 / 600**0.5)
    assert float(ids.std()) == pytest.approx(519, rel=0.1)


def test_what_is_no_sample(digits: Dataset) -> None:
    with pytest.raises(DataError, match="cannot take a sample of 0 images; ask for 1 or more"):
        digits.sample(0)
    with pytest.raises(DataError, match="digits: an id is -5; number the images from 0"):
        replace(digits, ids=digits.ids - 5).sample(3)


def test_what_was_chosen_is_in_the_record(digits: Dataset) -> None:
    assert digits.sample(1000).provenance.choice == "a stratified sample of 1,000 of 1,797"
    assert digits.head(1000).provenance.as_dict()["choice"] == "the first 1,000 of 1,797"
    assert "choice" not in digits.provenance.as_dict()
    assert digits.sample(1000).provenance.n == 1000


@pytest.mark.parametrize(("option", "words"), [("--limit", "a stratified sample of"), ("--first", "the first")])
def test_the_terminal_says_what_was_chosen(option: str, words: str) -> None:
    result = CliRunner().invoke(cli, ["measure", "--dataset", "digits", option, "20", "--device", "cpu"])
    assert result.exit_code == 0
    assert f"data: digits (test), 20 images ({words} 20 of 1,797), sha256 8f26b2bd…" in result.stderr


@pytest.mark.parametrize("command", [["measure"], ["evaluate"], ["compare", "fc", "cnn"], ["perturb", "-s", "shift"]])
@pytest.mark.parametrize("order", [("--limit", "--first"), ("--first", "--limit")])
def test_a_sample_or_the_first_but_not_both(command: list[str], order: tuple[str, str]) -> None:
    result = CliRunner().invoke(cli, [*command, order[0], "5", order[1], "5"])
    assert result.exit_code == 2
    assert "give --limit or --first, not both" in result.stderr


def test_accuracy_on_a_sample_is_that_of_the_whole(mnist_dir: Path) -> None:
    """The first 5,000 test digits of MNIST are harder than the rest: no interval of such a head holds the whole."""
    mnist = load_dataset("mnist", data_dir=mnist_dir)
    right = rm.load_checkpoint("fc")(mnist.images).argmax(1) == mnist.labels
    for n in (1000, 2000, 5000):
        low, high = wilson(int(right[mnist.sample(n).ids].sum()), n)
        assert low <= float(right.double().mean()) <= high
    low, high = wilson(int(right[mnist.head(5000).ids].sum()), 5000)
    assert high < float(right.double().mean())
