"""The images that one checkpoint reads right and another wrong."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from robustmnist.predictions import Predictions
from robustmnist.results.decisions import decide
from robustmnist.suites import Variant

__all__ = ["wrong_and_right"]

COLUMNS = (
    "row",
    "id",
    "label",
    "variant",
    "variant_label",
    "predicted",
    "confidence_wrong",
    "confidence_right",
    "log_odds",
)


def wrong_and_right(
    predictions: Predictions,
    wrong: str,
    right: str,
    suite: str | None = None,
    sweep: str | None = None,
    value: float | None = None,
    top: int | None = None,
) -> pd.DataFrame:
    """Return the answers that checkpoint `wrong` gets wrong and `right` right, the surest mistakes first.

    A row per image and variant; without a suite: clean images. Columns: ``row`` in the predictions, ``id``, ``label``,
    ``variant`` (its index), ``variant_label``; the ``predicted`` class of `wrong`, its ``confidence_wrong``, the
    ``confidence_right`` of the other in the true class, and the ``log_odds`` of the mistake, by which they are ranked.
    An invalid answer is a mistake without a rank: it has ``predicted`` −1 and NaN and comes last.

    Args:
        predictions: What was evaluated.
        wrong: The checkpoint that errs.
        right: The one that does not.
        suite: Name of the suite.
        sweep: Name of the sweep.
        value: The strength.
        top: At most so many rows; all where None.

    Raises:
        RunError: If the setting was not evaluated.
    """
    losing, winning = (predictions.at(name, suite, sweep, value) for name in (wrong, right))
    variants = (Variant({}, 0, ""),) if suite is None or sweep is None else predictions.sweep(suite, sweep).variants
    parts: list[dict[str, Any]] = []
    for r, variant in enumerate(variants):
        lost, won = decide(losing[r]), decide(winning[r])
        rows = np.flatnonzero((lost.predicted != predictions.labels) & (won.predicted == predictions.labels))
        parts += [
            {
                "row": row,
                "id": predictions.ids[row],
                "label": predictions.labels[row],
                "variant": r,
                "variant_label": variant.label,
                "predicted": lost.predicted[row],
                "confidence_wrong": expit(lost.log_odds[row]),
                "confidence_right": expit(won.log_odds[row]),
                "log_odds": lost.log_odds[row],
            }
            for row in rows
        ]
    table = pd.DataFrame(parts, columns=list(COLUMNS))
    ranked = table.sort_values("log_odds", ascending=False, kind="stable", na_position="last")
    return ranked.head(len(ranked) if top is None else top).reset_index(drop=True)
