"""The images that one checkpoint reads right and another wrong."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from robustmnist.predictions import Predictions
from robustmnist.results.mistakes.most_confident import mistakes
from robustmnist.statistics.decisions import decide
from robustmnist.suites import Setting, Variant

__all__ = ["disagreements", "mistakes_read_right", "wrong_and_right"]

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
    """Return the answers that checkpoint `wrong` gets wrong and `right` right, most confident first.

    A row per image and variant; without a suite: clean images. Columns: ``row`` in the predictions, ``id``, ``label``,
    ``variant`` (its index), ``variant_label``; the ``predicted`` class of `wrong`, its ``confidence_wrong``, the
    ``confidence_right`` of the other in the true class, and the ``log_odds`` of the mistake, by which they are ranked.
    An invalid answer is a mistake without a rank: it has ``predicted`` −1 and NaN and comes last.

    Args:
        predictions: What was evaluated.
        wrong: The checkpoint that errs.
        right: The checkpoint that does not.
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


def mistakes_read_right(
    predictions: Predictions, wrong: str, right: str, suite: str, top: int | None = None
) -> pd.DataFrame:
    """Return those of the `mistakes` of `wrong` under `suite` that `right` reads right at the same setting.

    Columns are those of `mistakes`, and ``confidence_right``, that of `right` in the true class. A run keeps a picture
    of each of these mistakes.

    Args:
        predictions: What was evaluated.
        wrong: The checkpoint that errs.
        right: The checkpoint that does not.
        suite: Name of the suite.
        top: At most so many rows; all where None.

    Raises:
        RunError: If a checkpoint or the suite was not evaluated.
    """
    index, table = predictions.index(right), mistakes(predictions, wrong, suite)
    rows = np.zeros((len(table), predictions.clean.shape[-1]), np.float32)
    for i, (sweep, value, variant, row) in enumerate(
        table[["sweep", "value", "variant", "row"]].itertuples(index=False)
    ):
        at = predictions.sweep(suite, sweep).values.index(value)
        rows[i] = predictions.logits[suite, sweep][index, at, variant, row]
    decisions = decide(rows)
    table["confidence_right"] = decisions.confidence
    kept: pd.DataFrame = table[decisions.predicted == table["label"].to_numpy(np.int64)]
    return kept.head(len(kept) if top is None else top).reset_index(drop=True)


def disagreements(predictions: Predictions, settings: Sequence[Setting], top: int = 100) -> pd.DataFrame:
    """Return `wrong_and_right` of every two checkpoints in both directions, on clean images and at some settings.

    Columns: ``wrong`` and ``right``, the checkpoints; ``suite``, ``sweep``, ``unit``, ``value`` (empty and NaN on clean
    images); ``rank`` from 1, most confident first, and ``of``, how many such answers there are; then ``id``, ``label``,
    ``variant_label``, ``predicted``, ``confidence_wrong``, ``confidence_right``.

    Args:
        predictions: What was evaluated.
        settings: Suite, sweep and value of each, besides the clean images.
        top: At most so many rows of each list at a setting. On clean images all are returned.

    Raises:
        RunError: If a setting was not evaluated.
    """
    head = ["wrong", "right", "suite", "sweep", "unit", "value", "rank", "of"]
    parts = [pd.DataFrame(columns=[*head, *COLUMNS])]
    for wrong, right in permutations(predictions.checkpoints, 2):
        for at in (None, *settings):
            suite, sweep, value = at or ("", "", np.nan)
            answers = wrong_and_right(predictions, wrong, right, *(at or ()))
            unit = predictions.sweep(suite, sweep).unit if at else ""
            part = answers.assign(wrong=wrong, right=right, suite=suite, sweep=sweep, unit=unit, value=value)
            part = part.assign(rank=np.arange(1, len(answers) + 1), of=len(answers))
            parts.append(part.head(top) if at else part)
    filled = [part for part in parts if len(part)] or parts[:1]
    table: pd.DataFrame = pd.concat(filled, ignore_index=True)
    return table[[*head, *(name for name in COLUMNS if name not in ("row", "variant", "log_odds"))]]
