"""Answering only when sure: the risk at each coverage, and the area under that curve."""

import numpy as np
import pandas as pd

from robustmnist.predictions import Predictions
from robustmnist.results.answers import Answers, answers
from robustmnist.results.interval import wilson

__all__ = ["aurc", "excess_aurc", "risk_coverage"]


def risk_coverage(
    predictions: Predictions,
    checkpoint: str,
    suite: str | None = None,
    sweep: str | None = None,
    value: float | None = None,
    *,
    temperature: float = 1.0,
    points: int = 200,
) -> pd.DataFrame:
    """Return the share of wrong answers among the surest, a row per coverage; without a suite: clean images.

    Columns: ``coverage``, the share of the valid answers that are given, at `points` evenly spaced places (fewer where
    there are fewer answers) up to 1; ``risk``, the share of wrong ones among them, with its 95 % Wilson interval
    ``risk_low``, ``risk_high``, for which an image's variants count as one; ``confidence`` of the least sure one given.
    Equally sure answers come in no order: the risk is the expectation over all. Invalid answers are never given, and
    coverage does not count them.

    Args:
        predictions: What was evaluated.
        checkpoint: Whose answers.
        suite: Name of the suite.
        sweep: Name of the sweep.
        value: The strength.
        temperature: By which the logits are divided.
        points: At most so many rows.

    Raises:
        RunError: If the setting was not evaluated.
    """
    found = answers(predictions, checkpoint, suite, sweep, value, temperature)
    variants = len(predictions.at(checkpoint, suite, sweep, value))
    ranking = found.ranking
    wrong = np.cumsum(ranking.among_equals((~found.right[ranking.order]).astype(np.float64)))
    k = len(wrong)
    given = np.unique(np.ceil(np.arange(1, points + 1) * k / points).astype(np.int64)) if k else np.zeros(0, np.int64)
    risk = wrong[given - 1] / given
    low, high = wilson(wrong[given - 1] / variants, given / variants)
    return pd.DataFrame(
        {
            "coverage": given / max(k, 1),
            "risk": risk,
            "risk_low": low,
            "risk_high": high,
            "confidence": found.confidence[ranking.order][given - 1],
        }
    )


def aurc(found: Answers) -> float:
    """Return the area under the risk-coverage curve: the mean over k of the risk among the k surest answers.

    In closed form (1/n) · Σ over wrong answers of (H(n) − H(r − 1)), where r is the answer's rank from 1, surest first,
    and H(m) = 1 + 1/2 + … + 1/m; of equally sure answers each counts with the mean over their ranks. 0 where all is
    right, 1 where all is wrong, NaN where there is no valid answer.

    Source: Geifman, Uziel & El-Yaniv, Bias-reduced uncertainty estimation for deep neural classifiers, ICLR 2019.
    """
    n = len(found.right)
    if n == 0:
        return float("nan")
    ranking = found.ranking
    # H(n) − H(r − 1) is a sum from the far end, which loses no digits.
    weights = np.cumsum(1.0 / np.arange(n, 0, -1))[::-1]
    wrong = ranking.among_equals((~found.right[ranking.order]).astype(np.float64))
    return float(wrong @ weights / n)


def excess_aurc(found: Answers) -> float:
    """Return how far `aurc` is above that of the best order, in which every wrong answer is less sure than all right.

    0 where the confidence tells right from wrong perfectly, whatever the accuracy; NaN where there is no valid answer.

    Source: as `aurc`.
    """
    n, wrong = len(found.right), int(np.count_nonzero(~found.right))
    if n == 0:
        return float("nan")
    # The j-th of the wrong ones makes the risk j/k at coverage k = n − wrong + j.
    ideal = float(np.sum(np.arange(1, wrong + 1) / np.arange(n - wrong + 1, n + 1)) / n)
    return max(aurc(found) - ideal, 0.0)
