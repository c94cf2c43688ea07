"""The same bits alone, by seven, by 64, a thousand at once and backwards, and no global generator moves."""

import numpy as np
import pytest
import torch
from torch import Tensor

from robustmnist.data import Dataset, load_dataset
from robustmnist.explanation.attribution import attribute
from robustmnist.explanation.measuring import measure
from robustmnist.explanation.methods.method import Context
from robustmnist.explanation.metrics.candidate import control, of_method
from robustmnist.explanation.subject import Subject, subject_of
from robustmnist.explanation.target import Target
from robustmnist.models.checkpoints.checkpoint import load_checkpoint

MANY = 1_000
SIZES = (1, 7, 64)
PART = 128  # how many of them are asked again, by so many


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits").head(MANY)


@pytest.fixture(scope="module")
def subject() -> Subject:
    return subject_of(load_checkpoint("fc-small"))


def maps_of(subject: Subject, digits: Dataset, rows: Tensor) -> Tensor:
    target = Target.of_class(digits.labels[rows])
    return attribute(subject, digits.images[rows], target, Context(digits.ids[rows]), method="integrated-gradients")


def test_maps(subject: Subject, digits: Dataset) -> None:
    state, other = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    rows = torch.arange(MANY)
    whole = maps_of(subject, digits, rows)
    assert torch.equal(maps_of(subject, digits, rows[:PART].flip(0)).flip(0), whole[:PART])
    for size in SIZES:
        parts = [maps_of(subject, digits, some) for some in rows[: min(PART, 16 * size)].split(size)]
        assert torch.equal(torch.cat(parts), whole[: min(PART, 16 * size)]), size
    assert torch.equal(torch.get_rng_state(), state)
    assert np.array_equal(np.random.get_state()[1], other)  # noqa: NPY002


def test_measures(subject: Subject, digits: Dataset) -> None:
    explainers = [of_method("input-x-gradient"), control("random")]

    def scores(rows: Tensor) -> dict[str, np.ndarray]:
        target = Target.of_class(digits.labels[rows])
        given = digits.images[rows], target, digits.ids[rows]
        return measure(subject, *given, explainers, ["srg", "insertion"])

    rows = torch.arange(MANY)
    whole = scores(rows)
    for size in SIZES:
        some = rows[: min(PART, 8 * size)]
        parts = [scores(part) for part in some.split(size)]
        for name, values in whole.items():
            again = np.concatenate([part[name] for part in parts], axis=1)
            assert np.array_equal(again, values[:, : len(some)], equal_nan=True), (name, size)
    backwards = scores(rows[:PART].flip(0))
    for name, values in whole.items():
        assert np.array_equal(backwards[name][:, ::-1], values[:, :PART], equal_nan=True), name
