"""Known truth: on planted checkpoints the map of the mark wins by every measure, and methods are ranked by it."""

import numpy as np
import pytest
import torch
from torch import nn

from robustmnist.data import Dataset, load_dataset
from robustmnist.data.planted import plant
from robustmnist.explanation import METHODS, explain
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


EDGE = 16  # px: where a corner of the frame ends, between two of the cells that methods leave out


@pytest.fixture(scope="module")
def heads() -> nn.Module:
    """Return a network in which the logits of 0 to 3 see a corner of the frame each, and nothing else."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10))
    first, last = model[1], model[3]
    assert isinstance(first, nn.Linear)
    assert isinstance(last, nn.Linear)
    corners = torch.stack([corner(head).flatten() for head in range(4)])
    with torch.no_grad():
        first.weight.mul_(corners.repeat_interleave(8, 0))
        last.weight[:4].mul_(torch.eye(4).repeat_interleave(8, 1))
    return model.eval()


def corner(head: int) -> torch.Tensor:
    rows = torch.arange(28) >= EDGE
    return (rows == bool(head // 2))[:, None] & (rows == bool(head % 2))


# Random masks hide several corners at once: RISE and the fit of kernel SHAP give what is not seen a share by chance.
LOCAL = [name for name, known in METHODS.items() if not known.layered and name not in ("rise", "kernel-shap")]


@pytest.mark.parametrize("method", [name for name in LOCAL if name != "guided-grad-cam"])
def test_what_a_head_cannot_see_has_no_share(heads: nn.Module, planted: Dataset, method: str) -> None:
    # Source: the disconnected heads of DiFull, Rao, Böhle & Schiele 2022, arXiv:2205.10435.
    targets = torch.arange(8) % 4
    references = planted.images[:3].expand(10, 3, 1, 28, 28)
    maps = explain(heads, planted.images, targets, method=method, references=references)[:, 0]
    near = 1 if method in ("occlusion", "inking") else 0  # their windows reach over the edge
    for row, head in enumerate(targets.tolist()):
        seen = nn.functional.max_pool2d(corner(head)[None].float(), 2 * near + 1, 1, near)[0] > 0
        assert float(maps[row][~seen].abs().max()) == 0.0
        assert float(maps[row][seen].abs().max()) > 0
