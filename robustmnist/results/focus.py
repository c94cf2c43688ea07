"""What a whole curve says in a few numbers: its area, where a tenth of clean accuracy is lost, and where to look."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.predictions import Predictions
from robustmnist.results.summary import summarise
from robustmnist.statistics.curves import area_under, fall
from robustmnist.suites.sides import sides_of_values

__all__ = ["KEEP", "focus", "focus_of_earlier_versions", "headline"]

KEEP = 0.9  # the part of its clean accuracy that a checkpoint keeps up to its critical strength

HEADLINE = (
    "checkpoint",
    "suite",
    "sweep",
    "unit",
    "n",
    "clean_accuracy",
    "clean_accuracy_low",
    "clean_accuracy_high",
    "area",
    "threshold_low",
    "threshold_high",
)
FOCUS = ("suite", "sweep", "unit", "value", "accuracy")

Vector = NDArray[np.float64]


def headline(source: Predictions | pd.DataFrame) -> pd.DataFrame:
    """Return a row per suite, sweep and checkpoint, from predictions or from their summary.

    Columns: ``checkpoint``, ``suite``, ``sweep``, ``unit``, ``n``, ``clean_accuracy``, ``clean_accuracy_low``,
    ``clean_accuracy_high``; ``area``, the area under the accuracy curve by the trapezoid rule divided by the range of
    values, so that 1 means every answer is right; ``threshold_low`` and ``threshold_high``, the values below and
    above neutral at which accuracy first falls below 0.9 of the clean accuracy (linear between values, NaN where it
    never does). They are ``area`` of `areas` and ``critical`` of `critical_strengths`, which have intervals too.
    """
    summary = source if isinstance(source, pd.DataFrame) else summarise(source)
    rows: list[dict[str, Any]] = []
    for (suite, sweep, checkpoint), table in summary.groupby(["suite", "sweep", "checkpoint"], sort=False):
        curve = table.sort_values("value")
        clean = curve[curve["neutral"]].iloc[0]
        values, accuracy = _vector(curve, "value"), _vector(curve, "accuracy")
        floor = np.asarray(KEEP * float(clean["accuracy"]))
        falls = {
            side.name: side.strength(float(fall(side.distances, accuracy[side.at], floor)))
            for side in sides_of_values(values, float(clean["value"]))
        }
        rows.append(
            {
                "checkpoint": checkpoint,
                "suite": suite,
                "sweep": sweep,
                "unit": clean["unit"],
                "n": int(clean["n"]),
                "clean_accuracy": float(clean["accuracy"]),
                "clean_accuracy_low": float(clean["accuracy_low"]),
                "clean_accuracy_high": float(clean["accuracy_high"]),
                "area": float(area_under(values, accuracy)),
                "threshold_low": falls.get("below", np.nan),
                "threshold_high": falls.get("above", np.nan),
            }
        )
    return pd.DataFrame(rows, columns=list(HEADLINE))


def focus(summary: pd.DataFrame) -> pd.DataFrame:
    """Return a row per suite and sweep: the ``value`` at which confusion matrices and galleries look.

    On each side of neutral that is the mildest value at which the accuracy, averaged over the checkpoints, is below
    0.9 of the clean accuracy, averaged alike; else the farthest. It is on the side with the lower accuracy (the
    upper side among equals). There the classifiers fail often enough to see how, and the digits can still be read.
    Columns: ``suite``, ``sweep``, ``unit``, ``value``, ``accuracy`` (the mean).
    """
    return _focus(summary, lambda clean: KEEP * clean)


def focus_of_earlier_versions(summary: pd.DataFrame) -> pd.DataFrame:
    """Return `focus` by the rule of earlier versions: an accuracy below 0.90, whatever the clean accuracy.

    Run folders that keep pictures by the rank of a mistake were written when `mistakes` followed from it.
    """
    return _focus(summary, lambda clean: 0.90)


def _focus(summary: pd.DataFrame, floor: Callable[[float], float]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for (suite, sweep), table in summary.groupby(["suite", "sweep"], sort=False):
        mean = table.groupby("value")["accuracy"].mean()
        values, accuracy = np.asarray(mean.index, np.float64), np.asarray(mean, np.float64)
        neutral = float(table[table["neutral"]]["value"].iloc[0])
        value, at_value = neutral, float(mean[neutral])
        least = np.inf
        for side in sides_of_values(values, neutral):
            level = accuracy[side.at]
            under = np.flatnonzero(level[1:] < floor(float(level[0])))
            at = int(under[0]) + 1 if len(under) else len(level) - 1
            if level[at] <= least:  # the upper side comes last
                value, at_value, least = float(side.strengths[at]), float(level[at]), float(level[at])
        rows.append(
            {"suite": suite, "sweep": sweep, "unit": table["unit"].iloc[0], "value": value, "accuracy": at_value}
        )
    return pd.DataFrame(rows, columns=list(FOCUS))


def _vector(table: pd.DataFrame, column: str) -> Vector:
    return np.asarray(table[column], np.float64)
