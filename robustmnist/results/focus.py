"""What a whole curve says in a few numbers: area, the strength at which accuracy falls below 90 %, where to look."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.predictions import Predictions
from robustmnist.results.summary import summarise

__all__ = ["FLOOR", "focus", "headline"]

FLOOR = 0.90  # the accuracy whose loss the headline reports

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
    values, so 1 is a classifier that nothing moves; ``threshold_low`` and ``threshold_high``, the values below and
    above neutral at which accuracy first falls below 0.90 (linear between values, NaN where it never does).
    """
    summary = source if isinstance(source, pd.DataFrame) else summarise(source)
    rows: list[dict[str, Any]] = []
    for (suite, sweep, checkpoint), curve in summary.groupby(["suite", "sweep", "checkpoint"], sort=False):
        values, accuracy = _vector(curve, "value"), _vector(curve, "accuracy")
        clean = curve[curve["neutral"]].iloc[0]
        neutral = float(clean["value"])
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
                "area": _area(values, accuracy),
                "threshold_low": _threshold(*_side(values, accuracy, neutral, below=True)),
                "threshold_high": _threshold(*_side(values, accuracy, neutral, below=False)),
            }
        )
    return pd.DataFrame(rows, columns=list(HEADLINE))


def focus(summary: pd.DataFrame) -> pd.DataFrame:
    """Return a row per suite and sweep: the ``value`` at which confusion matrices and galleries look.

    On each side of neutral that is the mildest value at which the accuracy, averaged over the checkpoints, is below
    0.90, else the farthest; of the two sides the one with the lower accuracy (the upper one among equals). There the
    classifiers fail often enough to see how, and the digits can still be read. Columns: ``suite``, ``sweep``, ``unit``,
    ``value``, ``accuracy`` (the mean).
    """
    rows: list[dict[str, Any]] = []
    for (suite, sweep), table in summary.groupby(["suite", "sweep"], sort=False):
        mean = table.groupby("value")["accuracy"].mean()
        values, accuracy = np.asarray(mean.index, np.float64), np.asarray(mean, np.float64)
        neutral = float(table[table["neutral"]]["value"].iloc[0])
        candidates = []
        for below in (False, True):
            outward, level = _side(values, accuracy, neutral, below=below)
            under = np.flatnonzero(level[1:] < FLOOR)
            at = int(under[0]) + 1 if len(under) else len(level) - 1
            candidates.append((level[at], at == 0, outward[at]))
        # A side without values offers neutral itself, which must not win over a side that has some.
        level_there, _, value = min(candidates, key=lambda found: (found[1], found[0]))
        rows.append(
            {
                "suite": suite,
                "sweep": sweep,
                "unit": table["unit"].iloc[0],
                "value": float(value),
                "accuracy": float(level_there),
            }
        )
    return pd.DataFrame(rows, columns=list(FOCUS))


def _vector(table: pd.DataFrame, column: str) -> Vector:
    return np.asarray(table[column], np.float64)


def _area(values: Vector, accuracy: Vector) -> float:
    order = np.argsort(values)
    values, accuracy = values[order], accuracy[order]
    span = values[-1] - values[0]
    return float(np.trapezoid(accuracy, values) / span) if span else float(accuracy[0])


def _side(values: Vector, accuracy: Vector, neutral: float, *, below: bool) -> tuple[Vector, Vector]:
    """Return values and accuracies from neutral outwards on one side, neutral first."""
    keep = values <= neutral if below else values >= neutral
    order = np.argsort(np.abs(values[keep] - neutral))
    return values[keep][order], accuracy[keep][order]


def _threshold(values: Vector, accuracy: Vector) -> float:
    """Return where the accuracy first falls below the floor, walking outwards from neutral."""
    under = np.flatnonzero(accuracy < FLOOR)
    if len(under) == 0 or len(values) == 1:
        return float("nan")
    at = int(under[0])
    if at == 0:
        return float(values[0])
    share = (accuracy[at - 1] - FLOOR) / (accuracy[at - 1] - accuracy[at])
    return float(values[at - 1] + share * (values[at] - values[at - 1]))
