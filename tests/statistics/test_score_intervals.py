"""Intervals of the scores of confidence: a plain loop over the same resamples, closed forms, coverage of a truth."""

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit, softmax
from scipy.stats import norm
from sklearn.metrics import brier_score_loss, log_loss
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results import bootstrap, percentiles, quality
from robustmnist.results.confidence.metrics.registry import METRICS
from robustmnist.statistics.answers import Answers
from robustmnist.statistics.calibration import calibration_ends, calibration_error, equal_mass, equal_width
from robustmnist.statistics.resampling import resampled_counts
from robustmnist.statistics.score_intervals import MeanScore, Scored, score_intervals, scored
from robustmnist.statistics.selective_risk import aurc, confidence_runs, excess_aurc, harmonic, resampled_risk

RESAMPLES = 120
SCORES = [name for name, metric in METRICS.items() if metric.has_interval]
ENDS = ("_low", "_high")


@pytest.fixture(scope="module")
def predictions() -> Predictions:
    return synthetic_predictions(("fc", "cnn"), n=90, invalid=4, digits=False)


def drawn_images(n: int, resamples: int, seed: int) -> list[NDArray[np.int64]]:
    """Return the images of each resample, as the bootstrap of accuracies draws them."""
    generator = np.random.default_rng(seed)
    return [generator.integers(0, n, n, np.uint16).astype(np.int64) for _ in range(resamples)]


def slow_aurc(sureness: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    wrong = ~right[np.argsort(-sureness, kind="stable")]
    return float(np.mean([wrong[:k].mean() for k in range(1, len(wrong) + 1)]))


def slow_errors(place: NDArray[np.int64], gap: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the summed gaps of 15 bins as shares of the answers."""
    return np.array([gap[place == one].sum() / len(gap) for one in range(15)])


def slow_intervals(
    logits: NDArray[np.float64], labels: NDArray[np.int64], resamples: int, seed: int
) -> dict[str, tuple[float, float]]:
    """Return all intervals of `logits` (R, n, 10), resample by resample, from probabilities."""
    variants, n, _ = logits.shape
    valid = np.isfinite(logits).all(-1)
    probability = softmax(np.where(valid[..., None], logits, 0.0), axis=-1)
    confidence, right = probability.max(-1), probability.argmax(-1) == labels
    width = np.minimum((confidence * 15).astype(int), 14)
    order = np.argsort(np.argsort(np.where(valid, confidence, 2.0), axis=None)).reshape(confidence.shape)
    mass = order * 15 // int(valid.sum())
    drawn: dict[str, list[float]] = {name: [] for name in (*SCORES, "null_width", "null_mass")}
    whole = {
        kind: slow_errors(place[valid], (right - confidence)[valid])
        for kind, place in (("width", width), ("mass", mass))
    }
    for images in drawn_images(n, resamples, seed):
        kept = valid[:, images]
        p, c, r = probability[:, images][kept], confidence[:, images][kept], right[:, images][kept]
        truth = np.tile(labels[images], (variants, 1))[kept]
        drawn["nll"].append(log_loss(truth, p, labels=list(range(10))))
        drawn["brier"].append(brier_score_loss(truth, p, labels=list(range(10))))
        drawn["mean_confidence"].append(c.mean())
        drawn["aurc"].append(slow_aurc(c, r))
        drawn["excess_aurc"].append(slow_aurc(c, r) - slow_aurc(r.astype(float), r))
        for kind, place in (("width", width), ("mass", mass)):
            found = slow_errors(place[:, images][kept], r - c)
            drawn[f"ece_{kind}"].append(np.abs(found).sum())
            drawn[f"null_{kind}"].append(np.abs(found - whole[kind]).sum())
    cut = max(int((resamples + 1) * 0.025), 1)
    ends = {name: (sorted(values)[cut - 1], sorted(values)[-cut]) for name, values in drawn.items()}
    for kind in ("width", "mass"):
        error, (low, high) = np.abs(whole[kind]).sum(), ends[f"ece_{kind}"]
        reach = max(error - low, high - error)
        zero = error <= ends[f"null_{kind}"][1]
        ends[f"ece_{kind}"] = (0.0 if zero else max(error - reach, 0), min(error + reach, 1))
    return {name: ends[name] for name in SCORES}


# --- against a plain loop ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sweep", "value", "temperature"),
    [("", np.nan, 1.0), ("right", 3.0, 1.0), ("gaussian", 1.0, 1.0), ("radius", 4.0, 2.5)],
)
def test_all_intervals_are_those_of_a_loop_over_the_same_resamples(
    predictions: Predictions, sweep: str, value: float, temperature: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("robustmnist.statistics.score_intervals.with_unseen", lambda drawn, *_: drawn)  # tested below
    predictions = replace(predictions)  # nothing of it is remembered
    table = quality(predictions, {"fc": temperature}, RESAMPLES, 7)
    found = table[(table["sweep"] == sweep) & (table["checkpoint"] == "fc")]
    row = (found if not sweep else found[found["value"] == value]).iloc[0]
    logits = predictions.at("fc", *((row["suite"], sweep, value) if sweep else ()))
    expected = slow_intervals(logits.astype(np.float64) / temperature, predictions.labels, RESAMPLES, 7)
    for name, ends in expected.items():
        assert [row[f"{name}{end}"] for end in ENDS] == pytest.approx(ends, rel=2e-6, abs=1e-7), name


def test_the_images_are_those_that_accuracies_are_resampled_from(predictions: Predictions) -> None:
    counts = np.concatenate([part.copy() for _, part in resampled_counts(90, 50, 3, chunk=7)])
    expected = [np.bincount(images, minlength=90) for images in drawn_images(90, 50, 3)]
    np.testing.assert_array_equal(counts, expected)
    right = predictions.clean.argmax(-1) == predictions.labels
    np.testing.assert_allclose(bootstrap(predictions, 50, 3).clean, counts @ right.T / 90, atol=1e-15)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 4), st.integers(1, 9))
def test_resampled_risk_is_aurc_of_the_resample_with_any_ties(seed: int, n: int, variants: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    image = np.flatnonzero(rng.uniform(size=(variants, n)) < 0.8) % n
    if len(image) == 0:
        image = np.array([0])
    found = Answers(rng.integers(0, levels, len(image)).astype(float), rng.uniform(size=len(image)) < 0.6, 0)
    runs = confidence_runs(found, image, n, variants)
    counts = np.stack([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(6)], axis=1)
    total, area, excess = resampled_risk(runs, counts.astype(np.uint16), harmonic(runs.most))
    for at, count in enumerate(counts.T):
        again = np.repeat(np.arange(len(image)), count[image])
        resample = Answers(found.log_odds[again], found.right[again], 0)
        assert total[at] == len(again)
        assert area[at] == pytest.approx(aurc(resample), abs=1e-12, nan_ok=True)
        assert excess[at] == pytest.approx(excess_aurc(resample), abs=1e-12, nan_ok=True)


def test_more_answers_than_sixteen_bits_can_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("robustmnist.statistics.selective_risk.CELLS", 1 << 14)  # in several pieces
    rng = np.random.default_rng(0)
    n, variants = 300, 250
    image = np.tile(np.arange(n), variants)
    found = Answers(rng.normal(size=n * variants), rng.uniform(size=n * variants) < 0.7, 0)
    runs = confidence_runs(found, image, n, variants)
    counts = np.stack([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(5)], axis=1)
    total, area, _ = resampled_risk(runs, counts.astype(runs.members.dtype), harmonic(runs.most))
    assert (total == n * variants).all()
    again = np.repeat(np.arange(n * variants), counts[image, 4])
    assert area[4] == pytest.approx(aurc(Answers(found.log_odds[again], found.right[again], 0)), rel=1e-9)


# --- what the table promises ---------------------------------------------------------------------------------------


def test_neither_groups_nor_blocks_nor_other_rows_change_an_interval(
    predictions: Predictions, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = quality(predictions, None, RESAMPLES)
    some = quality(predictions, None, RESAMPLES, at=[("rotation", "angle", 30.0), ("shift", "radius", 2.0)])
    assert some["suite"].tolist() == ["", "", "shift", "shift", "rotation", "rotation"]
    keys = ["checkpoint", "suite", "sweep", "value"]
    pd.testing.assert_frame_equal(some, some[keys].merge(whole, on=keys)[list(some)], check_exact=False, rtol=1e-12)
    monkeypatch.setattr(sys.modules["robustmnist.results.confidence.quality"], "TOGETHER", 5)
    monkeypatch.setattr("robustmnist.statistics.score_intervals.CELLS", 17 * 90)
    again = synthetic_predictions(("fc", "cnn"), n=90, invalid=4, digits=False)
    pd.testing.assert_frame_equal(quality(again, None, RESAMPLES), whole, check_exact=False, rtol=1e-12)
    assert not quality(again, None, RESAMPLES, 1).equals(whole)


def test_without_resamples_the_ends_are_empty_and_nothing_else_changes(predictions: Predictions) -> None:
    bare, whole = quality(predictions, resamples=0), quality(predictions, resamples=RESAMPLES)
    ends = [f"{name}{end}" for name in SCORES for end in ENDS]
    assert bare[ends].isna().all(axis=None)
    assert whole[ends].notna().all(axis=None)
    assert list(bare) == list(whole)
    pd.testing.assert_frame_equal(bare.drop(columns=ends), whole.drop(columns=ends))
    with pytest.raises(ValueError, match="resamples is -1"):
        quality(predictions, resamples=-1)


def test_a_setting_that_is_not_in_the_run_is_refused(predictions: Predictions) -> None:
    with pytest.raises(RunError, match=r"2\.5"):
        quality(predictions, at=[("shift", "right", 2.5)])


def test_intervals_hold_their_score_and_narrow_with_the_root_of_n() -> None:
    widths = {}
    for n in (100, 1600):
        table = quality(synthetic_predictions(("fc",), n=n, digits=False), None, 400).query("sweep == 'gaussian'")
        for name in SCORES:
            assert (table[f"{name}_low"] <= table[name]).all(), name
            assert (table[name] <= table[f"{name}_high"]).all(), name
            widths[name, n] = (table[f"{name}_high"] - table[f"{name}_low"]).mean()
    for name in SCORES:
        assert widths[name, 100] / widths[name, 1600] == pytest.approx(4, rel=0.35), name


def test_the_spread_of_a_mean_is_its_standard_error() -> None:
    predictions = synthetic_predictions(("fc",), n=800, digits=False)
    row = quality(predictions, None, 4000, at=[("shift", "right", 2.0)]).iloc[1]
    logits = predictions.at("fc", "shift", "right", 2.0)[0].astype(np.float64)
    own = -np.log(softmax(logits, axis=1)[np.arange(800), predictions.labels])
    half = norm.ppf(0.975) * own.std() / np.sqrt(800)
    assert (row["nll_high"] - row["nll_low"]) / 2 == pytest.approx(half, rel=0.06)


def test_where_all_is_right_every_score_has_a_width_and_what_is_not_there_has_no_interval() -> None:
    predictions = synthetic_predictions(("fc",), n=40, digits=False, suites=[make_suite("shift", make_sweep())])
    perfect = np.full(predictions.clean.shape, 0.0, np.float32)
    perfect[:, np.arange(40), predictions.labels] = 9.0
    few = np.full_like(predictions.logits["shift", "right"], np.nan)
    few[:, 1, :, :1] = 0.0  # one valid answer: a third of the resamples hold none
    table = quality(replace(predictions, clean=perfect, logits={("shift", "right"): few}), None, RESAMPLES)
    clean = table.iloc[0]
    assert [clean[f"aurc{end}"] for end in ("", "_low")] == [0, 0]
    share = 1 - 0.025 ** (1 / 40)  # of wrong answers, that 40 right ones allow
    assert 0.5 * share < clean["aurc_high"] < 2 * share
    assert clean["ece_width_high"] == pytest.approx(clean["ece_width"] + share, rel=0.15)
    assert clean["brier_high"] == pytest.approx(2 * share, rel=0.15)
    assert clean["nll_high"] == pytest.approx((9 - np.log(9)) * share, rel=0.15)  # the log-odds of a logit of 9
    assert clean["nll_low"] < clean["nll"] < 0.002
    assert (
        table.loc[table["value"].isin([0.0, 1.0]), [f"{name}{end}" for name in SCORES for end in ENDS]]
        .isna()
        .all(axis=None)
    )
    assert np.isfinite(table.loc[table["value"] == 1.0, "nll"]).all()


def test_the_bootstrap_needs_images_and_resamples() -> None:
    one = scored(Answers(np.ones(3), np.ones(3, np.bool_), 0), np.arange(3), 3, 1, nothing(3))
    with pytest.raises(ValueError, match="3 images in 0 resamples"):
        score_intervals([one], 0)


# --- coverage of a known truth -------------------------------------------------------------------------------------


def nothing(n: int) -> dict[str, MeanScore]:
    return {"nothing": MeanScore(np.zeros(n), 0.0, np.zeros_like)}


def simulated(n: int, times: int, slope: float, offset: float) -> tuple[list[Answers], list[Scored]]:
    """Return answers whose log-odds are normal and that are right with odds `slope` · log-odds + `offset`."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(times):
        log_odds = np.abs(rng.normal(2, 2, n))
        found.append(Answers(log_odds, rng.uniform(size=n) < expit(slope * log_odds + offset), 0))
    return found, [scored(one, np.arange(n), n, 1, nothing(n)) for one in found]


def true_errors(slope: float, offset: float) -> tuple[float, float]:
    """Return the calibration errors of infinitely many such answers, in bins of equal width and of equal mass."""
    log_odds = np.linspace(0, 16, 400_001)
    share = norm.pdf(log_odds, 2, 2) + norm.pdf(-log_odds, 2, 2)
    share /= share.sum()
    gap = share * (expit(slope * log_odds + offset) - expit(log_odds))
    bins = (equal_width(expit(log_odds)), np.minimum((np.cumsum(share) * 15).astype(int), 14))
    width, mass = (float(np.abs(np.bincount(place, gap, 15)).sum()) for place in bins)
    return width, mass


@pytest.mark.parametrize(("slope", "offset"), [(1.0, 0.0), (0.9, 0.0), (0.6, 0.0), (1.0, -1.2), (1.4, 0.3)])
def test_the_interval_of_a_calibration_error_covers_the_truth(slope: float, offset: float) -> None:
    times = 200
    _, settings = simulated(800, times, slope, offset)
    ends = score_intervals(settings, 300)
    for name, truth in zip(("ece_width", "ece_mass"), true_errors(slope, offset), strict=True):
        inside = np.mean([one[f"{name}_low"] <= truth + 1e-12 <= one[f"{name}_high"] + 2e-12 for one in ends])
        above = np.mean([one[f"{name}_high"] < truth for one in ends])
        assert inside >= 0.90, (name, truth)
        assert above <= 0.06, (name, truth)


def test_percentiles_would_not_cover_a_small_calibration_error() -> None:
    found, settings = simulated(800, 60, 0.9, 0.0)
    truth, _ = true_errors(0.9, 0.0)
    counts = np.concatenate([part.copy() for _, part in resampled_counts(800, 300, 0)])
    inside = 0
    for one in found:
        gap, place = one.right - one.confidence, equal_width(one.confidence)
        gaps = np.stack([gap * (place == i) for i in range(15)])
        low, high = percentiles(np.abs(counts @ gaps.T).sum(axis=1) / 800)
        inside += low <= truth <= high
    assert inside / 60 < 0.5
    mine = score_intervals(settings, 300)
    assert np.mean([end["ece_width_low"] <= truth <= end["ece_width_high"] for end in mine]) > 0.9


def test_the_interval_of_an_area_under_risk_and_coverage_covers_the_truth() -> None:
    many, _ = simulated(400_000, 1, 0.8, 0.0)
    truth, best = aurc(many[0]), excess_aurc(many[0])  # its own standard error is a twentieth of a sample's
    ends = score_intervals(simulated(800, 200, 0.8, 0.0)[1], 300)
    for name, value in (("aurc", truth), ("excess_aurc", best)):
        inside = np.mean([one[f"{name}_low"] <= value <= one[f"{name}_high"] for one in ends])
        assert 0.89 <= inside <= 0.99, name


# --- the ends of a calibration error -------------------------------------------------------------------------------


def test_the_ends_by_hand() -> None:
    drawn = np.linspace(0.04, 0.08, 1001)  # its percentiles: 0.041 and 0.079
    small, great = np.full(1001, 0.01), np.full(1001, 0.06)
    assert calibration_ends(0.05, drawn, small) == pytest.approx((0.05 - 0.029, 0.05 + 0.029), abs=5e-5)
    assert calibration_ends(0.05, drawn, great) == pytest.approx((0, 0.05 + 0.029), abs=5e-5)
    assert calibration_ends(0.03, drawn, small) == pytest.approx((0, 0.079), abs=5e-5)
    assert calibration_ends(0.99, drawn + 0.92, small)[1] == 1.0
    assert np.isnan(calibration_ends(0.05, np.append(drawn, np.nan), small)).all()


def test_the_full_samples_errors_are_those_of_the_table() -> None:
    found, settings = simulated(500, 3, 0.7, 0.1)
    for answer, one in zip(found, settings, strict=True):
        for starts, place in zip(one.starts, (equal_width(answer.confidence), equal_mass(answer.ranking)), strict=True):
            error = np.abs(np.add.reduceat(one.totals, starts)).sum() / one.answers
            assert error == pytest.approx(calibration_error(answer, place), rel=1e-12)
