"""Intervals at the edge: closed forms, and coverage of a known truth where next to nothing varies."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import beta, binomtest, kstest
from synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.predictions import Predictions
from robustmnist.results import areas, compare, critical_strengths, map_means, suite_areas
from robustmnist.results.bootstrap import resampled_sums
from robustmnist.results.unseen import mean_ends, rarely, skewed, unseen_draws, with_unseen

Array = NDArray[np.float64]
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


def accuracies(rng: np.random.Generator, n: int, rate: float) -> Array:
    return 1.0 - (rng.random(n) < rate)


def curves(rng: np.random.Generator, n: int, rate: float) -> Array:
    """Return areas: three times `rate` of the digits fail, each at a strength of its own, most near the end."""
    return 1.0 - (rng.random(n) < 3 * rate) * np.ceil(rng.random(n) ** 2 * 20) / 20


def differences(rng: np.random.Generator, n: int, rate: float) -> Array:
    chosen = rng.random(n)
    return (chosen < 0.75 * rate).astype(np.float64) - (chosen > 1 - 0.25 * rate)


FAILED_AREA = float(np.mean(np.ceil(((np.arange(100_000) + 0.5) / 100_000) ** 2 * 20)) / 20)
# How images are drawn, the least that one can have, and the mean.
SHAPES: dict[str, tuple[Callable[[np.random.Generator, int, float], Array], float, Callable[[float], float]]] = {
    "accuracy": (accuracies, 0.0, lambda rate: 1 - rate),
    "area": (curves, 0.0, lambda rate: 1 - 3 * rate * FAILED_AREA),
    "difference": (differences, -1.0, lambda rate: 0.5 * rate),
}


@pytest.mark.parametrize(("n", "rate"), [(100, 0.004), (100, 0.04), (500, 0.004), (1797, 0.004)])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_mean_is_covered_where_next_to_nothing_varies(shape: str, n: int, rate: float) -> None:
    # Percentile intervals cover 27 to 60 % at n = 100 and 77 to 89 % at 500.
    draw, lowest, mean = SHAPES[shape]
    rng, truth, inside, times = np.random.default_rng(0), mean(rate), 0, 400
    for _ in range(times):
        images = draw(rng, n, rate)
        levels, held = np.unique(images, return_counts=True)
        drawn = rng.multinomial(n, held / n, size=400) @ levels / n
        low, high = mean_ends(drawn, images, 0, lowest, 1.0)
        inside += bool(low <= truth + 1e-12 and truth - 1e-12 <= high)
    assert inside / times >= 0.93
