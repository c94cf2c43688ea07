"""The four tables of a comparison of two checkpoints, p-values uncorrected: by setting, sweep, suite and side."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.predictions import Predictions
from robustmnist.results.bootstrap import bootstrap
from robustmnist.results.correctness import clean_right, right
from robustmnist.results.robustness.areas import image_areas
from robustmnist.results.robustness.corruption_error import unequal_sweeps
from robustmnist.results.robustness.endurance import endurance
from robustmnist.results.robustness.error_ratios import mean_error_ratios
from robustmnist.results.robustness.survival import survival
from robustmnist.statistics.curves import trapezoid_weights
from robustmnist.statistics.paired_tests import cohens_g, error_consistency, mcnemar, odds_ratio, paired_difference
from robustmnist.statistics.resampling import percentiles, resampled_sums
from robustmnist.statistics.survival import log_rank
from robustmnist.statistics.unseen import mean_ends
from robustmnist.suites.sides import sides

__all__ = ["setting_contrasts", "side_contrasts", "suite_contrasts", "sweep_contrasts"]

AREAS = ("area_a", "area_b", "difference", "difference_low", "difference_high", "p", "p_holm", "cohens_d")
MCE = ("mce_a", "mce_b", "mce_difference", "mce_difference_low", "mce_difference_high")
SETTINGS = (
    *("suite", "sweep", "unit", "value", "n", "variants", "accuracy_a", "accuracy_b"),
    *("difference", "difference_low", "difference_high", "only_a", "only_b", "p", "p_holm"),
    *("odds_ratio", "cohens_g", "agreement", "kappa"),
)
SWEEPS = ("suite", "sweep", "unit", *AREAS)
SUITES = ("suite", "sweeps", *AREAS, *MCE)
SIDES = (
    *("suite", "sweep", "side", "unit", "end", "median_a", "median_b", "mean_a", "mean_b"),
    *("difference", "difference_low", "difference_high", "longer_a", "longer_b", "p", "p_holm"),
    *("logrank", "logrank_p", "logrank_p_holm"),
)

Row = dict[str, Any]


def setting_contrasts(predictions: Predictions, a: int, b: int, resamples: int, seed: int) -> pd.DataFrame:
    """Return `Comparison.settings` for the checkpoints with the indices `a` and `b`."""
    drawn = bootstrap(predictions, resamples, seed)
    clean = clean_right(predictions)
    names: Row = {"suite": "", "sweep": "", "unit": "", "value": np.nan, "n": len(predictions), "variants": 1}
    rows = [names | _setting(clean[a : a + 1], clean[b : b + 1], drawn.clean[:, b] - drawn.clean[:, a], seed)]
    for suite in predictions.suites:
        for sweep in suite.curves:
            answers = right(predictions, suite.name, sweep.name)
            resampled = drawn.accuracy(suite.name, sweep.name)
            for at, value in enumerate(sweep.values):
                if value == sweep.neutral:
                    continue
                names = {"suite": suite.name, "sweep": sweep.name, "unit": sweep.unit, "value": float(value)}
                names |= {"n": len(predictions), "variants": len(sweep.variants)}
                difference = resampled[:, b, at] - resampled[:, a, at]
                rows.append(names | _setting(answers[a, at], answers[b, at], difference, seed))
    return pd.DataFrame(rows, columns=list(SETTINGS))


def _setting(right_a: NDArray[np.bool_], right_b: NDArray[np.bool_], drawn: NDArray[np.float64], seed: int) -> Row:
    """Return the row of a setting from the right answers of both (R, n) and their difference in every resample (B,)."""
    hits_a, hits_b = right_a.sum(axis=0), right_b.sum(axis=0)
    only_a, only_b = int(np.count_nonzero(hits_a > hits_b)), int(np.count_nonzero(hits_b > hits_a))
    agreement, kappa = error_consistency(right_a, right_b)
    return {
        **_means(
            float(right_a.mean()),
            float(right_b.mean()),
            "accuracy",
            drawn,
            (hits_b.astype(np.float64) - hits_a) / len(right_a),
            seed,
        ),
        "only_a": only_a,
        "only_b": only_b,
        "p": float(mcnemar(only_a, only_b)),
        "p_holm": np.nan,
        "odds_ratio": float(odds_ratio(only_a, only_b)),
        "cohens_g": float(cohens_g(only_a, only_b)),
        "agreement": agreement,
        "kappa": kappa,
    }


def sweep_contrasts(predictions: Predictions, a: int, b: int, resamples: int, seed: int) -> pd.DataFrame:
    """Return `Comparison.sweeps` for the checkpoints with the indices `a` and `b`."""
    drawn = bootstrap(predictions, resamples, seed)
    rows: list[Row] = []
    for suite in predictions.suites:
        for sweep in suite.curves:
            areas = image_areas(predictions, suite.name, sweep.name)
            resampled = drawn.accuracy(suite.name, sweep.name)
            difference = (resampled[:, b] - resampled[:, a]) @ trapezoid_weights(sweep.values)
            names: Row = {"suite": suite.name, "sweep": sweep.name, "unit": sweep.unit}
            rows.append(names | _area(areas[a], areas[b], difference, seed))
    return pd.DataFrame(rows, columns=list(SWEEPS))


def suite_contrasts(predictions: Predictions, a: int, b: int, base: int, resamples: int, seed: int) -> pd.DataFrame:
    """Return `Comparison.suites` for the checkpoints with the indices `a` and `b`; `base` is that of the baseline."""
    drawn = bootstrap(predictions, resamples, seed)
    rows: list[Row] = []
    for suite in predictions.suites:
        if not suite.curves:
            continue
        areas = np.mean([image_areas(predictions, suite.name, sweep.name) for sweep in suite.curves], axis=0)
        resampled = [drawn.accuracy(suite.name, sweep.name) @ trapezoid_weights(sweep.values) for sweep in suite.curves]
        mean = np.mean(resampled, axis=0)
        row: Row = {"suite": suite.name, "sweeps": len(suite.curves)}
        row |= _area(areas[a], areas[b], mean[:, b] - mean[:, a], seed)
        mce: list[float] = [np.nan] * 5
        if not unequal_sweeps(suite):
            ratios = mean_error_ratios(predictions, suite, base, resamples, seed)[0]
            with np.errstate(invalid="ignore"):  # infinite both, against a baseline without errors
                point, apart = ratios.point, ratios.point[b] - ratios.point[a]
                low = percentiles(ratios.low[:, b] - ratios.high[:, a])[0]
                high = percentiles(ratios.high[:, b] - ratios.low[:, a])[1]
            mce = [float(point[a]), float(point[b]), float(apart), float(low), float(high)]
        rows.append(row | dict(zip(MCE, mce, strict=True)))
    return pd.DataFrame(rows, columns=list(SUITES))


def _area(area_a: NDArray[np.float64], area_b: NDArray[np.float64], drawn: NDArray[np.float64], seed: int) -> Row:
    _, p, effect = paired_difference(area_b - area_a)
    means = _means(float(area_a.mean()), float(area_b.mean()), "area", drawn, area_b - area_a, seed)
    return {**means, "p": p, "p_holm": np.nan, "cohens_d": effect}


def side_contrasts(predictions: Predictions, a: int, b: int, resamples: int, seed: int) -> pd.DataFrame:
    """Return `Comparison.sides` for the checkpoints with the indices `a` and `b`."""
    rows: list[Row] = []
    gains, reach = [], []
    medians = survival(predictions, resamples, seed).set_index(["checkpoint", "suite", "sweep", "side"])["median"]
    name_a, name_b = predictions.checkpoints[a], predictions.checkpoints[b]
    for suite in predictions.suites:
        for sweep in suite.curves:
            for side in sides(sweep):
                endured = endurance(predictions, suite.name, sweep.name, side.name)
                first, distance = endured.first_failure, endured.distance
                gains.append(distance[b] - distance[a])
                reach.append(side.distances[-1])
                longer_a = int(np.count_nonzero(first[a] > first[b]))
                longer_b = int(np.count_nonzero(first[b] > first[a]))
                test = log_rank(distance[b], endured.failed[b], distance[a], endured.failed[a])
                key = (suite.name, sweep.name, side.name)
                rows.append(
                    {
                        "suite": suite.name,
                        "sweep": sweep.name,
                        "side": side.name,
                        "unit": sweep.unit,
                        "end": side.end,
                        "median_a": float(medians.loc[(name_a, *key)]),
                        "median_b": float(medians.loc[(name_b, *key)]),
                        "mean_a": float(distance[a].mean()),
                        "mean_b": float(distance[b].mean()),
                        "difference": float(gains[-1].mean()),
                        "difference_low": np.nan,
                        "difference_high": np.nan,
                        "longer_a": longer_a,
                        "longer_b": longer_b,
                        "p": float(mcnemar(longer_a, longer_b)),
                        "p_holm": np.nan,
                        "logrank": test.statistic,
                        "logrank_p": test.p,
                        "logrank_p_holm": np.nan,
                    }
                )
    table = pd.DataFrame(rows, columns=list(SIDES))
    if rows:
        images, ends = np.stack(gains), np.array(reach)
        drawn = resampled_sums(images.T, resamples, seed) / len(predictions)
        table["difference_low"], table["difference_high"] = mean_ends(drawn, images, seed, -ends, ends)
    return table


def _means(a: float, b: float, what: str, drawn: NDArray[np.float64], apart: NDArray[np.float64], seed: int) -> Row:
    """Return two means of shares and their difference with its interval; `apart` (n,) is each image's difference."""
    low, high = mean_ends(drawn, apart, seed, -1.0, 1.0)
    row: Row = {f"{what}_a": a, f"{what}_b": b, "difference": b - a}
    return row | {"difference_low": float(low), "difference_high": float(high)}
