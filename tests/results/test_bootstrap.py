"""The bootstrap and what stands on it: areas, critical strengths, corruption errors. Scipy, closed forms, coverage."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import trapezoid
from scipy.optimize import brentq
from scipy.stats import bootstrap as scipy_bootstrap
from scipy.stats import norm
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results import (
    areas,
    bootstrap,
    corruption_errors,
    critical_strengths,
    headline,
    mean_corruption_errors,
    percentiles,
    summarise,
)
from robustmnist.results.robustness.areas import image_areas
from robustmnist.statistics.curves import fall, trapezoid_weights
from robustmnist.statistics.resampling import resampled_sums
from robustmnist.suites import Sweep
from robustmnist.suites.sides import side_of, sides

RESAMPLES = 400  # enough for most of what is tested, and quick


@pytest.fixture(scope="module")
def predictions() -> Predictions:
    return synthetic_predictions(("fc", "cnn"), n=200, invalid=3, digits=False)


def answered(pattern: NDArray[np.bool_] | list[list[list[bool]]], sweep: Sweep, name: str = "shift") -> Predictions:
    """Return predictions that are right where `pattern` (M, V, n) is; the clean ones are those at neutral."""
    table = np.asarray(pattern, np.bool_)
    m, v, n = table.shape
    predictions = synthetic_predictions(
        [f"net-{i}" for i in range(m)], n=n, suites=(make_suite(name, sweep),), digits=False
    )
    logits = np.zeros((m, v, 1, n, 10), np.float32)
    for place in np.ndindex(m, v, n):
        label = predictions.labels[place[2]]
        logits[place[0], place[1], 0, place[2], label if table[place] else (label + 1) % 10] = 5.0
    predictions.logits[name, sweep.name][:] = logits
    predictions.clean[:] = logits[:, sweep.values.index(sweep.neutral), 0]
    return Predictions(**vars(predictions))


def counted(accuracy: list[float], n: int = 100) -> NDArray[np.bool_]:
    """Return a pattern (V, n) with these accuracies, the same images failing first."""
    return np.arange(n) < np.round(np.array(accuracy)[:, None] * n)


# --- resampling ----------------------------------------------------------------------------------------------------


def test_resampled_sums_are_what_a_loop_draws() -> None:
    columns = np.random.default_rng(1).integers(0, 5, (37, 4))
    generator = np.random.default_rng(9)
    expected = [columns[generator.integers(0, 37, 37, np.uint16)].sum(axis=0) for _ in range(300)]
    np.testing.assert_array_equal(resampled_sums(columns, 300, 9), expected)


def test_resamples_do_not_depend_on_how_many_there_are_nor_on_the_other_columns() -> None:
    columns = np.random.default_rng(1).integers(0, 2, (50, 7))
    whole = resampled_sums(columns, 600, 3)
    np.testing.assert_array_equal(resampled_sums(columns, 17, 3), whole[:17])
    np.testing.assert_array_equal(resampled_sums(columns[:, 4:5], 600, 3), whole[:, 4:5])
    assert (resampled_sums(columns, 600, 4) != whole).any()
    assert (resampled_sums(np.ones((50, 1)), 600, 3) == 50).all()


def test_more_images_than_sixteen_bits_can_number() -> None:
    n = (1 << 16) + 5
    last = np.zeros((n, 1))
    last[-5:] = 1  # those that 16 bits cannot number
    assert resampled_sums(last, 3, 0).sum() > 0


@pytest.mark.parametrize(("n", "resamples"), [(0, 10), (5, 0)])
def test_nothing_to_resample_is_refused(n: int, resamples: int) -> None:
    with pytest.raises(ValueError, match="both must be 1 at least"):
        resampled_sums(np.zeros((n, 1)), resamples, 0)


def test_the_bootstrap_has_the_spread_of_the_binomial() -> None:
    column = np.arange(1000)[:, None] < 900
    drawn = resampled_sums(column, 4000, 0) / 1000
    assert drawn.mean() == pytest.approx(0.9, abs=0.0006)
    assert drawn.std() == pytest.approx(math.sqrt(0.9 * 0.1 / 1000), rel=0.04)


def test_checkpoints_and_settings_share_their_resamples(predictions: Predictions) -> None:
    drawn = bootstrap(predictions, RESAMPLES, 0)
    generator = np.random.default_rng(0)
    rows = np.array([generator.integers(0, 200, 200, np.uint16) for _ in range(RESAMPLES)])
    for place in range(2):
        clean = predictions.clean[place].argmax(1) == predictions.labels
        np.testing.assert_allclose(drawn.clean[:, place], clean[rows].mean(1), atol=1e-15)
        logits = predictions.logits["noise", "gaussian"][place, 2]
        right = np.isfinite(logits).all(-1) & (logits.argmax(-1) == predictions.labels)
        mine = drawn.accuracy("noise", "gaussian")[:, place, 2]
        np.testing.assert_allclose(mine, right[:, rows].mean((0, 2)), atol=1e-15)


# --- intervals -----------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1), st.integers(1, 300))
def test_percentiles_cut_off_equally_many_and_negate(seed: int, size: int) -> None:
    samples = np.random.default_rng(seed).normal(size=size)
    low, high = percentiles(samples)
    assert low <= high
    assert (samples < low).sum() == (samples > high).sum() == max(int((size + 1) * 0.025), 1) - 1
    assert percentiles(-samples) == (-high, -low)


def test_percentiles_of_infinities_and_holes() -> None:
    samples = np.tile(np.arange(1000.0)[:, None], (1, 3))
    samples[100:, 1] = np.inf
    samples[500, 2] = np.nan
    low, high = percentiles(samples)
    np.testing.assert_array_equal(low, [24, 24, np.nan])
    np.testing.assert_array_equal(high, [975, np.inf, np.nan])


def test_percentile_and_bca_agree_on_an_accuracy_of_a_thousand_images() -> None:
    right = (np.arange(1000) < 970).astype(float)
    mine = percentiles(resampled_sums(right[:, None], 4000, 0)[:, 0] / 1000)
    theirs = scipy_bootstrap((right,), np.mean, n_resamples=4000, method="BCa", vectorized=True, batch=500, rng=0)
    assert mine == pytest.approx(tuple(theirs.confidence_interval), abs=0.0021)


def test_the_interval_of_an_area_covers_the_truth() -> None:
    # Images stand up to a strength of their own, uniform on [0, 4]: the area over 0 to 4 by steps of 1 is known.
    rng, inside, times = np.random.default_rng(0), 0, 200
    sweep = make_sweep()
    weights = trapezoid_weights(sweep.values)
    truth = weights @ np.array([1, 0.75, 0.5, 0.25, 0])
    for _ in range(times):
        right = rng.uniform(0, 4, 120)[:, None] > np.arange(5)
        low, high = percentiles(resampled_sums(right, 400, 1) @ weights / 120)
        inside += low <= truth <= high
    assert 0.90 <= inside / times <= 0.985  # 0.95 ± 3 standard errors


# --- areas ---------------------------------------------------------------------------------------------------------


def test_the_headline_and_the_critical_strengths_are_one_answer(predictions: Predictions) -> None:
    keys = ["checkpoint", "suite", "sweep"]
    heads = headline(predictions).set_index(keys)
    for row in critical_strengths(predictions, RESAMPLES).to_dict("records"):
        column = {"below": "threshold_low", "above": "threshold_high"}[row["side"]]
        np.testing.assert_equal(heads.loc[tuple(row[key] for key in keys), column], row["critical"])


def test_areas_are_those_of_the_headline_and_of_scipy(predictions: Predictions) -> None:
    table, heads = areas(predictions, RESAMPLES), headline(predictions)
    keys = ["checkpoint", "suite", "sweep"]
    both = table.merge(heads, on=keys, suffixes=("", "_head"))
    assert len(both) == len(table) == len(heads)
    np.testing.assert_array_equal(both["area"], both["area_head"])
    assert (table["area_low"] < table["area"]).all()
    assert (table["area_high"] > table["area"]).all()
    curve = summarise(predictions).query("sweep == 'radius' and checkpoint == 'cnn'")
    expected = trapezoid(curve["accuracy"], curve["value"]) / 8
    assert table.query("sweep == 'radius' and checkpoint == 'cnn'")["area"].item() == pytest.approx(expected)


def test_the_mean_of_the_images_areas_is_the_area_and_its_spread_the_intervals(predictions: Predictions) -> None:
    table = areas(predictions, 4000).query("sweep == 'angle'").reset_index()
    own = image_areas(predictions, "rotation", "angle")
    np.testing.assert_allclose(own.mean(axis=1), table["area"], rtol=1e-12)
    half = norm.ppf(0.975) * own.std(axis=1) / np.sqrt(200)
    np.testing.assert_allclose((table["area_high"] - table["area_low"]) / 2, half, rtol=0.06)


def test_areas_are_seeded_and_given_out_as_copies(predictions: Predictions) -> None:
    first = areas(predictions, RESAMPLES, 5)
    again = synthetic_predictions(("fc", "cnn"), n=200, invalid=3, digits=False)
    assert first.equals(areas(again, RESAMPLES, 5))
    assert not first.equals(areas(predictions, RESAMPLES, 6))
    first["area"] = 7.0
    assert (areas(predictions, RESAMPLES, 5)["area"] < 1).all()


def test_trapezoid_weights_sum_to_one() -> None:
    weights = trapezoid_weights((-3, -1, 0, 4))
    np.testing.assert_allclose(weights, np.array([1, 1.5, 2.5, 2]) / 7)


# --- sides and critical strengths ----------------------------------------------------------------------------------


def test_sides_go_outwards_from_neutral() -> None:
    below, above = sides(make_sweep("size", "scale", "factor", "×", (0.5, 0.8, 1, 1.5), neutral=1.0))
    assert (below.name, below.at.tolist(), below.strengths.tolist()) == ("below", [2, 1, 0], [1, 0.8, 0.5])
    assert (above.name, above.at.tolist(), above.end) == ("above", [2, 3], 1.5)
    np.testing.assert_allclose(below.distances, [0, 0.2, 0.5])
    assert below.strength(0.3) == pytest.approx(0.7)
    assert math.isnan(above.strength(np.inf))
    assert [side.name for side in sides(make_sweep())] == ["above"]
    with pytest.raises(RunError, match="sweep 'right' has no side 'below'; use above"):
        side_of(make_sweep(), "below")


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6), st.floats(0.05, 0.95))
def test_a_fall_is_the_first_root_of_the_linear_curve(accuracy: list[float], floor: float) -> None:
    level, distances = np.array(accuracy), np.arange(len(accuracy)) ** 1.5
    found = float(fall(distances, level, np.array(floor)))
    under = np.flatnonzero(level < floor)
    if len(under) == 0:
        assert found == np.inf
    elif under[0] == 0:
        assert found == 0
    else:
        start, end = distances[under[0] - 1 : under[0] + 1]
        root = (
            brentq(lambda x: np.interp(x, distances, level) - floor, start, end)
            if level[under[0] - 1] > floor
            else start
        )
        assert found == pytest.approx(root, abs=1e-9)


def test_critical_strength_in_closed_form() -> None:
    sweep = make_sweep("angle", "rotation", "angle", "°", (-20, -10, 0, 10, 20, 30))
    strong = counted([0.9, 0.95, 1, 1, 0.95, 0.75])
    weak = counted([0.1, 0.3, 0.5, 0.49, 0.30, 0.26])
    table = critical_strengths(answered([strong, weak], sweep), RESAMPLES).set_index(["checkpoint", "side"])
    assert table.loc[("net-0", "below"), "beyond"]  # exactly 0.9 of clean is not below
    assert math.isnan(table.loc[("net-0", "below"), "critical"])
    assert table.loc[("net-0", "above"), "critical"] == pytest.approx(20 + 10 * 0.05 / 0.20)
    assert table.loc[("net-1", "below"), "critical"] == pytest.approx(-10 * 0.05 / 0.20)  # 0.45, 90 % of its own clean
    assert table.loc[("net-1", "above"), "critical"] == pytest.approx(10 + 10 * 0.04 / 0.19)
    for side, sign in (("below", -1), ("above", 1)):
        near, at, far = (sign * table.loc[("net-1", side), f"critical{end}"] for end in ("_near", "", "_far"))
        assert near < at < far
    # Half of the resamples have the first checkpoint fall below 90 % at −20°: near is inside, far lies beyond.
    assert table.loc[("net-0", "below"), "critical_near"] > -20
    assert math.isnan(table.loc[("net-0", "below"), "critical_far"])


def test_another_share_of_clean_may_be_kept_but_not_all() -> None:
    predictions = answered([counted([1, 0.8, 0.6])], make_sweep(values=(0, 1, 2)))
    assert critical_strengths(predictions, 50, keep=0.7)["critical"].item() == pytest.approx(1.5)
    with pytest.raises(ValueError, match="keep is 1"):
        critical_strengths(predictions, keep=1)


def test_who_reads_nothing_has_no_critical_strength() -> None:
    row = critical_strengths(answered([counted([0, 0])], make_sweep(values=(0, 1))), 50).iloc[0]
    assert math.isnan(row["critical"])
    assert not row["beyond"]


# --- corruption errors ---------------------------------------------------------------------------------------------


def test_ce_and_relative_ce_by_hand() -> None:
    sweep = make_sweep(values=(0, 1, 2))
    base, better = counted([0.9, 0.6, 0.4]), counted([0.95, 0.8, 0.7])
    table = corruption_errors(answered([base, better], sweep), "net-0", RESAMPLES).set_index("checkpoint")
    row = table.loc["net-1"]
    assert (row["values"], row["baseline"]) == (2, "net-0")
    assert row["error"] == pytest.approx(0.25)
    assert row["baseline_error"] == pytest.approx(0.5)
    assert row["ce"] == pytest.approx((0.2 + 0.3) / (0.4 + 0.6))
    assert row["relative_ce"] == pytest.approx((0.15 + 0.25) / (0.3 + 0.5))
    assert row["ce_low"] < row["ce"] < row["ce_high"]
    assert table.loc["net-0", ["ce", "ce_low", "ce_high", "relative_ce_low"]].tolist() == [1, 1, 1, 1]


def test_the_baseline_is_one_of_itself_also_in_resamples_without_its_errors() -> None:
    # One error among 40 digits: a third of the resamples lack it.
    run = answered([counted([1, 0.975], n=40), counted([1, 0.5], n=40)], make_sweep(values=(0, 1)))
    table = corruption_errors(run, "net-0", RESAMPLES).set_index("checkpoint")
    ends = [f"{name}{end}" for name in ("ce", "relative_ce") for end in ("", "_low", "_high")]
    assert table.loc["net-0", ends].tolist() == [1] * 6
    assert table.loc["net-1", "ce_high"] == np.inf
    means = mean_corruption_errors(run, "net-0", RESAMPLES).set_index("checkpoint")
    assert means.loc["net-0", ["mce", "mce_low", "mce_high"]].tolist() == [1, 1, 1]


def test_a_baseline_without_errors_makes_the_ratio_infinite() -> None:
    table = corruption_errors(answered([counted([1, 1]), counted([1, 0.5])], make_sweep(values=(0, 1))), "net-0", 50)
    assert math.isnan(table["ce"][0])
    assert table["ce"][1] == np.inf


def test_mce_is_the_mean_over_sweeps_paired_by_image(predictions: Predictions) -> None:
    each = corruption_errors(predictions, "fc", RESAMPLES)
    table = mean_corruption_errors(predictions, "fc", RESAMPLES, unequal="mean-error")
    for row in table.itertuples():
        mine = each[(each["suite"] == row.suite) & (each["checkpoint"] == row.checkpoint)]
        assert row.sweeps == len(mine)
        assert row.mce == pytest.approx(mine["ce"].mean())
        assert row.relative_mce == pytest.approx(mine["relative_ce"].mean())
        assert row.mce_low <= row.mce <= row.mce_high
        assert mine["ce_low"].min() <= row.mce_low
        assert row.mce_high <= mine["ce_high"].max()


def test_sweeps_of_unequal_length_are_not_averaged_silently(predictions: Predictions) -> None:
    with pytest.raises(RunError, match=r"suite 'shift' are of unequal length: right has 4, radius has 3; say unequal="):
        mean_corruption_errors(predictions, "fc", RESAMPLES)
    with pytest.raises(ValueError, match="unequal is 'drop': use one of refuse, mean-error"):
        mean_corruption_errors(predictions, "fc", unequal="drop")
    with pytest.raises(RunError, match="checkpoint 'alexnet' is not in this run"):
        corruption_errors(predictions, "alexnet")
    equal = make_suite("shift", make_sweep("right"), make_sweep("left"))
    table = mean_corruption_errors(synthetic_predictions(n=50, suites=(equal,), digits=False), "fc", RESAMPLES)
    assert table["mce"][0] == 1.0
    assert table["mce"][1] < 1.0
