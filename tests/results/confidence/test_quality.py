"""Likelihood, Brier, calibration, selection and temperature: scikit-learn and scipy as oracles, loops as slow truth."""

import math
import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results import decide, fit_temperature, quality, reliability, risk_coverage, summarise
from robustmnist.results.confidence.answers import answers
from robustmnist.results.correctness import clean_right, hits, right, right_answers
from robustmnist.statistics import proper_scores as scores
from robustmnist.statistics.answers import Answers, rank
from robustmnist.statistics.calibration import calibration_error, equal_mass, equal_width
from robustmnist.statistics.proper_scores import brier, brier_sums
from robustmnist.statistics.selective_risk import aurc, excess_aurc

seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def predictions() -> Predictions:
    return synthetic_predictions(("fc", "cnn"), n=200, invalid=3, digits=False)


def made_up(seed: int, n: int = 400, scale: float = 2.0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return logits that know something of the labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, n)
    logits = rng.normal(0, scale, (n, 10))
    logits[np.arange(n), labels] += scale * 1.5
    return logits.astype(np.float32), labels


def log_likelihoods(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    return scores.log_likelihoods(logits, labels, decide(logits))


def given_answers(log_odds: list[float], correct: list[bool]) -> Answers:
    return Answers(np.array(log_odds, np.float64), np.array(correct, np.bool_), 0)


# --- right or wrong ------------------------------------------------------------------------------------------------


def test_right_answers_are_those_of_decide(predictions: Predictions) -> None:
    bad = [np.full(10, np.nan), np.full(10, np.inf), np.zeros(10), np.r_[np.inf, -np.inf, np.zeros(8)]]
    logits = np.concatenate([predictions.clean[0], np.array(bad, np.float32), np.full((1, 10), 3e38, np.float32)])
    for label in range(10):
        labels = np.full(len(logits), label)
        np.testing.assert_array_equal(right_answers(logits, labels), decide(logits).predicted == labels)


def test_packed_answers_come_back_whole(predictions: Predictions) -> None:
    table = predictions.logits["shift", "radius"]
    expected = np.isfinite(table).all(-1) & (table.argmax(-1) == predictions.labels)
    np.testing.assert_array_equal(right(predictions, "shift", "radius"), expected)
    np.testing.assert_array_equal(hits(predictions, "shift", "radius"), expected.sum(2))
    np.testing.assert_array_equal(clean_right(predictions), predictions.clean.argmax(-1) == predictions.labels)
    with pytest.raises(RunError, match="sweep 'radios' is not in this run"):
        right(predictions, "shift", "radios")


# --- proper scores -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_nll_is_scikit_learns_log_loss(seed: int) -> None:
    logits, labels = made_up(seed)
    expected = log_loss(labels, softmax(logits.astype(np.float64), axis=1), labels=range(10))
    assert -log_likelihoods(logits, labels).mean() == pytest.approx(expected, rel=1e-12)


def test_nll_stays_finite_where_the_probability_underflows() -> None:
    logits = np.zeros((1, 10), np.float32)
    logits[0, 3] = 1e4
    assert log_likelihoods(logits, np.array([5]))[0] == pytest.approx(-1e4)
    logits[0, 3] = 60
    assert log_likelihoods(logits, np.array([3]))[0] == pytest.approx(-9 * math.exp(-60), rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_brier_is_scikit_learns(seed: int) -> None:
    logits, labels = made_up(seed)
    probability = softmax(logits.astype(np.float64), axis=1)
    found = brier(brier_sums(logits, labels))
    assert found.score == pytest.approx(brier_score_loss(labels, probability, labels=list(range(10))), rel=1e-12)
    one_against_rest = [brier_score_loss(labels == c, probability[:, c]) for c in range(10)]
    assert found.score == pytest.approx(sum(one_against_rest), rel=1e-12)


@given(seeds, st.integers(1, 60), st.floats(0.01, 20))
def test_the_parts_of_brier_are_those_of_a_loop_and_add_up(seed: int, n: int, scale: float) -> None:
    logits, labels = made_up(seed, n, scale)
    found = brier(brier_sums(logits, labels, bins=5))
    probability = softmax(logits.astype(np.float64), axis=1)
    parts = np.zeros(4)
    for c in range(10):
        p, y = probability[:, c], (labels == c).astype(float)
        place = np.minimum((p * 5).astype(int), 4)
        parts[2] += y.mean() * (1 - y.mean())
        for one in set(place.tolist()):
            inside = place == one
            weight = inside.mean()
            parts[0] += weight * (p[inside].mean() - y[inside].mean()) ** 2
            parts[1] += weight * (y[inside].mean() - y.mean()) ** 2
            # What the bins hide (Stephenson et al.): the variance within minus twice the covariance.
            parts[3] += weight * (p[inside].var() - 2 * np.cov(p[inside], y[inside], ddof=0)[0, 1])
    mine = [found.reliability, found.resolution, found.uncertainty, found.residual]
    np.testing.assert_allclose(mine, parts, atol=1e-12)
    assert found.score == pytest.approx(parts[0] - parts[1] + parts[2] + parts[3], abs=1e-12)


def test_sums_for_brier_add_up_over_parts() -> None:
    logits, labels = made_up(1)
    halves = brier_sums(logits[:150], labels[:150]) + brier_sums(logits[150:], labels[150:])
    for one, other in zip(vars(halves).values(), vars(brier_sums(logits, labels)).values(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_brier_of_certainty() -> None:
    logits = np.zeros((4, 10), np.float32)
    logits[:, 3] = 1e4
    assert brier(brier_sums(logits, np.full(4, 3))).score == 0.0
    wrong = brier(brier_sums(logits, np.full(4, 7)))
    assert (wrong.score, wrong.reliability, wrong.residual) == (2.0, 2.0, 0.0)


# --- calibration ---------------------------------------------------------------------------------------------------


def test_confidence_of_exactly_one_is_in_the_last_bin_torchmetrics_3510() -> None:
    # There the bins are open at the top, so that saturated answers fall out of all of them and the error is 0.
    assert equal_width(np.array([1.0, np.nextafter(1, 0), 0.0]), 15).tolist() == [14, 14, 0]
    saturated = given_answers([60.0] * 4, [True, False, False, False])
    assert (saturated.confidence == 1.0).all()
    assert calibration_error(saturated, equal_width(saturated.confidence)) == 0.75
    assert calibration_error(saturated, equal_mass(saturated.ranking)) == 0.75
    table = reliability(saturating(), "a")
    assert table["n"].iloc[-1] == 20
    assert table["n"].sum() == 20


def saturating() -> Predictions:
    predictions = synthetic_predictions(("a",), n=20, digits=False)
    predictions.clean[:] = 0
    predictions.clean[:, :, 3] = 99
    return predictions


def test_reliability_is_scikit_learns_calibration_curve(predictions: Predictions) -> None:
    found = answers(predictions, "cnn", "noise", "gaussian", 0.5)
    assert len(found.right) == 400
    for mass, strategy in ((False, "uniform"), (True, "quantile")):
        table = reliability(predictions, "cnn", "noise", "gaussian", 0.5, bins=8, mass=mass)
        if not mass:
            accuracy, confidence = calibration_curve(found.right, found.confidence, n_bins=8, strategy=strategy)
            held = table[table["n"] > 0]
            np.testing.assert_allclose(held["accuracy"], accuracy, rtol=1e-12)
            np.testing.assert_allclose(held["confidence"], confidence, rtol=1e-12)
            assert table["low"].tolist() == [i / 8 for i in range(8)]
        else:
            assert set(table["n"]) == {50}
            assert (table["low"].to_numpy()[1:] >= table["high"].to_numpy()[:-1]).all()
        error = (table["share"] * table["gap"].abs()).sum()
        place = equal_mass(found.ranking, 8) if mass else equal_width(found.confidence, 8)
        assert error == pytest.approx(calibration_error(found, place, 8), rel=1e-12)
        assert (table["accuracy_low"].dropna() <= table["accuracy"].dropna()).all()


@given(seeds, st.integers(1, 50), st.integers(1, 20))
def test_bins_of_equal_mass(seed: int, n: int, bins: int) -> None:
    rng = np.random.default_rng(seed)
    distinct = rng.permutation(n).astype(float)
    sizes = np.bincount(equal_mass(rank(distinct), bins), minlength=bins)
    assert sizes.max() - sizes.min() <= 1
    assert (np.diff(equal_mass(rank(np.sort(distinct)), bins)) >= 0).all()
    tied = rng.integers(0, 4, n).astype(float)
    order = rng.permutation(n)
    np.testing.assert_array_equal(equal_mass(rank(tied), bins)[order], equal_mass(rank(tied[order]), bins))
    assert all(len(set(equal_mass(rank(tied), bins)[tied == one])) == 1 for one in set(tied))


def test_calibrated_answers_have_a_small_error_and_overconfident_ones_a_known_one() -> None:
    rng = np.random.default_rng(0)
    log_odds = rng.normal(1, 2, 200_000)
    calm = Answers(log_odds, rng.uniform(size=200_000) < 1 / (1 + np.exp(-log_odds)), 0)
    for place in (equal_width(calm.confidence), equal_mass(calm.ranking)):
        assert calibration_error(calm, place) < 0.006
    loud = given_answers([np.log(9)] * 10, [True] * 6 + [False] * 4)  # 0.9 sure, 0.6 right
    assert calibration_error(loud, equal_width(loud.confidence)) == pytest.approx(0.3)


# --- selection -----------------------------------------------------------------------------------------------------


def slow_aurc(log_odds: NDArray[np.float64], correct: NDArray[np.bool_]) -> float:
    wrong = ~correct[np.argsort(-log_odds)]
    return float(np.mean([wrong[:k].mean() for k in range(1, len(wrong) + 1)]))


@given(seeds, st.integers(1, 80))
def test_aurc_is_the_mean_risk_and_ties_are_the_mean_over_orders(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    distinct, correct = rng.permutation(n).astype(float), rng.uniform(size=n) < 0.7
    assert aurc(Answers(distinct, correct, 0)) == pytest.approx(slow_aurc(distinct, correct), abs=1e-12)
    tied = rng.integers(0, 3, n).astype(float)
    found = aurc(Answers(tied, correct, 0))
    order = rng.permutation(n)
    assert found == pytest.approx(aurc(Answers(tied[order], correct[order], 0)), abs=1e-12)
    best = slow_aurc(tied + 1e-3 * correct, correct)
    worst = slow_aurc(tied - 1e-3 * correct, correct)
    assert best - 1e-12 <= found <= worst + 1e-12


def test_aurc_of_four_tied_answers_by_hand() -> None:
    # One wrong among four that are equally sure: the risk is 1/4 at every coverage.
    assert aurc(given_answers([1.0] * 4, [True, False, True, True])) == pytest.approx(0.25)
    # Wrong and surest: 1, 1/2, 1/3, 1/4. Wrong and least sure: 0, 0, 0, 1/4, which no order can better.
    assert aurc(given_answers([9, 1, 1, 1], [False, True, True, True])) == pytest.approx(
        (1 + 1 / 2 + 1 / 3 + 1 / 4) / 4
    )
    least = given_answers([0, 1, 1, 1], [False, True, True, True])
    assert aurc(least) == pytest.approx(1 / 16)
    assert excess_aurc(least) == 0.0
    assert aurc(given_answers([1, 2], [False, False])) == 1.0
    assert aurc(given_answers([1, 2], [True, True])) == 0.0
    assert math.isnan(aurc(given_answers([], [])))
    assert math.isnan(excess_aurc(given_answers([], [])))


@given(seeds, st.integers(1, 60))
def test_excess_is_above_the_best_order(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    found = Answers(rng.normal(size=n), rng.uniform(size=n) < 0.6, 0)
    best = Answers(found.right.astype(float), found.right, 0)
    assert excess_aurc(found) == pytest.approx(aurc(found) - slow_aurc(best.log_odds, best.right), abs=1e-12)


def test_risk_coverage_is_the_curve_under_aurc(predictions: Predictions) -> None:
    found = answers(predictions, "fc", "rotation", "angle", 30)
    table = risk_coverage(predictions, "fc", "rotation", "angle", 30, points=10_000)
    assert len(table) == len(found.right) == 197  # the invalid three are never given
    assert table["risk"].mean() == pytest.approx(aurc(found), rel=1e-12)
    assert table["coverage"].iloc[-1] == 1.0
    assert table["risk"].iloc[-1] == pytest.approx(1 - found.right.mean())
    few = risk_coverage(predictions, "fc", "rotation", "angle", 30, points=10)
    assert len(few) == 10
    pd.testing.assert_frame_equal(few, table[table["coverage"].isin(few["coverage"])].reset_index(drop=True))
    assert (few["risk_low"] <= few["risk"]).all()
    assert (few["confidence"].diff().dropna() <= 0).all()
    assert risk_coverage(synthetic_predictions(("a",), n=5, invalid=5, digits=False), "a", "shift", "right", 2).empty


def test_ranks_of_ties() -> None:
    ranking = rank(np.array([1.0, 3.0, 1.0, 2.0]))
    assert ranking.order.tolist() == [1, 3, 0, 2]
    assert ranking.start.tolist() == [0, 1, 2, 2]
    assert ranking.size.tolist() == [1, 1, 2, 2]
    assert ranking.among_equals(np.array([1.0, 0.0, 0.0, 1.0])).tolist() == [1.0, 0.0, 0.5, 0.5]


# --- the table -----------------------------------------------------------------------------------------------------


def test_quality_agrees_with_the_summary(predictions: Predictions) -> None:
    table, summary = quality(predictions), summarise(predictions)
    assert table["suite"].tolist()[:2] == ["", ""]
    moved = table.iloc[2:].reset_index(drop=True)
    shared = ["checkpoint", "suite", "sweep", "unit", "value", "n", "variants", "accuracy", "accuracy_low"]
    shared += ["accuracy_high", "mean_confidence", "flip_rate", "invalid", "neutral", "near_ties"]
    pd.testing.assert_frame_equal(moved[shared], summary[shared], check_dtype=False, rtol=1e-12)


def test_quality_scores_all_variants_together_and_leaves_invalid_answers_out(predictions: Predictions) -> None:
    row = quality(predictions).query("checkpoint == 'fc' and sweep == 'radius' and value == 4").iloc[0]
    logits = predictions.at("fc", "shift", "radius", 4).reshape(-1, 10)
    labels = np.tile(predictions.labels, 4)
    valid = np.isfinite(logits).all(1)
    probability = softmax(logits[valid].astype(np.float64), axis=1)
    assert row["invalid"] == 12
    assert row["nll"] == pytest.approx(log_loss(labels[valid], probability, labels=range(10)), rel=1e-9)
    assert row["brier"] == pytest.approx(brier_score_loss(labels[valid], probability, labels=list(range(10))), rel=1e-9)
    parts = row["brier_reliability"] - row["brier_resolution"] + row["brier_uncertainty"] + row["brier_residual"]
    assert row["brier"] == pytest.approx(parts, rel=1e-12)
    assert row["accuracy"] == np.mean(np.where(valid, logits.argmax(1), -1) == labels)
    found = answers(predictions, "fc", "shift", "radius", 4)
    assert row["aurc"] == pytest.approx(aurc(found))
    table = reliability(predictions, "fc", "shift", "radius", 4)
    assert row["ece_width"] == pytest.approx((table["share"] * table["gap"].abs()).sum(), rel=1e-12)


def test_consistency_is_the_agreement_of_pairs(predictions: Predictions) -> None:
    row = quality(predictions).query("checkpoint == 'fc' and sweep == 'radius' and value == 4").iloc[0]
    logits = np.concatenate([predictions.at("fc"), predictions.at("fc", "shift", "radius", 4)])
    predicted = np.where(np.isfinite(logits).all(-1), logits.argmax(-1), -1)
    pairs = [a == b >= 0 for i in range(200) for r, a in enumerate(predicted[:, i]) for b in predicted[r + 1 :, i]]
    assert row["consistency"] == pytest.approx(np.mean(pairs))
    single = quality(predictions).query("variants == 1 and suite != ''")
    np.testing.assert_allclose(single["consistency"], 1 - single["flip_rate"], atol=1e-12)


def test_quality_of_nothing_but_nan_is_wrong_and_has_no_confidence() -> None:
    predictions = synthetic_predictions(("nan",), n=30, invalid=30, digits=False)
    rows = quality(predictions).query("not neutral")
    assert (rows["accuracy"] == 0).all()
    assert (rows["invalid"] == 30 * rows["variants"]).all()
    for column in ("mean_confidence", "nll", "brier", "brier_residual", "ece_width", "ece_mass", "aurc", "excess_aurc"):
        assert rows[column].isna().all(), column
    assert reliability(predictions, "nan", "shift", "right", 2)["n"].sum() == 0


def test_crossed_sweeps_are_no_curves() -> None:
    crossed = make_sweep("map", "shift", "dx", values=(0, 1), over={"dy": (0.0, 1.0)})
    suite = make_suite("shift", make_sweep(), type(crossed)(**{**vars(crossed), "crossed": {"dy": 0.0}}))
    predictions = synthetic_predictions(n=20, suites=(suite,), digits=False)
    assert set(quality(predictions)["sweep"]) == {"", "right"}


def test_tables_are_copies_and_computed_once(predictions: Predictions, monkeypatch: pytest.MonkeyPatch) -> None:
    given_out = quality(predictions)
    monkeypatch.setattr(sys.modules["robustmnist.results.confidence.quality"], "setting_numbers", None)
    given_out["nll"] = 7.0
    assert (quality(predictions)["nll"] != 7.0).all()


# --- temperature ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_temperature_is_the_minimum_that_another_method_finds(seed: int) -> None:
    logits, labels = made_up(seed, 1000, 4.0)

    def nll(log_temperature: NDArray[np.float64]) -> float:
        probability = softmax(logits.astype(np.float64) / np.exp(log_temperature[0]), axis=1)
        return float(log_loss(labels, probability, labels=range(10)))

    slow = minimize(nll, [0.0], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-12})
    assert fit_temperature(logits, labels) == pytest.approx(math.exp(slow.x[0]), rel=1e-5)


@given(seeds, st.floats(0.2, 5))
def test_temperature_scales_with_the_logits(seed: int, factor: float) -> None:
    logits, labels = made_up(seed, 300, 1.0)
    whole = logits.astype(np.float64)
    once, scaled = fit_temperature(whole, labels), fit_temperature(whole * factor, labels)
    if 0.06 < once < 19 and 0.06 < scaled < 19:
        assert scaled == pytest.approx(once * factor, rel=1e-4)


def test_temperature_of_too_sure_and_of_perfect_and_of_ignorant_logits() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1, (4000, 10))
    labels = np.array([rng.choice(10, p=one) for one in softmax(logits, axis=1)])
    # Labels drawn from the softmax itself: 1 is right, and logits three times as large need 3.
    assert fit_temperature(logits, labels) == pytest.approx(1, abs=0.08)
    assert fit_temperature(3 * logits, labels) == pytest.approx(3, abs=0.24)
    assert fit_temperature(np.eye(10) * 5, np.arange(10)) == pytest.approx(0.05)
    assert fit_temperature(np.eye(10)[::-1] * 5, np.arange(10)) == pytest.approx(20)


@pytest.mark.parametrize(
    ("logits", "labels"), [(np.zeros((2, 9)), [0, 1]), (np.zeros((2, 10)), [0]), (np.full((1, 10), np.nan), [0])]
)
def test_temperature_refuses_what_is_no_table_of_logits(logits: NDArray[np.float64], labels: list[int]) -> None:
    with pytest.raises(ValueError, match=r"they must be \(n, 10\), n ≥ 1, and finite"):
        fit_temperature(logits, np.array(labels))


def test_temperature_changes_confidence_and_no_decision(predictions: Predictions) -> None:
    plain, cooled = quality(predictions), quality(predictions, {"fc": 2.5})
    fc, same = plain["checkpoint"] == "fc", ["accuracy", "flip_rate", "consistency", "near_ties", "invalid"]
    pd.testing.assert_frame_equal(plain[same], cooled[same])
    pd.testing.assert_frame_equal(plain[~fc], cooled[~fc])
    assert (cooled.loc[fc, "mean_confidence"] < plain.loc[fc, "mean_confidence"]).all()
    assert set(cooled.loc[fc, "temperature"]) == {2.5}
    logits = predictions.at("fc")[0].astype(np.float64) / 2.5
    assert cooled["nll"].iloc[0] == pytest.approx(log_loss(predictions.labels, softmax(logits, axis=1)), rel=1e-9)
    table = reliability(predictions, "fc", temperature=2.5)
    assert cooled["ece_width"].iloc[0] == pytest.approx((table["share"] * table["gap"].abs()).sum(), rel=1e-12)


@pytest.mark.parametrize("call", [lambda p: quality(p, {"fc": 0.0}), lambda p: reliability(p, "fc", temperature=-1)])
def test_a_temperature_is_positive(predictions: Predictions, call: Callable[[Predictions], object]) -> None:
    with pytest.raises(ValueError, match="it is a positive number"):
        call(predictions)


def test_a_temperature_for_nobody_is_named(predictions: Predictions) -> None:
    with pytest.raises(RunError, match="a temperature is given for cmn, not in this run; it has fc, cnn"):
        quality(predictions, {"cmn": 2.0})
