"""How images move critical strengths: against a derivative taken by hand, and against the bootstrap."""

import numpy as np
import pytest
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.results import critical_influences, critical_strengths
from robustmnist.results.correctness import clean_right, hits
from robustmnist.results.focus import KEEP
from robustmnist.statistics.curves import fall, fall_influences

DISTANCES = np.array([0.0, 1.0, 2.0, 4.0])


def falling(n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return which of n images are read right at each distance, a digit at a time failing for good."""
    fails = np.random.default_rng(2).gamma(4.0, 0.7, n)
    return (fails > DISTANCES[:, None]).astype(np.float64)


def test_influences_are_derivatives_by_weight() -> None:
    right, small = falling(80), 1e-6
    influences = fall_influences(DISTANCES, right, KEEP * right[0])
    before = float(fall(DISTANCES, right.mean(1), np.array(KEEP * right[0].mean())))
    assert influences.mean() == pytest.approx(0, abs=1e-12)
    for image in (0, 7, 40):
        weights = np.full(80, (1 - small) / 80)
        weights[image] += small
        accuracy = right @ weights
        after = float(fall(DISTANCES, accuracy, np.array(KEEP * accuracy[0])))
        assert influences[image] == pytest.approx((after - before) / small, rel=1e-3)


def test_nothing_moves_where_nothing_falls() -> None:
    always, never = np.ones((4, 9)), np.zeros((4, 9))
    assert not fall_influences(DISTANCES, always, KEEP * always[0]).any()
    assert not fall_influences(DISTANCES, never, np.full(9, 0.5)).any()


def test_their_spread_is_that_of_the_bootstrap() -> None:
    right, rng = falling(500), np.random.default_rng(0)
    spread = fall_influences(DISTANCES, right, KEEP * right[0]).std(ddof=1) / np.sqrt(500)
    drawn = rng.integers(0, 500, (2000, 500))
    accuracy = right[:, drawn].mean(2).T
    assert fall(DISTANCES, accuracy, KEEP * accuracy[:, 0]).std() == pytest.approx(spread, rel=0.08)


def test_every_critical_strength_of_a_run_has_them() -> None:
    suites = [
        make_suite("shift", make_sweep("radius", values=(0, 2, 4, 8), over={"direction": ("right", "left")})),
        make_suite("rotation", make_sweep("angle", "rotation", "angle", "°", (-60, -30, 0, 30, 60))),
    ]
    run = synthetic_predictions(("fc", "cnn"), n=150, suites=suites, digits=False)
    influences, table = critical_influences(run), critical_strengths(run, 20)
    assert set(influences) == set(zip(table["suite"], table["sweep"], table["side"], strict=True))
    radius = hits(run, "shift", "radius")[1] / 2
    expected = fall_influences(np.array([0.0, 2.0, 4.0, 8.0]), radius, KEEP * clean_right(run)[1])
    np.testing.assert_array_equal(influences["shift", "radius", "above"][1], expected)
    assert expected.any()
