"""Which classes are taken for which, and which classes suffer."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.predictions import Predictions
from robustmnist.statistics.decisions import decide
from robustmnist.statistics.wilson import wilson

__all__ = ["confusion", "per_class"]

CLASSES = 10


def confusion(
    predictions: Predictions,
    checkpoint: str,
    suite: str | None = None,
    sweep: str | None = None,
    value: float | None = None,
) -> NDArray[np.int64]:
    """Return how often each class was taken for which under one setting, summed over variants, int64 (10, 10).

    Rows are true classes, columns predicted classes. Without a suite: on the clean images. Invalid rows are in no cell;
    `summarise` counts them.

    Raises:
        RunError: If the setting was not evaluated.
    """
    table = np.zeros(CLASSES * CLASSES, np.int64)
    for logits in predictions.at(checkpoint, suite, sweep, value):
        decisions = decide(logits)
        cells = (predictions.labels * CLASSES + decisions.predicted)[decisions.valid]
        table += np.bincount(cells, minlength=CLASSES * CLASSES)
    return table.reshape(CLASSES, CLASSES)


def per_class(
    predictions: Predictions,
    checkpoint: str,
    suite: str | None = None,
    sweep: str | None = None,
    value: float | None = None,
) -> pd.DataFrame:
    """Return a row per class under one setting: ``label``, ``n``, ``correct``, ``accuracy``, ``low``, ``high``.

    ``n`` counts images, ``correct`` right answers over all variants, ``low`` and ``high`` are the 95 % Wilson interval
    with ``n`` images. A class without images has NaN. Without a suite: on the clean images.

    Raises:
        RunError: If the setting was not evaluated.
    """
    variants = len(predictions.at(checkpoint, suite, sweep, value))
    n = np.bincount(predictions.labels, minlength=CLASSES)
    correct = np.diagonal(confusion(predictions, checkpoint, suite, sweep, value)).copy()
    with np.errstate(invalid="ignore"):
        accuracy = correct / (n * variants)
    low, high = wilson(correct / variants, n)
    return pd.DataFrame(
        {"label": np.arange(CLASSES), "n": n, "correct": correct, "accuracy": accuracy, "low": low, "high": high}
    )
