"""Results from predictions: closed forms, scipy and scikit-learn as oracles, plain loops as the slow truth."""

import math
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results import (
    clean_mistakes,
    confusion,
    decide,
    focus,
    headline,
    mistakes,
    near_ties,
    per_class,
    summarise,
    summary_csv,
    wilson,
)
from robustmnist.results.focus import focus_of_earlier_versions


@pytest.fixture(scope="module")
def predictions() -> Predictions:
    return synthetic_predictions(("fc", "cnn"), n=200, invalid=3)


# --- intervals and decisions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 10, 997, 10_000])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_wilson_is_scipys(n: int, level: float) -> None:
    for correct in {0, 1, n // 3, n - 1, n}:
        low, high = wilson(correct, n, level)
        expected = binomtest(correct, n).proportion_ci(level, method="wilson")
        assert (float(low), float(high)) == pytest.approx((expected.low, expected.high), abs=1e-14)


def test_wilson_covers_the_ends_exactly_and_says_nothing_about_nothing() -> None:
    low, high = wilson([0, 5, 0], [5, 5, 0])
    assert low[0] == 0.0
    assert high[1] == 1.0
    assert math.isnan(low[2])
    assert math.isnan(high[2])
    with pytest.raises(ValueError, match="level is 95"):
        wilson(1, 2, level=95)


def test_decisions_are_softmax_and_argmax() -> None:
    logits = np.random.default_rng(0).normal(0, 4, (500, 10)).astype(np.float32)
    found = decide(logits)
    probability = softmax(logits.astype(np.float64), axis=1)
    assert (found.predicted == logits.argmax(1)).all()
    np.testing.assert_allclose(found.confidence, probability.max(1), rtol=1e-12)
    np.testing.assert_allclose(found.log_odds, np.log(probability.max(1) / (1 - probability.max(1))), rtol=1e-9)
    top = np.sort(logits.astype(np.float64), axis=1)
    np.testing.assert_array_equal(found.gap, top[:, -1] - top[:, -2])


def test_equal_logits_go_to_the_lowest_class_and_are_a_near_tie() -> None:
    found = decide(np.zeros((1, 10), np.float32))
    assert found.predicted[0] == 0
    assert found.near_ties == 1
    assert found.confidence[0] == pytest.approx(0.1)


def test_log_odds_rank_where_confidence_saturates() -> None:
    logits = np.zeros((2, 10), np.float32)
    logits[0, 3], logits[1, 3] = 50, 60
    found = decide(logits)
    assert found.confidence[0] == found.confidence[1] == 1.0
    np.testing.assert_allclose(found.log_odds, [50 - np.log(9), 60 - np.log(9)])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_row_that_is_not_finite_is_invalid_whatever_the_rest(bad: float) -> None:
    logits = np.random.default_rng(0).normal(size=(10, 10)).astype(np.float32)
    logits[4, 7] = bad
    found = decide(logits)
    assert found.valid.tolist() == [row != 4 for row in range(10)]
    assert found.predicted[4] == -1
    assert math.isnan(found.confidence[4])
    assert (found.predicted[found.valid] == logits.argmax(1)[found.valid]).all()


def test_huge_finite_logits_are_valid() -> None:
    logits = np.full((1, 10), -3e38, np.float32)
    logits[0, 2] = 3e38
    assert decide(logits).predicted[0] == 2
    assert decide(logits).confidence[0] == 1.0


def test_no_rows_at_all() -> None:
    assert len(decide(np.zeros((0, 10), np.float32)).predicted) == 0


# --- the summary ---------------------------------------------------------------------------------------------------

COLUMNS = (
    "checkpoint,dataset,suite,sweep,perturbation,parameter,unit,value,n,correct,accuracy,accuracy_low,accuracy_high,"
    "mean_confidence,flip_rate,invalid"
)


def test_the_summary_has_the_published_columns_and_order(predictions: Predictions) -> None:
    table = summarise(predictions)
    assert summary_csv(table).startswith(COLUMNS + ",")
    expected = [
        (suite.name, sweep.name, value, checkpoint)
        for suite in predictions.suites
        for sweep in suite.sweeps
        for value in sweep.values
        for checkpoint in predictions.checkpoints
    ]
    assert list(table[["suite", "sweep", "value", "checkpoint"]].itertuples(index=False, name=None)) == expected


def test_the_summary_is_what_a_plain_loop_counts(predictions: Predictions) -> None:
    for row in summarise(predictions).itertuples():
        logits = predictions.at(row.checkpoint, row.suite, row.sweep, row.value)
        clean = predictions.at(row.checkpoint)[0].argmax(1)
        right = flips = bad = 0
        sure = []
        for variant in logits:
            for i, one in enumerate(variant):
                if not np.isfinite(one).all():
                    bad += 1
                    flips += 1
                    continue
                right += one.argmax() == predictions.labels[i]
                flips += one.argmax() != clean[i]
                sure.append(softmax(one.astype(np.float64)).max())
        total = logits.shape[0] * logits.shape[1]
        assert (row.correct, row.invalid, row.n, row.variants) == (right, bad, len(predictions), len(logits))
        assert row.accuracy == right / total
        assert row.flip_rate == flips / total
        assert row.mean_confidence == pytest.approx(np.mean(sure), rel=1e-12)
        interval = binomtest(right, total).proportion_ci(0.95, method="wilson")
        assert row.accuracy_low <= interval.low + 1e-12
        assert row.accuracy_high >= interval.high - 1e-12


def test_neutral_rows_are_marked_and_do_not_flip(predictions: Predictions) -> None:
    neutral = summarise(predictions).query("neutral")
    assert (neutral["flip_rate"] == 0).all()
    assert len(neutral) == len(predictions.checkpoints) * sum(len(suite.sweeps) for suite in predictions.suites)


def test_a_summary_of_nothing_but_nan_is_wrong_and_says_so() -> None:
    predictions = synthetic_predictions(("nan",), n=50, invalid=50, digits=False)
    rows = summarise(predictions).query("not neutral")
    assert (rows["accuracy"] == 0).all()
    assert (rows["invalid"] == 50 * rows["variants"]).all()
    assert rows["mean_confidence"].isna().all()
    assert mistakes(predictions, "nan", "shift").empty
    assert confusion(predictions, "nan", "shift", "right", 2).sum() == 0


def test_a_copy_is_given_out(predictions: Predictions) -> None:
    given = summarise(predictions)
    given["accuracy"] = 7.0
    assert (summarise(predictions)["accuracy"] <= 1).all()


def test_csv_reads_back(predictions: Predictions, tmp_path) -> None:  # type: ignore[no-untyped-def]
    table = summarise(predictions)
    (tmp_path / "summary.csv").write_text(summary_csv(table))
    back = pd.read_csv(tmp_path / "summary.csv")
    pd.testing.assert_frame_equal(back, table, check_dtype=False, atol=1e-8)
    pd.testing.assert_frame_equal(headline(back), headline(table), check_dtype=False, atol=1e-6)


def test_near_ties_count_clean_once_and_neutral_copies_never() -> None:
    predictions = synthetic_predictions(("one",), n=20, digits=False)
    assert near_ties(predictions, summarise(predictions)) == {"one": 0}
    predictions.clean[0, 0] = 1.0
    for table in predictions.logits.values():
        table[0, 0, :, 0] = 1.0  # the first value: neutral in all sweeps but the rotation's
    tied = Predictions(**vars(predictions))
    assert near_ties(tied, summarise(tied)) == {"one": 1 + 1}


# --- curves --------------------------------------------------------------------------------------------------------


def curve(values: list[float], accuracy: list[float], neutral: float = 0.0, **more: object) -> pd.DataFrame:
    row = {"checkpoint": "a", "suite": "s", "sweep": "w", "unit": "px", "n": 100, "accuracy_low": 0.0}
    rows = [
        {**row, "accuracy_high": 1.0, "value": v, "accuracy": a, "neutral": v == neutral, **more}
        for v, a in zip(values, accuracy, strict=True)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("values", "accuracy", "area", "low", "high"),
    [
        ([0, 1, 2], [1.0, 0.8, 0.0], (0.9 + 0.4) / 2, math.nan, 0.5),
        ([-2, 0, 2], [0.8, 1.0, 0.6], 0.85, -1.0, 0.5),
        ([0, 1, 2], [1.0, 0.95, 0.9], 0.95, math.nan, math.nan),  # nine tenths themselves are not below
        ([0, 1, 2], [0.8, 0.76, 0.68], 0.75, math.nan, 1.5),  # nine tenths of what is read clean, 0.72
        ([-1, 0], [0.7, 0.7], 0.7, math.nan, math.nan),
        ([0, 1], [0.0, 0.0], 0.0, math.nan, math.nan),  # without anything to lose
        ([0, 1, 2, 3], [1.0, 0.8, 0.95, 0.5], (0.9 + 0.875 + 0.725) / 3, math.nan, 0.5),  # the first fall counts
        ([0, 3, 4], [1.0, 0.7, 0.7], (0.85 * 3 + 0.7) / 4, math.nan, 1.0),  # uneven steps
    ],
)
def test_headline_in_closed_form(values, accuracy, area, low, high) -> None:  # type: ignore[no-untyped-def]
    row = headline(curve(values, accuracy)).iloc[0]
    assert row["area"] == pytest.approx(area)
    assert (row["threshold_low"], row["threshold_high"]) == pytest.approx((low, high), nan_ok=True)
    assert row["clean_accuracy"] == accuracy[values.index(0)]


@pytest.mark.parametrize(
    ("values", "accuracy", "value"),
    [
        ([0, 1, 2, 3], [1.0, 0.95, 0.8, 0.1], 2),  # the mildest below
        ([0, 1, 2, 3], [1.0, 0.99, 0.98, 0.97], 3),  # never below: the farthest
        ([-2, -1, 0, 1, 2], [0.5, 0.89, 1.0, 0.91, 0.6], 2),  # the lower of the two candidates
        ([-2, -1, 0, 1, 2], [0.5, 0.7, 1.0, 0.8, 0.1], -1),
        ([-1, 0, 1], [0.5, 1.0, 0.5], 1),  # equals: the upper side
        ([-2, -1, 0], [0.99, 0.995, 0.2], -2),  # a side without values does not offer neutral
        ([0, 1, 2, 3], [0.8, 0.75, 0.7, 0.1], 2),  # nine tenths of what is read clean, 0.72
    ],
)
def test_focus_is_where_classifiers_begin_to_fail(values, accuracy, value) -> None:  # type: ignore[no-untyped-def]
    assert focus(curve(values, accuracy)).iloc[0]["value"] == value


def test_pictures_of_earlier_versions_are_ranked_by_the_rule_of_then() -> None:
    table = curve([0, 1, 2, 3], [0.95, 0.88, 0.5, 0.1])
    assert focus(table).iloc[0]["value"] == 2  # below 0.855
    assert focus_of_earlier_versions(table).iloc[0]["value"] == 1  # below 0.90


def test_focus_averages_over_checkpoints() -> None:
    strong, weak = curve([0, 1, 2], [1, 1, 1.0]), curve([0, 1, 2], [1, 0.7, 0.5], checkpoint="b")
    assert focus(pd.concat([strong, weak])).iloc[0]["value"] == 1
    assert focus(pd.concat([strong, strong.assign(checkpoint="c"), weak])).iloc[0]["value"] == 2


# --- classes and mistakes ------------------------------------------------------------------------------------------


def test_confusion_is_scikit_learns(predictions: Predictions) -> None:
    for setting in ((), ("rotation", "angle", 30.0), ("noise", "gaussian", 0.5)):
        logits = predictions.at("cnn", *setting)
        labels = np.tile(predictions.labels, len(logits))
        expected = confusion_matrix(labels, logits.reshape(-1, 10).argmax(1), labels=range(10))
        np.testing.assert_array_equal(confusion(predictions, "cnn", *setting), expected)


def test_invalid_rows_are_in_no_cell(predictions: Predictions) -> None:
    assert confusion(predictions, "fc").sum() == 200
    assert confusion(predictions, "fc", "shift", "right", 2).sum() == 197
    assert confusion(predictions, "fc", "shift", "radius", 2).sum() == 4 * 197


def test_classes_add_up_to_the_summary(predictions: Predictions) -> None:
    table = per_class(predictions, "cnn", "noise", "gaussian", 0.5)
    row = summarise(predictions).query("checkpoint == 'cnn' and suite == 'noise' and value == 0.5").iloc[0]
    assert list(table.columns) == ["label", "n", "correct", "accuracy", "low", "high"]
    assert table["correct"].sum() == row["correct"]
    assert table["n"].sum() == 200
    assert table["low"].lt(table["accuracy"]).all()


def test_a_class_without_images_has_no_accuracy() -> None:
    predictions = synthetic_predictions(n=5, digits=False)
    table = per_class(predictions, "fc")
    assert table["accuracy"].isna().sum() == 5
    assert table["low"].isna().sum() == 5


def test_mistakes_are_the_surest_of_each_sample(predictions: Predictions) -> None:
    table = mistakes(predictions, "cnn", "shift", top=30)
    looked = focus(summarise(predictions)).query("suite == 'shift'").set_index("sweep")["value"]
    best: dict[int, tuple[float, int]] = {}
    for sweep in predictions.suite("shift").sweeps:
        for value in sweep.values:
            if 0 < abs(value) <= abs(looked[sweep.name]):
                for logits in predictions.at("cnn", "shift", sweep.name, value).astype(np.float64):
                    for row, one in enumerate(logits):
                        predicted = int(one.argmax())
                        if predicted != predictions.labels[row]:
                            odds = one[predicted] - np.log(np.exp(np.delete(one, predicted)).sum())
                            best[row] = max(best.get(row, (-np.inf, 0)), (odds, predicted))
    ranked = sorted(best, key=lambda row: -best[row][0])[:30]
    assert table["row"].tolist() == ranked
    assert table["rank"].tolist() == list(range(1, len(table) + 1))
    assert table["predicted"].tolist() == [best[row][1] for row in ranked]
    np.testing.assert_allclose(table["log_odds"], [best[row][0] for row in ranked], rtol=1e-9)
    for line in table.itertuples():
        logits = predictions.at("cnn", "shift", line.sweep, line.value)[line.variant]
        assert decide(logits).confidence[line.row] == line.confidence
        assert predictions.sweep("shift", line.sweep).variants[line.variant].label == line.variant_label


def test_of_equally_sure_mistakes_the_milder_counts() -> None:
    suite = make_suite("shift", make_sweep(values=(0, 1, 2)))
    predictions = synthetic_predictions(("a",), n=10, suites=(suite,), digits=False)
    table = predictions.logits["shift", "right"]
    table[0, 1:] = 0
    table[0, 1, 0, :, :] = np.eye(10, dtype=np.float32)[predictions.labels] * 9  # right at 1 …
    table[0, 2, 0, :, :] = table[0, 1, 0]
    table[0, 1:, 0, 4] = np.roll(table[0, 1, 0, 4], 1)  # … but for one row, equally wrong at 1 and at 2
    found = mistakes(predictions, "a", "shift")
    assert found["row"].tolist() == [4]
    assert found["value"].tolist() == [1.0]


def test_clean_mistakes_and_their_empty_setting(predictions: Predictions) -> None:
    table = clean_mistakes(predictions, "fc", top=3)
    wrong = np.flatnonzero(predictions.at("fc")[0].argmax(1) != predictions.labels)
    assert set(table["row"]) <= set(wrong.tolist())
    assert len(table) == min(3, len(wrong))
    assert table["value"].isna().all()
    assert list(table.columns) == list(mistakes(predictions, "fc", "shift").columns)


def test_what_was_not_evaluated_is_named(predictions: Predictions) -> None:
    with pytest.raises(RunError, match=r"checkpoint 'cmn' is not in this run, did you mean 'cnn'\?; it has fc, cnn"):
        confusion(predictions, "cmn")
    with pytest.raises(RunError, match="suite 'scale' is not in this run"):
        mistakes(predictions, "fc", "scale")
    with pytest.raises(RunError, match=r"9 is not a value of sweep 'shift.right'; use one of 0, 1, 2, 3, 4"):
        per_class(predictions, "fc", "shift", "right", 9)
    with pytest.raises(RunError, match="names no setting"):
        confusion(predictions, "fc", "shift")


def test_results_need_no_torch() -> None:
    import subprocess

    code = "import sys, robustmnist.results, robustmnist.predictions; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
