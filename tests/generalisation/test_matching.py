"""Matching: nothing happens at home, a known change is undone, readings reach those of home."""

import numpy as np
import pytest
import torch

from robustmnist.data import Dataset, load_dataset
from robustmnist.generalisation.matching import MATCHES, TOGETHER, Readings, match, read, there_and_back
from robustmnist.perturb import scale, shear, shift, thickness


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits").sample(150)


@pytest.fixture(scope="module")
def home(digits: Dataset) -> Readings:
    return read(digits.images)


@pytest.mark.parametrize("what", [*MATCHES, TOGETHER])
def test_at_home_nothing_changes(digits: Dataset, home: Readings, what: str) -> None:
    assert torch.equal(match(digits.images, home, what), digits.images)


@pytest.mark.parametrize(
    ("what", "measure", "change", "near"),
    [
        ("stroke width", "stroke-width", lambda images: thickness(images, change=-1.0), 0.25),
        ("slant", "slant", lambda images: shear(images, horizontal=0.4), 0.04),
        ("size", "size", lambda images: scale(images, factor=0.7), 0.4),
        ("position", "centroid-x", lambda images: shift(images, dx=3), 0.01),
        ("ink", "ink", lambda images: (images * 1.2 - 0.2).clamp(0, 1), 4.0),
    ],
)
def test_a_known_change_is_undone(
    digits: Dataset, home: Readings, what: str, measure: str, change, near: float
) -> None:  # type: ignore[no-untyped-def]
    changed = change(digits.images)
    away = np.abs(np.median(read(changed, (measure,))[measure]) - np.median(home[measure]))
    back = np.abs(np.median(read(match(changed, home, what), (measure,))[measure]) - np.median(home[measure]))
    assert back < min(near, away / 3)


@pytest.mark.parametrize("what", [*MATCHES, TOGETHER])
def test_there_and_back_is_home(digits: Dataset, home: Readings, what: str) -> None:
    assert torch.equal(there_and_back(digits.images, home, home, what), digits.images)
    away = read(scale(shear(digits.images, horizontal=0.3), factor=0.8))
    moved = read(there_and_back(digits.images, home, away, what))
    for measure in MATCHES.get(what, {}):
        assert abs(np.median(moved[measure]) - np.median(home[measure])) < 0.5 * max(
            abs(np.median(away[measure]) - np.median(home[measure])), 2 * MATCHES[what][measure]
        )


def test_a_shift_is_undone_bit_for_bit(digits: Dataset, home: Readings) -> None:
    assert torch.equal(match(shift(digits.images, dx=3, dy=-2), home, "position"), digits.images)


def test_a_digit_does_not_depend_on_the_order(digits: Dataset, home: Readings) -> None:
    order = torch.randperm(150, generator=torch.Generator().manual_seed(0))
    changed = shear(digits.images, horizontal=0.3)
    assert torch.equal(match(changed, home, TOGETHER)[order], match(changed[order], home, TOGETHER))


def test_blank_images_stay_blank(home: Readings) -> None:
    blank = torch.zeros(2, 1, 28, 28)
    for what in (*MATCHES, TOGETHER):
        assert torch.equal(match(blank, home, what), blank)
