"""Intervals at the edge: closed forms, and coverage of a known truth where next to nothing varies."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binomtest, kstest
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from benchmarks.coverage import MEANS, critical_coverage, mean_coverage, score_coverage
from robustmnist.predictions import Predictions
from robustmnist.results import areas, compare, critical_strengths, map_means, suite_areas
from robustmnist.statistics.resampling import resampled_sums
from robustmnist.statistics.unseen import mean_ends, rarely, skewed, unseen_draws, with_unseen

SWEEP = make_sweep(values=(0, 1, 2))
MAP = make_sweep("map", "translate", "dx", "px", (0, 1), over={"dy": (0.0, 1.0)}, crossed={"dy": 0.0})


def perfect(n: int, wrong: int = 0) -> Predictions:
    """Return a run of two checkpoints that read all of n images right everywhere, but the first `wrong` nowhere."""
    run = synthetic_predictions(("a", "b"), n=n, suites=[make_suite("s", SWEEP), make_suite("m", MAP)], digits=False)
    answer = (run.labels + (np.arange(n) < wrong)) % 10
    logits = np.eye(10, dtype=np.float32)[answer]
    tables = {key: np.broadcast_to(logits, array.shape).copy() for key, array in run.logits.items()}
    return replace(run, clean=np.broadcast_to(logits, run.clean.shape).copy(), logits=tables)


# --- closed forms --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [20, 100, 1797])
def test_of_images_all_alike_the_interval_is_the_exact_binomial_one(n: int) -> None:
    exact = binomtest(n, n).proportion_ci(method="exact").low
    run = perfect(n)
    for table in (areas(run), suite_areas(run)):
        np.testing.assert_allclose(table["area_low"], exact, rtol=0.02 * 4 / n)
        assert (table["area_high"] == 1).all()
    means = map_means(run)
    np.testing.assert_allclose(means["mean_low"], exact, rtol=0.02 * 4 / n)
    found = compare(run, "a", "b")
    for table in (found.settings, found.sweeps, found.suites):
        assert (table["difference"] == 0).all()
        np.testing.assert_allclose(table["difference_low"], exact - 1, rtol=0.05)
        np.testing.assert_allclose(table["difference_high"], 1 - exact, rtol=0.05)


def test_twenty_digits_all_right_may_lose_a_tenth_at_once() -> None:
    few, many = (critical_strengths(perfect(n), 2_000).iloc[0] for n in (20, 200))
    assert few["beyond"]
    assert 0 < few["critical_near"] <= 1
    assert np.isnan(few["critical_far"])
    assert np.isnan(many["critical_near"])  # 200 digits allow no more than 1.8 % of mistakes


@given(st.integers(0, 2**32 - 1))
def test_negated_images_have_the_negated_interval(seed: int) -> None:
    rng = np.random.default_rng(seed)
    images = rng.choice([-1.0, 0.0, 0.25, 1.0], size=(3, 40), p=[0.02, 0.9, 0.05, 0.03])
    drawn = resampled_sums(images.T, 400, 0) / 40
    low, high = mean_ends(drawn, images, 0, -1.0, 1.0)
    low_of_negated, high_of_negated = mean_ends(-drawn, -images, 0, -1.0, 1.0)
    np.testing.assert_allclose(low, -high_of_negated, atol=1e-12)
    np.testing.assert_allclose(high, -low_of_negated, atol=1e-12)
    assert (low <= images.mean(axis=1)).all()
    assert (images.mean(axis=1) <= high).all()


def test_the_skewness_of_right_and_wrong_is_worth_a_rare_answer() -> None:
    # Of k wrong in n, Σ (x − mean)³ / Σ (x − mean)² = 1 − 2 · mean: the image lies near the wrong ones.
    images = np.zeros(100)
    images[:3] = 1
    assert skewed(images) == pytest.approx(0.03 + 0.94)
    assert skewed(np.full(50, 0.3)) == pytest.approx(0.3)


def test_what_is_drawn_is_seeded_and_a_prefix() -> None:
    np.testing.assert_array_equal(unseen_draws(900, 3)[:40], unseen_draws(40, 3))
    assert (unseen_draws(40, 3) != unseen_draws(40, 4)).any()
    weights = with_unseen(np.zeros(4_000), 9, 0, 1.0)
    assert kstest(weights, beta(1, 9).cdf).pvalue > 0.01
    assert rarely(0.0, 50, 0).all()
    assert rarely(2.0, 4_000, 0).mean() == pytest.approx(0.5, abs=0.03)


# --- coverage ------------------------------------------------------------------------------------------------------


HARD = [(100, 0.004), (100, 0.04), (500, 0.004), (1797, 0.004)]


@pytest.mark.parametrize(("n", "rate"), HARD)
@pytest.mark.parametrize("name", MEANS)
def test_a_mean_is_covered_where_next_to_nothing_varies(name: str, n: int, rate: float) -> None:
    mine, plain = mean_coverage(name, n, rate, 400, 400)
    assert mine >= 0.93
    if n * rate <= 2:
        assert plain < 0.93  # what percentiles alone cover


@pytest.mark.parametrize(("n", "rate"), HARD[:3])
def test_a_critical_strength_is_covered(n: int, rate: float) -> None:
    assert critical_coverage(n, rate, 400, 400)[0] >= 0.93


@pytest.mark.parametrize("n", [100, 500, 1797])
def test_scores_of_a_checkpoint_that_errs_on_one_in_200_are_covered(n: int) -> None:
    # Percentile intervals cover 23 to 45 % at n = 100, 55 to 79 % at 500 and 77 to 91 % at 1,797.
    for name, share in score_coverage(n, 0.005, 200, 300).items():
        assert share >= 0.93, name
