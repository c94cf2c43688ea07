"""Test digits by hash: a fifth, the same whatever else is in the set, never on both sides; by name too."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from robustmnist.data import Dataset, load_dataset
from robustmnist.data.split import digests, held_back, part_of, whole_groups
from robustmnist.errors import DataError


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return replace(load_dataset("printed"), groups=None)


def test_a_fifth_is_held_back(digits: Dataset) -> None:
    test, train = part_of(digits, "test"), part_of(digits, "train")
    assert 0.17 < len(test) / len(digits) < 0.23
    assert torch.bincount(test.labels).min() > 30
    assert sorted([*test.ids.tolist(), *train.ids.tolist()]) == digits.ids.tolist()
    assert not np.isin(digests(test), digests(train)).any()
    twice = Dataset(digits.images.repeat(2, 1, 1, 1), digits.labels.repeat(2), torch.arange(6600), digits.provenance)
    assert (held_back(twice).reshape(2, -1) == held_back(digits)).all()
    assert test.provenance.choice == f"{len(test):,} of 3,300, a fifth by hash"
    assert set(test.factors) == set(digits.factors)


def test_a_digit_is_chosen_by_its_image_alone(digits: Dataset) -> None:
    some = digits.select(range(3000, 100, -7))
    assert held_back(some).tolist() == held_back(digits)[some.ids.numpy()].tolist()
    other = Dataset(some.images, (some.labels + 1) % 10, torch.arange(len(some)), some.provenance)
    assert held_back(other).tolist() == held_back(some).tolist()
    floats = Dataset.from_arrays(some.images.double() * 0.999, some.labels)
    assert 0.1 < held_back(floats).mean() < 0.3


def test_a_part_by_name(digits: Dataset, tmp_path: Path) -> None:
    few = digits.head(200)
    np.savez(tmp_path / "mine.npz", images=few.stored.numpy()[:, 0], labels=few.labels.numpy())
    test, train = (load_dataset(f"npz:{tmp_path}/mine.npz,form=stored,part={part}") for part in ("test", "train"))
    assert test.ids.tolist() == np.flatnonzero(held_back(few)).tolist()
    assert (test.provenance.part, train.provenance.part) == ("test", "train")
    assert len(test) + len(train) == 200
    with pytest.raises(DataError, match="part=both: is not a part"):
        load_dataset(f"npz:{tmp_path}/mine.npz,part=both")


def test_writers_are_on_one_side_where_they_are_known(digits: Dataset) -> None:
    writers = torch.arange(len(digits)) % 11 * 10
    known = replace(digits, groups=writers)
    test, train = part_of(known, "test"), part_of(known, "train")
    assert len(set(test.groups.tolist())) == 3  # of eleven, rounded up
    assert not set(test.groups.tolist()) & set(train.groups.tolist())
    assert test.provenance.choice == "900 of 3,300, those of 3 of 11 writers"
    assert (held_back(replace(known, labels=(known.labels + 1) % 10)) == held_back(known)).all()
    single = replace(digits, groups=torch.zeros(len(digits), dtype=torch.int64))
    assert (held_back(single) == held_back(digits)).all()
    test, train = part_of(single, "test"), part_of(single, "train")
    assert test.provenance.choice == f"{len(test):,} of 3,300, a fifth by hash"
    assert train.provenance.choice == f"{len(train):,} of 3,300, all but a fifth by hash"


@pytest.mark.parametrize(("most", "groups"), [(1, 1), (300, 1), (460, 2), (1500, 5)])
def test_whole_groups_are_about_as_many_rows_as_asked_for(most: int, groups: int) -> None:
    names = torch.arange(3300) % 11
    rows = whole_groups(names, most, seed=3)
    assert rows is not None
    assert set(names[rows].tolist()).isdisjoint(names[~rows].tolist())
    assert len(set(names[rows].tolist())) == groups
    assert rows.tolist() != whole_groups(names, most, seed=4).tolist()  # type: ignore[union-attr]


def test_a_single_group_is_not_cut() -> None:
    assert whole_groups(torch.tensor([5] * 40), 30, seed=1) is None


@pytest.mark.parametrize("seed", range(4))
def test_a_group_of_more_than_half_is_passed_over(seed: int) -> None:
    names = torch.tensor([1] * 10 + [2] * 30)
    assert whole_groups(names, 30, seed).tolist() == [True] * 10 + [False] * 30  # type: ignore[union-attr]


@pytest.mark.parametrize("many", [1, 3, 10, 100])
def test_a_writer_with_most_of_the_digits_is_never_held_back(digits: Dataset, many: int) -> None:
    writers = torch.zeros(400, dtype=torch.int64)
    writers[300:] = 1 + torch.arange(100) % many
    for name in range(20):  # whatever the order of the hashes
        some = replace(digits.head(400), groups=writers * 31 + name)
        test = part_of(some, "test")
        assert 0 < len(test) <= 100
        assert name not in test.groups.tolist()
        held = len(set(test.groups.tolist()))
        assert test.provenance.choice == f"{len(test)} of 400, those of {held} of {many + 1} writers"
        assert part_of(some, "train").provenance.choice == (
            f"{400 - len(test)} of 400, all but those of {held} of {many + 1} writers"
        )
