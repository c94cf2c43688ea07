"""Curves: 1 at neutral, the floor, where they break, in any batch; and classifiers whose curves are known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from robustmnist.data import load_dataset
from robustmnist.explanation.curves.followed import Followed
from robustmnist.explanation.curves.following import follow
from robustmnist.explanation.curves.half_life import broken_at, half_life_rows, pair_rows
from robustmnist.explanation.curves.rows import curve_table, curves_of
from robustmnist.models.checkpoints.checkpoint import Checkpoint, load_checkpoint
from robustmnist.models.inference.deployed import deployed
from robustmnist.suites import load_suite
from robustmnist.suites.sides import sides

METHODS = ["integrated-gradients", "input-x-gradient"]
ANGLES = replace(load_suite("rotation").sweeps[0], values=(-30.0, 0.0, 15.0, 30.0, 60.0))
SHIFTS = replace(next(one for one in load_suite("shift").sweeps if one.name == "right"), values=(0.0, 1.0, 2.0))


class Places(nn.Module):
    """Logits that are sums of ink over fixed places: its maps stay where they are, whatever moves."""

    def __init__(self) -> None:
        super().__init__()
        self.flat = nn.Flatten()
        self.line = nn.Linear(784, 10)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.line(self.flat(images))
        return logits


class Anywhere(nn.Module):
    """Logits that are multiples of all ink, wherever it lies: its maps move with it."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.linspace(0.1, 1.0, 10))

    def forward(self, images: Tensor) -> Tensor:
        return images.square().sum((1, 2, 3))[:, None] * self.scale


def checkpoint_of(model: nn.Module, name: str) -> Checkpoint:
    known = load_checkpoint("fc-small")
    return replace(known, name=name, model=model.eval(), deployed=deployed(model.eval()))


@pytest.fixture(scope="module")
def followed() -> list[Followed]:
    data = load_dataset("digits").sample(40)
    checkpoints = {name: load_checkpoint(name) for name in ("fc", "fc-small")}
    return follow(checkpoints, data, "rotation", ANGLES, methods=METHODS)


def test_the_map_at_neutral_is_the_clean_one_bit_for_bit(followed: list[Followed]) -> None:
    for one in followed:
        for values in one.similar.values():
            assert (values[1] == 1.0).all()
        assert one.kept[1].all()
    assert [(one.checkpoint, one.method) for one in followed] == [
        (name, method) for name in ("fc", "fc-small") for method in METHODS
    ]


def test_a_digits_curve_does_not_depend_on_the_batch(followed: list[Followed]) -> None:
    data = load_dataset("digits").sample(40)
    some = data.select(data.ids[[5, 11, 30]])
    few = follow({"fc": load_checkpoint("fc")}, some, "rotation", ANGLES, methods=METHODS[:1])[0]
    for key, values in few.similar.items():
        assert np.array_equal(values, followed[0].similar[key][:, [5, 11, 30]], equal_nan=True)


def test_an_equivariant_classifier_is_alike_once_turned_back_and_only_then() -> None:
    data = load_dataset("digits").sample(20)
    one = follow({"a": checkpoint_of(Anywhere(), "a")}, data, "shift", SHIFTS, methods=["input-x-gradient"])[0]
    assert np.allclose(one.similar["cosine", "aligned"], 1.0, atol=1e-6)
    assert np.allclose(one.similar["cosine", "control"], 1.0, atol=1e-6)
    assert np.nanmean(one.similar["cosine", "raw"][-1]) < 0.9


def test_places_move_the_other_way() -> None:
    torch.manual_seed(0)
    data = load_dataset("digits").sample(20)
    one = follow({"p": checkpoint_of(Places(), "p")}, data, "shift", SHIFTS, methods=["saliency"])[0]
    assert np.allclose(one.similar["cosine", "raw"], 1.0, atol=1e-5)
    assert np.nanmean(one.similar["cosine", "aligned"][-1]) < 0.5


def test_a_map_breaks_half_way_to_the_floor(followed: list[Followed]) -> None:
    one = followed[0]
    half = (1 + one.floor["cosine"].mean()) / 2
    above = next(side for side in sides(one.sweep) if side.name == "above")
    at, failed = broken_at(one, above)
    for digit in range(len(one.ids)):
        below = [
            value
            for value in (15.0, 30.0, 60.0)
            if one.similar["cosine", "aligned"][ANGLES.values.index(value), digit] < half
        ]
        assert (at[digit], failed[digit]) == ((below[0], True) if below else (60.0, False))


def test_a_zero_map_is_undefined_when_clean_and_broken_when_perturbed(followed: list[Followed]) -> None:
    one = followed[0]
    similar = {key: values.copy() for key, values in one.similar.items()}
    similar["cosine", "aligned"][:, 0] = np.nan
    similar["cosine", "aligned"][2:, 1] = np.nan
    changed = replace(one, similar=similar)
    above = next(side for side in sides(one.sweep) if side.name == "above")
    at, failed = broken_at(changed, above)
    assert np.isnan(at[0])
    assert (at[1], failed[1]) == (15.0, True)
    row = next(row for row in half_life_rows([changed]) if row.side == "above")
    assert (row.n, row.undefined) == (39, 1)


def test_rows_and_pairs(followed: list[Followed]) -> None:
    rows = half_life_rows(followed)
    assert len(rows) == 2 * 2 * 2
    assert all(0 <= row.first <= 1 for row in rows)
    pairs = pair_rows(followed)
    assert {(pair.a, pair.b) for pair in pairs} == {("fc", "fc-small")}
    assert len(pairs) == 4
    mine = broken_at(followed[0], sides(ANGLES)[1])[0] - broken_at(followed[2], sides(ANGLES)[1])[0]
    found = next(pair for pair in pairs if pair.method == METHODS[0] and pair.side == "above")
    assert found.over.mean == pytest.approx(mine.mean())


def test_kept_and_flipped_digits_are_all_digits(followed: list[Followed]) -> None:
    curves = [list(curves_of(one)) for one in followed[:1]]
    table = curve_table(followed[:1], curves)
    raw = table[(table.similarity == "cosine") & (table.kind == "raw")].set_index(["group", "value"])
    counts = raw.n + raw.undefined
    for value in ANGLES.values:
        assert counts["kept", value] + counts["flipped", value] == counts["all", value] == 40
    assert (table.low.fillna(0) <= table["mean"].fillna(0)).all()
    assert (table["mean"].fillna(0) <= table.high.fillna(0)).all()


def test_what_cannot_be_turned_back_is_said() -> None:
    said: list[str] = []
    sweep = replace(next(one for one in load_suite("geometry").sweeps if one.name == "elastic"), values=(0.0, 2.0))
    data = load_dataset("digits").sample(10)
    checkpoint = {"fc": load_checkpoint("fc")}
    one = follow(checkpoint, data, "geometry", sweep, methods=["saliency", "grad-cam"], notify=said.append)
    assert len(one) == 1
    assert one[0].best_kind == "raw"
    assert np.isnan(one[0].similar["cosine", "aligned"][1]).all()
    assert any("turned back" in words for words in said)
    assert any("grad-cam is left out" in words for words in said)
