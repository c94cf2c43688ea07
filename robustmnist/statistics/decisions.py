"""From logits to what a classifier decided, with what confidence, and whether the row is valid."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

__all__ = ["INVALID", "NEAR_TIE", "Decisions", "decide"]

INVALID = -1  # the predicted class of a row with a NaN or an infinity: equal to no label, so it counts as wrong

# Two logits closer than this may swap under another order of float32 sums: over 2.6 million predictions some 26 lay
# within 1e-5, so 1e-4 holds them with a margin.
NEAR_TIE = 1e-4


@dataclass(frozen=True)
class Decisions:
    """What was decided on `k` rows of logits.

    Attributes:
        predicted: Class 0 to 9, or `INVALID`; int64 (k,).
        log_odds: log(p / (1 − p)) of the predicted class, float64 (k,); NaN where invalid. Unlike the probability it
            does not saturate: float64 rounds p to 1 from a log-odds of 37 on.
        gap: Highest minus second highest logit, float64 (k,); NaN where invalid.
    """

    predicted: NDArray[np.int64]
    log_odds: NDArray[np.float64]
    gap: NDArray[np.float64]

    @property
    def confidence(self) -> NDArray[np.float64]:
        """The softmax probability of the predicted class, float64 (k,); NaN where invalid."""
        confidence: NDArray[np.float64] = expit(self.log_odds)
        return confidence

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Whether all ten logits of the row are finite, bool (k,)."""
        valid: NDArray[np.bool_] = self.predicted != INVALID
        return valid

    def where(self, rows: NDArray[np.bool_]) -> "Decisions":
        """Return the decisions on some of the rows, bool (k,)."""
        return Decisions(self.predicted[rows], self.log_odds[rows], self.gap[rows])

    @property
    def near_ties(self) -> int:
        """How many valid rows have their two highest logits within `NEAR_TIE`."""
        return int(np.count_nonzero(self.gap < NEAR_TIE))


def decide(logits: NDArray[np.floating]) -> Decisions:
    """Decide every row of `logits` (k, 10): the highest wins, and the lowest class among equals.

    A row with a NaN or an infinity is `INVALID`: taking the argmax of an all-NaN row would call it class 0 and score
    9.8 % on MNIST.

    >>> decide(np.array([[0.0] * 7 + [2.0, 2.0, 1.0], [np.nan] * 10])).predicted.tolist()
    [7, -1]
    """
    # Classes first: sums and maxima over ten classes then run along contiguous memory, some five times faster.
    by_class = np.asarray(logits, np.float64).T.copy()
    best = by_class.max(axis=0)
    valid = np.isfinite(best) & np.isfinite(by_class.min(axis=0))
    if not valid.all():
        by_class[:, ~valid] = best[~valid] = 0.0
    predicted = (by_class == best).argmax(axis=0)  # the first of equals; of numbers it takes twice as long
    by_class[predicted, np.arange(len(logits))] = -np.inf
    second = by_class.max(axis=0)
    by_class -= second
    np.exp(by_class, out=by_class)
    gap = best - second
    # log(p / (1 - p)) = best - log(sum of exp(others)), relative to the second so that it cannot underflow.
    log_odds = gap - np.log(by_class.sum(axis=0))
    if not valid.all():
        predicted[~valid] = INVALID
        log_odds[~valid] = gap[~valid] = np.nan
    return Decisions(predicted, log_odds, gap)
