"""Every table at the edges: nothing wrong, nothing right, one image, no valid answer, one checkpoint, maps alone."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.predictions import Predictions
from robustmnist.results import (
    Comparison,
    areas,
    clean_mistakes,
    compare,
    compare_pairs,
    corruption_errors,
    critical_severity,
    critical_strengths,
    disagreements,
    first_to_fail,
    focus,
    headline,
    map_means,
    mean_corruption_errors,
    mistakes,
    mistakes_read_right,
    near_ties,
    never_fail,
    per_class,
    quality,
    reliability,
    risk_coverage,
    suite_areas,
    summarise,
    survival,
    survival_curve,
    wrong_and_right,
)

RESAMPLES = 60
CURVES = (
    make_suite("shift", make_sweep(), make_sweep("short", values=(0, 2), fixed={"direction": "left"})),
    make_suite("scale", make_sweep("both", "scale", "factor", "×", (0.5, 1.0, 1.5), 1.0)),
    make_suite("noise", make_sweep("gaussian", "gaussian-noise", "sigma", "sd of ink", (0, 0.5), draws=2)),
)
GRID = make_sweep("grid", "shift", "dx", values=(-1, 0, 1), over={"dy": (-1.0, 0.0, 1.0)}, crossed={"dy": 0.0})
MAPS = (make_suite("map", GRID),)


def answering(run: Predictions, answer: Callable[[int], int]) -> Predictions:
    """Return a run in which every checkpoint answers `answer(label)` to every image everywhere."""
    table = np.zeros((len(run), 10), np.float32)
    table[np.arange(len(run)), [answer(int(label)) for label in run.labels]] = 5.0
    logits = {key: np.broadcast_to(table, array.shape).copy() for key, array in run.logits.items()}
    return replace(run, clean=np.broadcast_to(table, run.clean.shape).copy(), logits=logits)


def ordinary(n: int = 60, names: tuple[str, ...] = ("fc", "cnn")) -> Predictions:
    return synthetic_predictions(names, n=n, suites=CURVES, digits=False)


def invalid(value: float) -> Predictions:
    run = ordinary()
    logits = {key: np.full_like(array, value) for key, array in run.logits.items()}
    return replace(run, clean=np.full_like(run.clean, value), logits=logits)


def wrong_at_neutral() -> Predictions:
    run = ordinary()
    wrong = answering(run, lambda label: (label + 1) % 10)
    logits = {key: array.copy() for key, array in run.logits.items()}
    for suite in run.suites:
        for sweep in suite.sweeps:
            at = sweep.values.index(sweep.neutral)
            logits[suite.name, sweep.name][:, at] = wrong.logits[suite.name, sweep.name][:, at]
    return replace(run, clean=wrong.clean, logits=logits)


RUNS: dict[str, Callable[[], Predictions]] = {
    "ordinary": ordinary,
    "no mistakes": lambda: answering(ordinary(), lambda label: label),
    "all mistakes": lambda: answering(ordinary(), lambda label: (label + 1) % 10),
    "one image": lambda: ordinary(1),
    "two images": lambda: ordinary(2),
    "nothing but NaN": lambda: invalid(np.nan),
    "nothing but infinity": lambda: invalid(np.inf),
    "one checkpoint": lambda: ordinary(names=("fc",)),
    "wrong at neutral": wrong_at_neutral,
    "maps alone": lambda: synthetic_predictions(("fc", "cnn"), n=20, suites=MAPS, digits=False),
}
TABLES: dict[str, Callable[[Predictions], pd.DataFrame]] = {
    "summarise": summarise,
    "quality": quality,
    "headline": headline,
    "focus": lambda run: focus(summarise(run)),
    "areas": lambda run: areas(run, RESAMPLES),
    "suite_areas": lambda run: suite_areas(run, RESAMPLES),
    "map_means": lambda run: map_means(run, RESAMPLES),
    "critical_strengths": lambda run: critical_strengths(run, RESAMPLES),
    "corruption_errors": lambda run: corruption_errors(run, "fc", RESAMPLES),
    "mean_corruption_errors": lambda run: mean_corruption_errors(run, "fc", RESAMPLES, unequal="mean-error"),
    "survival": survival,
    "per_class": lambda run: per_class(run, "fc"),
    "reliability": lambda run: reliability(run, "fc"),
    "risk_coverage": lambda run: risk_coverage(run, "fc"),
    "clean_mistakes": lambda run: clean_mistakes(run, "fc"),
    "mistakes": lambda run: mistakes(run, "fc", run.suites[0].name),
    "wrong_and_right": lambda run: wrong_and_right(run, "fc", run.checkpoints[-1]),
    "mistakes_read_right": lambda run: mistakes_read_right(run, "fc", run.checkpoints[-1], run.suites[0].name),
    "disagreements": lambda run: disagreements(run, []),
}
# Columns that are rates or shares: 0 to 1 or NaN.
RATES = (
    *("accuracy", "area", "flip_rate", "consistency", "mean_confidence", "share", "risk", "coverage"),
    *("ece_width", "ece_mass", "aurc", "excess_aurc", "clean_accuracy"),
)


@pytest.fixture(scope="module")
def usual() -> dict[str, list[str]]:
    """Return the columns of each table of an ordinary run."""
    run = ordinary()
    return {name: list(table(run).columns) for name, table in TABLES.items()}


@pytest.mark.parametrize("kind", list(RUNS))
def test_every_table_has_its_columns_and_its_numbers_are_possible(kind: str, usual: dict[str, list[str]]) -> None:
    run = RUNS[kind]()
    for name, make in TABLES.items():
        table = make(run)
        assert list(table.columns) == usual[name], name
        for column in table.columns:
            if column in RATES:
                known = table[column].dropna().astype(float)
                assert known.between(0, 1 + 1e-12).all(), (name, column)
            if f"{column}_low" in table and f"{column}_high" in table:
                whole = table[[f"{column}_low", column, f"{column}_high"]].dropna().astype(float).to_numpy()
                # A percentile interval of a ratio may leave its point out; one of a share does not.
                if column in RATES and len(run) > 2:
                    assert (whole[:, 0] <= whole[:, 1] + 1e-9).all(), (name, column)
                    assert (whole[:, 1] <= whole[:, 2] + 1e-9).all(), (name, column)
    assert set(near_ties(run, summarise(run))) == set(run.checkpoints)


@pytest.mark.parametrize("kind", [kind for kind in RUNS if kind != "one checkpoint"])
def test_every_comparison_has_its_columns(kind: str) -> None:
    run = RUNS[kind]()
    usual = compare(ordinary(), "fc", "cnn", resamples=RESAMPLES)
    for found in (compare(run, "fc", "cnn", resamples=RESAMPLES), compare_pairs(run, resamples=RESAMPLES)[0]):
        assert isinstance(found, Comparison)
        for name in ("settings", "sweeps", "suites", "sides"):
            table = getattr(found, name)
            assert list(table.columns) == list(getattr(usual, name).columns), name
            for p in [column for column in table.columns if column in ("p", "p_holm", "logrank_p")]:
                assert table[p].dropna().astype(float).between(0, 1).all(), (name, p)


def test_one_checkpoint_is_no_pair() -> None:
    assert compare_pairs(ordinary(names=("fc",)), resamples=RESAMPLES) == ()


def test_a_baseline_without_errors_has_no_unit_and_warns_of_nothing() -> None:
    three = ordinary(names=("perfect", "fc", "cnn"))
    perfect = answering(three, lambda label: label)
    logits = {key: array.copy() for key, array in three.logits.items()}
    for key, array in logits.items():
        array[0] = perfect.logits[key][0]
    run = replace(three, clean=np.concatenate([perfect.clean[:1], three.clean[1:]]), logits=logits)
    suites = compare(run, "fc", "cnn", baseline="perfect", resamples=RESAMPLES).suites.set_index("suite")
    assert suites["mce_a"].loc["scale"] == np.inf
    assert math.isnan(suites["mce_difference"].loc["scale"])
    table = mean_corruption_errors(run, "perfect", RESAMPLES, unequal="mean-error").set_index(["checkpoint", "suite"])
    assert math.isnan(table["mce"].loc[("perfect", "scale")])


def test_an_answer_that_is_none_differs_from_any_and_agrees_with_none() -> None:
    for table in (quality(invalid(np.nan)), summarise(invalid(np.nan))):
        assert (table["flip_rate"] == 1).all()
    assert (quality(invalid(np.nan))["consistency"] == 0).all()


def test_a_resample_without_a_clean_digit_read_keeps_nothing() -> None:
    # Of 3 images one is read clean: some 30 % of the resamples hold none, which must not pass for "beyond the end".
    run = ordinary(3)
    right, wrong = answering(run, lambda label: label), answering(run, lambda label: (label + 1) % 10)
    chosen = np.arange(3)[:, None] == 0
    logits = {key: np.where(chosen, right.logits[key], wrong.logits[key]) for key in run.logits}
    few = replace(run, clean=np.where(chosen, right.clean, wrong.clean), logits=logits)
    row = critical_strengths(few, 500).query("sweep == 'right' and checkpoint == 'fc'").iloc[0]
    assert row["beyond"]
    assert 0 <= row["critical_near"] - row["neutral"] <= 0.1 + 1e-12  # a tenth of the way to the first value, at 1
    assert np.isnan(row["critical_far"])


def test_who_never_or_always_fails_is_in_the_lists() -> None:
    perfect, blind = RUNS["no mistakes"](), RUNS["all mistakes"]()
    assert len(never_fail(perfect, "fc", "scale", "both", "below")) == 60
    assert first_to_fail(perfect, "fc", "scale", "both", "below").empty
    assert "predicted" in first_to_fail(perfect, "fc", "scale", "both", "below")
    assert never_fail(blind, "fc", "scale", "both").empty
    assert first_to_fail(blind, "fc", "scale", "both").empty  # wrong at neutral is no failure under way
    assert (critical_severity(blind, "fc", "scale", "both")["distance"] == 0).all()
    assert (survival_curve(blind, "fc", "scale", "both")["survival"] == 0).all()
    assert (survival_curve(perfect, "fc", "scale", "both")["survival"] == 1).all()
    row = survival(blind).iloc[0]
    assert (row["median"], row["mean"], row["never_failed"]) == (0, 0, 0)
