"""Whether confidence can be believed: reliability by bins, and the expected calibration error."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.predictions import Predictions
from robustmnist.results.confidence.answers import answers
from robustmnist.statistics.calibration import BINS, bin_sums, equal_mass, equal_width
from robustmnist.statistics.wilson import wilson

__all__ = ["reliability", "risk_coverage"]


def reliability(
    predictions: Predictions,
    checkpoint: str,
    suite: str | None = None,
    sweep: str | None = None,
    value: float | None = None,
    *,
    bins: int = BINS,
    temperature: float = 1.0,
    mass: bool = False,
) -> pd.DataFrame:
    """Return a row per bin of confidence under one setting, all variants together; without a suite: clean images.

    Columns: ``bin`` from 0; ``low`` and ``high``, its ends (with `mass` the least and the greatest confidence in it);
    ``n`` answers and their ``share``; mean ``confidence``; ``accuracy`` with its 95 % Wilson interval
    ``accuracy_low``, ``accuracy_high``, for which an image's variants count as one image; ``gap = accuracy −
    confidence``. An empty bin has ``n`` 0 and NaN. Invalid answers have no confidence and are in no bin.

    Args:
        predictions: What was evaluated.
        checkpoint: Whose answers.
        suite: Name of the suite.
        sweep: Name of the sweep.
        value: The strength.
        bins: How many.
        temperature: By which the logits are divided.
        mass: Bins with equal numbers of answers instead of equal widths.

    Raises:
        RunError: If the setting was not evaluated.
    """
    given = answers(predictions, checkpoint, suite, sweep, value, temperature)
    variants = len(predictions.at(checkpoint, suite, sweep, value))
    confidence = given.confidence
    bin_of = equal_mass(given.ranking, bins) if mass else equal_width(confidence, bins)
    n, sums, right = bin_sums(bin_of, confidence, given.right, bins)
    edges = np.arange(bins + 1) / bins
    low, high = (_extremes(bin_of, confidence, bins)) if mass else (edges[:-1], edges[1:])
    with np.errstate(invalid="ignore"):
        mean, accuracy, share = sums / n, right / n, n / max(len(confidence), 1)
    accuracy_low, accuracy_high = wilson(right / variants, n / variants)
    return pd.DataFrame(
        {
            "bin": np.arange(bins),
            "low": low,
            "high": high,
            "n": n,
            "share": share,
            "confidence": mean,
            "accuracy": accuracy,
            "accuracy_low": accuracy_low,
            "accuracy_high": accuracy_high,
            "gap": accuracy - mean,
        }
    )


def _extremes(
    bin_of: NDArray[np.int64], confidence: NDArray[np.float64], bins: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low, high = np.full(bins, np.inf), np.full(bins, -np.inf)
    np.minimum.at(low, bin_of, confidence)
    np.maximum.at(high, bin_of, confidence)
    empty = np.isinf(low)
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


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
    """Return the share of wrong answers among the most confident, a row per coverage; without a suite: clean images.

    Columns: ``coverage``, the share of the valid answers that are given, at `points` evenly spaced values (fewer where
    there are fewer answers) up to 1; ``risk``, the share of wrong answers among them, with its 95 % Wilson interval
    ``risk_low``, ``risk_high``, for which an image's variants count as one image; ``confidence`` of the least confident
    answer given. Equally confident answers come in no order: the risk is the expectation over all. Invalid answers are
    never given, and coverage does not count them.

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
    given = answers(predictions, checkpoint, suite, sweep, value, temperature)
    variants = len(predictions.at(checkpoint, suite, sweep, value))
    ranking = given.ranking
    wrong = np.cumsum(ranking.among_equals((~given.right[ranking.order]).astype(np.float64)))
    k = len(wrong)
    counts = np.unique(np.ceil(np.arange(1, points + 1) * k / points).astype(np.int64)) if k else np.zeros(0, np.int64)
    risk = wrong[counts - 1] / counts
    low, high = wilson(wrong[counts - 1] / variants, counts / variants)
    return pd.DataFrame(
        {
            "coverage": counts / max(k, 1),
            "risk": risk,
            "risk_low": low,
            "risk_high": high,
            "confidence": given.confidence[ranking.order][counts - 1],
        }
    )
