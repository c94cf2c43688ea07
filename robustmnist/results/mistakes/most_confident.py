"""The mistakes of which a classifier was most confident."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from robustmnist.predictions import Predictions
from robustmnist.results.focus import focus, focus_of_earlier_versions
from robustmnist.results.remembered import remembered
from robustmnist.results.summary import summarise
from robustmnist.statistics.decisions import decide
from robustmnist.suites import Sweep, Variant

__all__ = ["clean_mistakes", "mistakes", "mistakes_of_earlier_versions"]

COLUMNS = (
    "rank",
    "id",
    "row",
    "label",
    "predicted",
    "confidence",
    "sweep",
    "value",
    "unit",
    "variant",
    "variant_label",
    "log_odds",
)


def mistakes(predictions: Predictions, checkpoint: str, suite: str, top: int = 25) -> pd.DataFrame:
    """Return the `top` most confident mistakes of `checkpoint` under `suite`, most confident first.

    A sample appears at most once, with its most confident mistake among the settings that perturb it and are no
    stronger than their sweep's `focus` value (on either side of neutral): a digit that was shifted out of
    the picture says nothing. Of equally confident mistakes that at the milder strength counts. What ranks them is the
    log-odds of the predicted class, which does not saturate as the probability does. Invalid rows are never ranked.

    Columns: ``rank`` from 1, ``id`` of the sample, ``row`` in the predictions, ``label``, ``predicted``,
    ``confidence``, ``sweep``, ``value``, ``unit``, ``variant`` (its index), ``variant_label``, ``log_odds``.

    Raises:
        RunError: If the checkpoint or the suite was not evaluated.
    """
    return _mistakes(predictions, checkpoint, suite, top, earlier=False).copy()


def mistakes_of_earlier_versions(predictions: Predictions, checkpoint: str, suite: str, top: int = 25) -> pd.DataFrame:
    """Return `mistakes` up to the strengths of `focus_of_earlier_versions` instead of `focus`."""
    return _mistakes(predictions, checkpoint, suite, top, earlier=True).copy()


@remembered
def _mistakes(predictions: Predictions, checkpoint: str, suite: str, top: int, *, earlier: bool) -> pd.DataFrame:
    index, sweeps = predictions.index(checkpoint), predictions.suite(suite).curves
    shown = _shown_strengths(predictions, earlier)[suite]
    ranked_mistakes = _MostConfident.of(len(predictions))
    settings: list[tuple[Sweep, float, int, Variant]] = []
    for sweep in sweeps:
        farthest = abs(shown[sweep.name] - sweep.neutral) * (1 + 1e-9)
        logits = predictions.logits[suite, sweep.name][index]
        for at in sorted(range(len(sweep.values)), key=lambda at: abs(sweep.values[at] - sweep.neutral)):
            if not 0 < abs(sweep.values[at] - sweep.neutral) <= farthest:
                continue
            for r, variant in enumerate(sweep.variants):
                ranked_mistakes.add(logits[at, r], predictions.labels, len(settings))
                settings.append((sweep, sweep.values[at], r, variant))
    rows = ranked_mistakes.rows(predictions, top)
    for row in rows:
        sweep, value, r, variant = settings[row.pop("setting")]
        row |= {"sweep": sweep.name, "value": value, "unit": sweep.unit, "variant": r, "variant_label": variant.label}
    return _table(rows)


def clean_mistakes(predictions: Predictions, checkpoint: str, top: int = 25) -> pd.DataFrame:
    """Return the `top` most confident mistakes of `checkpoint` on the clean images.

    Columns as in `mistakes`; those that name the setting are empty (``value`` NaN, ``variant`` 0).

    Raises:
        RunError: If the checkpoint was not evaluated.
    """
    ranked_mistakes = _MostConfident.of(len(predictions))
    ranked_mistakes.add(predictions.at(checkpoint)[0], predictions.labels, 0)
    rows = ranked_mistakes.rows(predictions, top)
    for row in rows:
        del row["setting"]
        row |= {"sweep": "", "value": np.nan, "unit": "", "variant": 0, "variant_label": ""}
    return _table(rows)


@remembered
def _shown_strengths(predictions: Predictions, earlier: bool) -> dict[str, dict[str, float]]:
    """Return the `focus` value of every sweep, by suite; by the rule of `earlier` versions if asked."""
    table = (focus_of_earlier_versions if earlier else focus)(summarise(predictions))
    strengths: dict[str, dict[str, float]] = {suite.name: {} for suite in predictions.suites}
    for suite, sweep, value in table[["suite", "sweep", "value"]].itertuples(index=False):
        strengths[suite][sweep] = float(value)
    return strengths


@dataclass(frozen=True)
class _MostConfident:
    """Per sample the most confident mistake met so far: its log-odds, its class and the number of its setting."""

    log_odds: NDArray[np.float64]
    predicted: NDArray[np.int64]
    setting: NDArray[np.int64]

    @classmethod
    def of(cls, n: int) -> "_MostConfident":
        return cls(np.full(n, -np.inf), np.zeros(n, np.int64), np.zeros(n, np.int64))

    def add(self, logits: NDArray[np.float32], labels: NDArray[np.int64], setting: int) -> None:
        wrong = np.flatnonzero(logits.argmax(axis=1) != labels)
        decisions = decide(logits[wrong])
        # Strictly more confident: settings come mildest first, so the milder of equals stays. NaN compares as False.
        better = decisions.valid & (decisions.log_odds > self.log_odds[wrong])
        rows = wrong[better]
        self.log_odds[rows] = decisions.log_odds[better]
        self.predicted[rows] = decisions.predicted[better]
        self.setting[rows] = setting

    def rows(self, predictions: Predictions, top: int) -> list[dict[str, Any]]:
        wrong = np.flatnonzero(self.log_odds > -np.inf)
        ranked = wrong[np.argsort(-self.log_odds[wrong], kind="stable")][:top]
        return [
            {
                "rank": rank,
                "id": int(predictions.ids[row]),
                "row": int(row),
                "label": int(predictions.labels[row]),
                "predicted": int(self.predicted[row]),
                "confidence": float(expit(self.log_odds[row])),
                "setting": int(self.setting[row]),
                "log_odds": float(self.log_odds[row]),
            }
            for rank, row in enumerate(ranked, start=1)
        ]


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS))
