"""Critical severities and survival: scipy's ecdf and logrank, closed forms, and a search that goes wrong."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import CensoredData, ecdf, logrank, norm
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results import (
    critical_severity,
    decide,
    first_to_fail,
    kaplan_meier,
    log_rank,
    never_fail,
    survival,
    survival_curve,
    wilson,
)
from robustmnist.results.robustness.endurance import endurance
from robustmnist.suites import Sweep

seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def predictions() -> Predictions:
    return synthetic_predictions(("fc", "cnn"), n=200, invalid=3, digits=False)


def answered(paths: list[str], sweep: Sweep, variants: list[list[str]] | None = None) -> Predictions:
    """Return the predictions of one checkpoint for images that are right where their path says ``+``, by value.

    With `variants` each image has several paths.
    """
    table = variants or [[path] for path in paths]
    predictions = synthetic_predictions(("net",), n=len(table), suites=(make_suite("s", sweep),), digits=False)
    logits = predictions.logits["s", sweep.name]
    for i, ways in enumerate(table):
        label = predictions.labels[i]
        for r, way in enumerate(ways):
            for v, sign in enumerate(way):
                logits[0, v, r, i] = 0
                logits[0, v, r, i, label if sign == "+" else (label + 1) % 10] = 5 + i + r
    return predictions


def lifetimes(seed: int, n: int = 60) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return times with ties, some of them censored in the middle."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 8, n).astype(float), rng.uniform(size=n) < 0.7


# --- the curve -----------------------------------------------------------------------------------------------------


@given(seeds, st.integers(1, 60))
def test_kaplan_and_meier_are_scipys(seed: int, n: int) -> None:
    times, failed = lifetimes(seed, n)
    mine = kaplan_meier(times, failed)
    theirs = ecdf(CensoredData(times[failed], right=times[~failed])).sf
    np.testing.assert_allclose(mine.survival, theirs.evaluate(mine.times), atol=1e-12)
    assert mine.at_risk[0] == n
    assert (mine.failed.sum(), mine.censored.sum()) == (failed.sum(), n - failed.sum())
    assert (np.diff(mine.survival) <= 0).all()
    assert ((mine.low <= mine.survival + 1e-12) & (mine.survival <= mine.high + 1e-12)).all()
    assert (mine.low >= 0).all()
    assert (mine.high <= 1).all()


@pytest.mark.filterwarnings("ignore:.*confidence interval.*undefined:RuntimeWarning")
@pytest.mark.parametrize("seed", range(5))
def test_the_band_is_scipys_log_log_band(seed: int) -> None:
    times, failed = lifetimes(seed)
    mine = kaplan_meier(times, failed)
    band = ecdf(CensoredData(times[failed], right=times[~failed])).sf.confidence_interval(method="log-log")
    inside = (mine.survival > 0) & (mine.survival < 1)
    assert inside.sum() > 5
    np.testing.assert_allclose(mine.low[inside], band.low.evaluate(mine.times)[inside], rtol=1e-9)
    np.testing.assert_allclose(mine.high[inside], band.high.evaluate(mine.times)[inside], rtol=1e-9)


def test_the_band_has_a_width_where_nobody_or_everybody_failed() -> None:
    sound = kaplan_meier([1.0] * 50, [False] * 50, at=[0.0])
    assert sound.times.tolist() == [0, 1]
    assert sound.survival.tolist() == [1, 1]
    assert sound.low.tolist() == [float(wilson(50, 50)[0])] * 2
    lost = kaplan_meier([1.0] * 50, [True] * 50, at=[2.0])
    assert lost.survival.tolist() == [0, 0]
    assert lost.high.tolist() == [float(wilson(0, 50)[1])] * 2
    assert lost.at_risk.tolist() == [50, 0]


def test_without_censoring_survival_is_the_share_that_stands() -> None:
    times = np.random.default_rng(0).integers(0, 9, 500).astype(float)
    curve = kaplan_meier(times, np.ones(500, bool))
    np.testing.assert_allclose(curve.survival, [(times > t).mean() for t in curve.times], atol=1e-12)
    share = curve.survival[:-1]
    error = norm.ppf(0.975) * np.sqrt((1 - share) / (share * 500)) / np.log(share)
    np.testing.assert_allclose(curve.low[:-1], share ** np.exp(-error), rtol=1e-9)


def test_the_median_and_its_interval() -> None:
    curve = kaplan_meier(np.arange(1, 101.0), np.ones(100, bool))
    median, low, high = curve.median
    assert median == 50
    # Order statistics: 50 ± 1.96 · 5 of the binomial.
    assert low == pytest.approx(40, abs=1.5)
    assert high == pytest.approx(60, abs=1.5)
    assert all(math.isnan(one) for one in kaplan_meier([3.0] * 20, [False] * 20).median)
    half = kaplan_meier([1.0] * 10 + [2.0] * 10, [True] * 10 + [False] * 10)
    assert half.median[0] == 1
    assert math.isnan(half.median[2])


# --- the log-rank test ---------------------------------------------------------------------------------------------


@given(seeds)
def test_log_rank_is_scipys(seed: int) -> None:
    (a, fell_a), (b, fell_b) = lifetimes(seed), lifetimes(seed + 1, 40)
    mine = log_rank(a, fell_a, b + 1, fell_b)
    theirs = logrank(CensoredData(a[fell_a], right=a[~fell_a]), CensoredData(b[fell_b] + 1, right=b[~fell_b] + 1))
    assert mine.statistic == pytest.approx(theirs.statistic, rel=1e-9)
    assert mine.p == pytest.approx(theirs.pvalue, rel=1e-9)
    mirrored = log_rank(b + 1, fell_b, a, fell_a)
    assert mirrored.statistic == pytest.approx(-mine.statistic, rel=1e-9)


def test_log_rank_where_nothing_can_be_told() -> None:
    found = log_rank([4.0] * 5, [False] * 5, [4.0] * 5, [False] * 5)
    assert math.isnan(found.statistic)
    assert found.p == 1.0


# --- per sample ----------------------------------------------------------------------------------------------------


def test_failure_that_is_not_monotone_captum_min_param_perturbation() -> None:
    # Misread at 10°, right again from 20° to 50°, lost at 60°: a turned digit can do such things.
    sweep = make_sweep("angle", "rotation", "angle", "°", (0, 10, 20, 30, 40, 50, 60))
    path = "+-++++-"
    # A binary search takes for granted that all beyond the least failing strength fails, and never looks at 10°.
    stands, falls = 0, 6
    while falls - stands > 1:
        middle = (stands + falls) // 2
        stands, falls = (middle, falls) if path[middle] == "+" else (stands, middle)
    assert sweep.values[falls] == 60
    row = critical_severity(answered([path], sweep), "net", "s", "angle").iloc[0]
    assert row["first_failure"] == 10
    assert row["last_success"] == 50
    assert row["distance"] == 10
    assert not row["censored"]


@pytest.mark.parametrize(
    ("path", "first", "last", "distance", "censored"),
    [
        ("+++", math.nan, 2, 2, True),  # never fails: censored at the end
        ("++-", 2, 1, 2, False),  # fails at the end itself: no censoring
        ("+--", 1, 0, 1, False),
        ("-++", 0, 2, 0, False),  # wrong at neutral: failed at 0, whatever comes
        ("---", 0, math.nan, 0, False),
    ],
)
def test_first_failure_and_last_success(path: str, first: float, last: float, distance: float, censored: bool) -> None:
    row = critical_severity(answered([path], make_sweep(values=(0, 1, 2))), "net", "s", "right").iloc[0]
    assert (row["first_failure"], row["last_success"]) == pytest.approx((first, last), nan_ok=True)
    assert (row["distance"], row["censored"]) == (distance, censored)


def test_each_side_of_neutral_is_its_own() -> None:
    sweep = make_sweep("size", "scale", "factor", "×", (0.5, 0.8, 1, 1.5), neutral=1.0)
    predictions = answered(["-++-", "++++"], sweep)
    below = critical_severity(predictions, "net", "s", "size", "below")
    above = critical_severity(predictions, "net", "s", "size", "above")
    assert below["first_failure"].tolist()[0] == 0.5
    assert below["distance"].tolist() == [0.5, 0.5]
    assert below["censored"].tolist() == [False, True]
    assert above["first_failure"].tolist()[0] == 1.5
    assert above["last_success"].tolist() == [1, 1.5]
    with pytest.raises(RunError, match="has no side 'below'; use above"):
        critical_severity(answered(["++"], make_sweep(values=(0, 1))), "net", "s", "right", "below")


def test_a_digit_with_variants_stands_while_most_of_them_do() -> None:
    sweep = make_sweep(values=(0, 1, 2), over={"direction": ("right", "left", "up", "down")})
    ways = [["+++", "+++", "++-", "+--"], ["++-", "++-", "+++", "+-+"]]
    table = critical_severity(answered([], sweep, ways), "net", "s", "right")
    assert table["first_failure"].tolist() == [2, 2]  # 2 of 4 are not more than half
    ways = [["+++", "+++", "+++", "+--"], ["+--", "+--", "+--", "+++"]]
    table = critical_severity(answered([], sweep, ways), "net", "s", "right")
    assert table["censored"].tolist() == [True, False]
    assert table["first_failure"].tolist()[1] == 1


@given(seeds)
def test_endurance_is_what_a_loop_walks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    paths = ["".join(rng.choice(["+", "-"], 5, p=[0.7, 0.3])) for _ in range(12)]
    found = endurance(answered(paths, make_sweep()), "s", "right", "above")
    for i, path in enumerate(paths):
        assert found.first_failure[0, i] == (path + "-").index("-")
        assert found.last_success[0, i] == path.rfind("+")
        # Both ends of the truth: nothing before the first failure fails, nothing after the last success stands.
        assert "-" not in path[: found.first_failure[0, i]]
        assert "+" not in path[found.last_success[0, i] + 1 :]


def test_invalid_answers_fail(predictions: Predictions) -> None:
    table = critical_severity(predictions, "fc", "shift", "right")
    assert (table["first_failure"][:3] <= 1).all()
    assert table["id"].tolist() == predictions.ids.tolist()


# --- who fails first, who never ------------------------------------------------------------------------------------


def test_the_first_to_fail_are_right_at_neutral_and_ranked() -> None:
    paths = ["-++", "++-", "+--", "+++", "+-+"]
    predictions = answered(paths, make_sweep(values=(0, 1, 2)))
    table = first_to_fail(predictions, "net", "s", "right")
    # Image 4 was made surer than image 2; image 0 was wrong from the start; image 3 never fails.
    assert table["row"].tolist() == [4, 2, 1]
    assert table["first_failure"].tolist() == [1, 1, 2]
    assert table["predicted"].tolist() == [(predictions.labels[i] + 1) % 10 for i in (4, 2, 1)]
    expected = decide(predictions.at("net", "s", "right", 1)[0][[4]]).confidence[0]
    assert table["confidence"][0] == expected
    assert first_to_fail(predictions, "net", "s", "right", top=1)["row"].tolist() == [4]
    assert never_fail(predictions, "net", "s", "right")["row"].tolist() == [3]


def test_invalid_answers_come_last_among_the_first_to_fail(predictions: Predictions) -> None:
    table = first_to_fail(predictions, "fc", "shift", "right", top=200)
    earliest = table[table["distance"] == 1]
    invalid = earliest["predicted"] == -1
    assert invalid.sum() == 3
    assert earliest["row"][-3:].tolist() == [0, 1, 2]
    assert earliest["confidence"].isna().sum() == 3
    moved = table.query("predicted >= 0")
    assert (moved["predicted"] != moved["label"]).all()


def test_everybody_is_in_one_of_three_lists(predictions: Predictions) -> None:
    for side in ("below", "above"):
        failing = first_to_fail(predictions, "cnn", "rotation", "angle", side, top=1000)
        standing = never_fail(predictions, "cnn", "rotation", "angle", side)
        row = survival(predictions).query("checkpoint == 'cnn' and sweep == 'angle' and side == @side").iloc[0]
        assert len(failing) + len(standing) + row["failed_at_neutral"] == 200
        assert len(standing) == row["never_failed"]


# --- tables --------------------------------------------------------------------------------------------------------


def test_survival_has_a_row_per_side(predictions: Predictions) -> None:
    table = survival(predictions)
    sides = table.groupby(["suite", "sweep"], sort=False)["side"].unique().map(list).to_dict()
    assert sides[("rotation", "angle")] == ["below", "above"]
    assert sides[("noise", "gaussian")] == ["above"]
    row = table.query("checkpoint == 'fc' and side == 'below'").iloc[0]
    severity = critical_severity(predictions, "fc", "rotation", "angle", "below")
    assert row["mean"] == pytest.approx(severity["distance"].mean())
    half = norm.ppf(0.975) * severity["distance"].std() / math.sqrt(200)
    assert (row["mean_low"], row["mean_high"]) == pytest.approx((row["mean"] - half, row["mean"] + half), abs=0.2)
    assert row["median"] == severity["distance"].sort_values().iloc[99]
    assert row["median_low"] <= row["median"] <= row["median_high"]
    assert row["end"] == -60


def test_the_mean_is_the_area_under_the_survival_curve(predictions: Predictions) -> None:
    for side in ("below", "above"):
        curve = survival_curve(predictions, "cnn", "rotation", "angle", side)
        area = (curve["survival"].to_numpy()[:-1] * np.diff(curve["distance"])).sum()
        row = survival(predictions).query("checkpoint == 'cnn' and sweep == 'angle' and side == @side").iloc[0]
        assert row["mean"] == pytest.approx(area)


def test_the_survival_curve_is_a_row_per_value_and_below_accuracy(predictions: Predictions) -> None:
    curve = survival_curve(predictions, "fc", "rotation", "angle", "below")
    assert curve["strength"].tolist() == [0, -10, -30, -60]
    assert curve["at_risk"].tolist()[0] == 200
    assert (curve["at_risk"].diff()[1:].to_numpy() == -curve["failed"][:-1].to_numpy()).all()
    assert curve["censored"].tolist()[:3] == [0, 0, 0]
    logits = predictions.logits["rotation", "angle"][0, :, 0]
    accuracy = ((logits.argmax(-1) == predictions.labels) & np.isfinite(logits).all(-1)).mean(1)
    assert curve["survival"].iloc[0] == pytest.approx(accuracy[3])
    assert (curve["survival"].to_numpy() <= accuracy[[3, 2, 1, 0]] + 1e-12).all()


def test_a_value_at_which_nobody_fails_is_in_the_curve() -> None:
    curve = survival_curve(answered(["+++-", "++++", "+++-"], make_sweep(values=(0, 1, 2, 3))), "net", "s", "right")
    assert curve["failed"].tolist() == [0, 0, 0, 2]
    assert curve["survival"].tolist() == pytest.approx([1, 1, 1, 1 / 3])
    assert curve["censored"].tolist() == [0, 0, 0, 1]
    assert (curve["low"][:3] == float(wilson(3, 3)[0])).all()


def test_the_table_is_a_copy(predictions: Predictions) -> None:
    table = survival(predictions)
    table["mean"] = -1
    assert (survival(predictions)["mean"] >= 0).all()
    assert isinstance(table, pd.DataFrame)
