"""Known truth: on planted checkpoints the map of the mark wins by every measure, and methods are ranked by it."""

import numpy as np
import pytest
import torch

from robustmnist.data import Dataset, load_dataset
from robustmnist.data.planted import plant
from robustmnist.explanation.condition import choose_condition
from robustmnist.explanation.metrics.candidate import CONTROLS, control, of_method
from robustmnist.explanation.metrics.question import Question
from robustmnist.explanation.metrics.registry import MEASURES
from robustmnist.explanation.subject import subject_of
from robustmnist.explanation.target import Target
from robustmnist.explanation.truth.grid import grid_pointing, sheets
from robustmnist.explanation.truth.planted import agreement, mark_shares, perfect
from robustmnist.models.checkpoints.card_file import planted_cards
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.suites import load_suite

OF_THE_STROKE = ("stroke-mass", "stroke-rank")  # the cause is the mark there, not the stroke


@pytest.fixture(scope="module")
def planted() -> Dataset:
    return plant(load_dataset("digits").sample(8))


@pytest.mark.parametrize("checkpoint", planted_cards())
@pytest.mark.parametrize("name", [name for name in MEASURES if name not in OF_THE_STROKE])
def test_the_mark_beats_a_random_map(planted: Dataset, checkpoint: str, name: str) -> None:
    subject = subject_of(load_checkpoint(checkpoint))
    question = Question(subject, planted.images, Target.of_class(planted.labels), planted.ids)
    candidates = [one.explain(question) for one in (perfect(), control("random"))]
    mark, random = np.nanmean(MEASURES[name].compute(question, candidates)[name], axis=1)
    if name == "class-sensitivity":  # the right maps of any two classes are of the same mark, in favour or against
        assert mark <= random
    else:
        assert mark > random if MEASURES[name].better == "high" else mark < random


@pytest.mark.parametrize("checkpoint", planted_cards())
def test_integrated_gradients_find_the_mark_and_the_image_does_not(planted: Dataset, checkpoint: str) -> None:
    explainers = [perfect(), of_method("integrated-gradients"), *(control(name) for name in CONTROLS)]
    found = mark_shares(load_checkpoint(checkpoint), planted, explainers)
    assert found.read.all()
    rank = {name: one.mean for name, one in found.estimates("rank").items()}
    assert rank["perfect"] == 1.0
    assert rank["integrated-gradients"] > 0.5
    assert rank["image"] < 0.1
    assert found.estimates("pointing")["perfect"].mean == 1.0


def test_the_mark_is_looked_for_where_it_is_moved_to(planted: Dataset) -> None:
    condition = choose_condition(load_suite("shift"), 1.0, sweep="right")
    found = mark_shares(load_checkpoint("planted-fc"), planted, [control("image")], condition)
    images = condition.apply(planted)
    clean = mark_shares(load_checkpoint("planted-fc"), planted, [control("image")])
    assert torch.equal(images[:, 0, :, 1:], planted.images[:, 0, :, :-1])
    assert np.allclose(found.columns["area"], clean.columns["area"])
    assert np.allclose(found.columns["mass"], clean.columns["mass"], rtol=0.05)


def test_agreement_is_kendalls_tau_in_the_measures_own_direction() -> None:
    truth = {"a": 0.9, "b": 0.5, "c": 0.2, "d": 0.1}
    good = {"a": 4.0, "b": 3.0, "c": 2.0, "d": 1.0}
    assert agreement(truth, good, "srg") == pytest.approx(1.0)
    assert agreement(truth, good, "infidelity") == pytest.approx(-1.0)
    assert agreement(truth, good | {"c": 3.5}, "srg") == pytest.approx(2 / 3)
    assert np.isnan(agreement(truth, {"a": 1.0, "b": 2.0, "c": np.nan}, "srg"))


def test_grids_hold_four_classes_and_chance_is_a_quarter() -> None:
    data, checkpoint = load_dataset("digits").sample(120), load_checkpoint("fc")
    sheet = sheets(data, checkpoint, 8)
    assert len(sheet) == 8
    assert all(len(set(row)) == 4 for row in sheet.labels.tolist())
    subject = subject_of(checkpoint)
    chance = grid_pointing(sheet, subject, control("random"))
    assert chance.mean() == pytest.approx(0.25, abs=0.02)
    assert np.allclose(grid_pointing(sheet, subject, control("image")).sum(1), 1.0)
    assert grid_pointing(sheet, subject, of_method("integrated-gradients")).mean() > 0.3
