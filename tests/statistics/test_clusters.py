"""Intervals of groups: wider than those of images, and as wide as they must be to hold the truth."""

import numpy as np
import pytest

from robustmnist.statistics.clusters import clustered_sums, few_groups, group_count, mean_interval, share_interval
from robustmnist.statistics.wilson import wilson


def test_without_groups_it_is_wilson() -> None:
    right = np.arange(200) < 150
    assert share_interval(right, None, 100, 0) == pytest.approx([float(end) for end in wilson(150, 200)])


def test_groups_of_one_change_little_and_alike_groups_much() -> None:
    rng = np.random.default_rng(0)
    right = rng.random(1000) < 0.9
    low, high = share_interval(right, None, 1000, 0)
    alone = share_interval(right, np.arange(1000), 1000, 0)
    assert alone[0] <= low
    assert alone[1] >= high
    assert alone[1] - alone[0] < 1.1 * (high - low)
    writers = np.repeat(rng.random(20) < 0.9, 50)  # a writer is read always or never
    wide = share_interval(writers, np.repeat(np.arange(20), 50), 1000, 0)
    narrow = share_interval(writers, None, 1000, 0)
    assert wide[1] - wide[0] > 4 * (narrow[1] - narrow[0])


def test_never_narrower_than_wilson_where_no_resample_differs() -> None:
    assert share_interval(np.ones(50, bool), np.arange(50) // 10, 200, 0)[0] == pytest.approx(float(wilson(50, 50)[0]))


def test_intervals_of_groups_hold_the_truth() -> None:
    """Of 200 samples of 40 writers whose accuracies differ, at least 180 hold the mean over all writers."""
    rng = np.random.default_rng(1)
    held = {True: 0, False: 0}
    for trial in range(200):
        writer = np.repeat(np.arange(40), 25)
        right = rng.random(1000) < rng.beta(9, 1, 40)[writer]
        for clustered in held:
            low, high = share_interval(right, writer if clustered else None, 300, trial)
            held[clustered] += low <= 0.9 <= high
    assert held[True] >= 180 > held[False]


@pytest.mark.parametrize("writers", [6, 20])
def test_few_groups_are_told_as_few(writers: int) -> None:
    """Of 200 means over so many writers at least 180 intervals hold the truth, 0."""
    rng = np.random.default_rng(2)
    writer = np.repeat(np.arange(writers), 10)
    held = 0
    for trial in range(200):
        low, high = mean_interval(
            rng.normal(0, 1, writers)[writer] + rng.normal(0, 0.3, len(writer)), writer, 200, trial
        )
        held += low <= 0 <= high
    assert held >= 180


def test_a_single_group_tells_nothing_of_groups() -> None:
    right = np.arange(50) < 40
    assert share_interval(right, np.zeros(50, int), 200, 0) == pytest.approx(
        share_interval(right, None, 200, 0), abs=0.05
    )


def test_sums_are_of_whole_groups_and_seeded() -> None:
    columns = np.array([[1.0], [2.0], [4.0]])
    sums = clustered_sums(columns, np.array([5, 5, 9]), 50, 3)
    assert set(sums.ravel().tolist()) == {6.0, 7.0, 8.0}  # two draws of {3, 4}
    assert np.array_equal(sums, clustered_sums(columns, np.array([0, 0, 1]), 50, 3))


def test_mean_of_nothing() -> None:
    assert np.isnan(mean_interval(np.zeros(0), None, 10, 0)).all()


def test_the_factor_of_few_groups() -> None:
    """Student's quantile of 5 degrees is 2.5706, the normal one 1.9600."""
    assert few_groups(6) == pytest.approx(2.5706 / 1.9600 * (6 / 5) ** 0.5, rel=1e-4)
    assert [few_groups(1), few_groups(10**6)] == pytest.approx([1, 1], abs=1e-5)
    assert [group_count(groups, 4) for groups in (None, np.zeros(4, int), np.array([1, 1, 2, 2]))] == [4, 4, 2]
