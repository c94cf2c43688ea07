"""Precision, recall and F1 from a table of confusions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ClassScores", "class_scores"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ClassScores:
    """Scores of every class, float64 (classes,), and over all of them.

    Attributes:
        n: Digits of the class.
        precision: Share of the answers with this class that are right; NaN where it is never the answer.
        recall: Share of the class's digits that are read right; NaN where there are none.
        f1: Harmonic mean of the two: 2 right / (digits + answers); NaN where there are neither.
        macro: Mean of `f1` over the classes, without those that are undefined.
        weighted: Mean of `f1` over the digits.
    """

    n: NDArray[np.int64]
    precision: Array
    recall: Array
    f1: Array
    macro: float
    weighted: float


def class_scores(confusion: NDArray[np.integer]) -> ClassScores:
    """Return the scores of a table of counts (classes, classes), rows true and columns answered.

    Source: van Rijsbergen, Information Retrieval, 2nd edition, 1979, chapter 7, with equal weights.

    >>> class_scores(np.array([[8, 2], [0, 10]])).precision.round(3).tolist()
    [1.0, 0.833]
    """
    table = np.asarray(confusion, np.int64)
    right, n, answers = np.diagonal(table), table.sum(1), table.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall, f1 = right / answers, right / n, 2 * right / (n + answers)
    known = np.isfinite(f1)
    return ClassScores(
        n=n,
        precision=precision,
        recall=recall,
        f1=f1,
        macro=float(f1[known].mean()) if known.any() else float("nan"),
        weighted=float((f1 * n)[n > 0].sum() / n.sum()) if n.sum() else float("nan"),
    )
