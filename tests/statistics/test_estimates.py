"""Means over digits of which some have no value."""

import numpy as np
import pytest

from robustmnist.statistics.estimates import estimate, estimates, paired_estimate


def test_undefined_digits_are_counted_and_do_not_count() -> None:
    found = estimate(np.array([0.2, np.nan, 0.4, np.nan]), 0.0, 1.0)
    assert (found.n, found.undefined) == (2, 2)
    assert found.mean == pytest.approx(0.3)
    nothing = estimate(np.array([np.nan, np.nan]))
    assert nothing.n == 0
    assert np.isnan(nothing.mean)


def test_rows_are_estimated_as_if_alone() -> None:
    rows = np.random.default_rng(0).random((4, 30))
    rows[1, 3] = rows[2, 3] = np.nan
    for found, row in zip(estimates(rows, 0.0, 1.0, 500), rows, strict=True):
        alone = estimate(row, 0.0, 1.0, 500)
        assert (found.mean, found.n, found.undefined) == (alone.mean, alone.n, alone.undefined)
        assert (found.low, found.high) == pytest.approx((alone.low, alone.high), abs=1e-6)


def test_the_interval_of_a_mean_covers_it_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(1)
    hits = 0
    for _ in range(100):
        found = estimate(generator.normal(0.5, 1.0, 40), resamples=400)
        hits += found.low <= 0.5 <= found.high
    assert hits >= 88


def test_pairs_need_both() -> None:
    a, b = np.array([1.0, 2.0, np.nan, 4.0]), np.array([0.5, 1.0, 1.0, np.nan])
    found = paired_estimate(a, b)
    assert (found.n, found.undefined, found.mean) == (2, 2, 0.75)
    assert found.p < 1.0
