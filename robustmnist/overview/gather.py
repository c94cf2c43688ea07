"""Compute the numbers of a run once for page and terminal: results in, an `Overview` out."""

import math
from collections.abc import Mapping

import pandas as pd

from robustmnist.overview.overview import Overview, ScoreKind, SuiteOverview, SuiteScore, SweepOverview
from robustmnist.overview.tolerance import Area, Clean, Curve, clean_accuracy, read_areas, read_tolerances
from robustmnist.predictions import Predictions
from robustmnist.predictions.phrases import phrases_of
from robustmnist.results import RESAMPLES, focus, summarise
from robustmnist.results.breakdown.worst_case import of_many_draws, worst_of_all_draws
from robustmnist.results.focus import KEEP
from robustmnist.results.robustness.areas import areas
from robustmnist.results.robustness.critical_strengths import critical_strengths
from robustmnist.results.robustness.suite_areas import suite_areas
from robustmnist.suites import Suite, Sweep

__all__ = ["KEEP", "RESAMPLES", "gather", "of_many_draws"]


def gather(predictions: Predictions) -> Overview:
    """Compute from predictions all numbers of which the report speaks."""
    names = predictions.checkpoints
    clean = tuple(clean_accuracy(predictions, index, name) for index, name in enumerate(names))
    means = {str(name): rows for name, rows in suite_areas(predictions, RESAMPLES).groupby("suite", sort=False)}
    suites = _suites(predictions, clean, means)
    scores = tuple(
        _score(predictions, index, suite, read_areas(means[suite.name], names))
        for index, suite in enumerate(predictions.suites)
    )
    return Overview(predictions, clean, scores, suites)


def _suites(
    predictions: Predictions, clean: tuple[Clean, ...], means: Mapping[str, pd.DataFrame]
) -> tuple[SuiteOverview, ...]:
    summary = summarise(predictions)
    if summary.empty:
        return ()
    names, keys = predictions.checkpoints, ["suite", "sweep"]
    settings, focused = _by(summary, keys), _by(focus(summary), keys)
    shares = _by(areas(predictions, RESAMPLES), keys)
    criticals = _by(critical_strengths(predictions, RESAMPLES, keep=KEEP), keys)
    natural = _natural(predictions)
    suites = []
    for i, suite in enumerate(predictions.suites):
        sweeps = []
        for j, sweep in enumerate(suite.curves):
            if of_many_draws(sweep):
                continue
            key = (suite.name, sweep.name)
            curves = _curves(sweep, names, settings[key])
            tolerances = read_tolerances(sweep, clean, shares[key], criticals.get(key))
            at, invalid = float(focused[key]["value"].iloc[0]), int(settings[key]["invalid"].sum())
            band, phrases = natural.get(key), phrases_of(predictions.manifest, sweep)
            sweeps.append(SweepOverview((i, j), suite, sweep, curves, tolerances, at, invalid, band, phrases))
        if sweeps:
            suites.append(SuiteOverview(i, suite, tuple(sweeps), read_areas(means[suite.name], names)))
    return tuple(suites)


def _score(predictions: Predictions, index: int, suite: Suite, shares: tuple[Area, ...]) -> SuiteScore:
    if not suite.curves:
        return SuiteScore(index, suite, ScoreKind.MAP, shares)
    if not all(of_many_draws(sweep) for sweep in suite.curves):
        return SuiteScore(index, suite, ScoreKind.AREA, shares)
    sweep = suite.curves[0]
    last = worst_of_all_draws(predictions, suite.name, sweep.name).set_index("checkpoint")
    columns = ("accuracy", "accuracy_low", "accuracy_high")
    worst = tuple(Area(*(_float(last.loc[name, column]) for column in columns)) for name in predictions.checkpoints)
    return SuiteScore(index, suite, ScoreKind.WORST, worst, sweep.draws)


def _curves(sweep: Sweep, names: tuple[str, ...], settings: pd.DataFrame) -> tuple[Curve, ...]:
    curves = []
    for k, name in enumerate(names):
        rows = settings[settings["checkpoint"] == name].set_index("value").loc[list(sweep.values)]
        shares = (tuple(map(float, rows[column])) for column in ("accuracy", "accuracy_low", "accuracy_high"))
        curves.append(Curve(k, name, *shares))
    return tuple(curves)


def _natural(predictions: Predictions) -> Mapping[tuple[str, str], tuple[float, float]]:
    table = predictions.realised
    if table is None:
        return {}
    bands = {}
    for row in table.to_dict("records"):
        low, high = _float(row["natural_low"]), _float(row["natural_high"])
        if math.isfinite(low) and math.isfinite(high):
            bands[str(row["suite"]), str(row["sweep"])] = low, high
    return bands


def _by(frame: pd.DataFrame, columns: list[str]) -> dict[tuple[str, str], pd.DataFrame]:
    return dict(list(frame.groupby(columns, sort=False)))  # type: ignore[arg-type]


def _float(value: object) -> float:
    return float(value)  # type: ignore[arg-type]
