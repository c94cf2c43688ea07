"""Proper scores of the ten probabilities: negative log-likelihood, and Brier's with its parts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustmnist.statistics.decisions import Decisions

__all__ = ["Brier", "BrierSums", "brier", "brier_sums", "log_likelihoods"]

CLASSES = 10
BINS = 15


@dataclass(frozen=True)
class Brier:
    """Brier's score and its parts: ``score = reliability − resolution + uncertainty + residual``.

    Attributes:
        score: Mean over answers of Σ over classes of (p − y)², 0 (certain and right) to 2 (certain and wrong).
        reliability: How far the probabilities of a bin are from what happened in it; 0 where calibrated.
        resolution: How far what happened in the bins is from the classes' frequencies; higher is better.
        uncertainty: Of the labels alone: Σ over classes of f · (1 − f).
        residual: What the bins hide: the probabilities' variance within bins minus twice their covariance with the
            truth. 0 where all the probabilities of a bin are equal; it may be negative.
    """

    score: float
    reliability: float
    resolution: float
    uncertainty: float
    residual: float


@dataclass(frozen=True)
class BrierSums:
    """What `brier` needs of some answers; the sums over several sets of answers add up.

    Attributes:
        n: Per class and bin of its probability (equal widths, the last bin closed) how many answers, int64 (10, bins).
        probability: The sums of their probabilities, float64 (10, bins).
        true: How often this was the true class, int64 (10, bins).
        squares: Σ over classes of (p − y)² of each answer, float64 (k,).
    """

    n: NDArray[np.int64]
    probability: NDArray[np.float64]
    true: NDArray[np.int64]
    squares: NDArray[np.float64]

    def __add__(self, other: "BrierSums") -> "BrierSums":
        return BrierSums(
            self.n + other.n,
            self.probability + other.probability,
            self.true + other.true,
            np.concatenate([self.squares, other.squares]),
        )


def log_likelihoods(logits: NDArray[np.floating], labels: NDArray[np.int64], decided: Decisions) -> NDArray[np.float64]:
    """Return the log-probability of the true class of each row of `logits` (k, 10), float64 (k,), natural logarithm.

    `decided` is `decide(logits)`; all rows must be valid. The NLL is minus the mean. It neither overflows where a
    probability underflows nor loses its digits where it is all but 1.

    >>> from robustmnist.statistics.decisions import decide
    >>> even = np.zeros((1, 10))
    >>> log_likelihoods(even, np.array([4]), decide(even)).round(4).tolist()  # log of 1/10
    [-2.3026]
    """
    rows = np.arange(len(labels))
    # log p of the predicted class is −log(1 + 1/odds); the logits say how far the true class is behind.
    behind = logits[rows, labels].astype(np.float64) - logits[rows, decided.predicted]
    likelihoods: NDArray[np.float64] = behind - np.logaddexp(0.0, -decided.log_odds)
    return likelihoods


def brier_sums(logits: NDArray[np.floating], labels: NDArray[np.int64], bins: int = BINS) -> BrierSums:
    """Return what `brier` needs of finite `logits` (k, 10) for true classes `labels` (k,).

    >>> brier_sums(np.zeros((1, 10)), np.array([4])).squares.round(3).tolist()  # 9 · 0.1² + 0.9²
    [0.9]
    """
    # Classes first, as in `decide`: sums and maxima over ten classes then run along contiguous memory.
    probability: NDArray[np.float64] = np.asarray(logits, np.float64).T.copy()
    probability -= probability.max(axis=0, initial=-np.inf)
    np.exp(probability, out=probability)
    probability /= probability.sum(axis=0)
    rows, size = np.arange(len(labels)), CLASSES * bins
    cells = np.minimum((probability * bins).astype(np.int64), bins - 1)
    cells += np.arange(0, size, bins)[:, None]
    n = np.bincount(cells.ravel(), minlength=size).reshape(CLASSES, bins)
    sums = np.asarray(np.bincount(cells.ravel(), probability.ravel(), size), np.float64).reshape(CLASSES, bins)
    true = np.bincount(cells[labels, rows], minlength=size).reshape(CLASSES, bins)
    squares = np.einsum("ck,ck->k", probability, probability) + (1.0 - 2.0 * probability[labels, rows])
    return BrierSums(n, sums, true, squares)


def brier(sums: BrierSums) -> Brier:
    """Return Brier's score and its parts; NaN where there are no answers.

    The decomposition is Murphy's, made for each class against the rest and summed over classes; because the
    probabilities of a bin are not equal, it holds up to a residual, which is stated and not hidden.

    Source: Brier, Verification of forecasts expressed in terms of probability, 1950; Murphy, A new vector partition of
    the probability score, 1973; the residual: Stephenson et al., Two extra components in the Brier score
    decomposition, 2008.

    >>> round(brier(brier_sums(np.zeros((2, 10)), np.array([4, 5]))).score, 3)
    0.9
    """
    n, true = sums.n, sums.true
    total = int(n[0].sum())  # every answer is in one bin of each class
    if total == 0:
        return Brier(*[float("nan")] * 5)
    filled = np.maximum(n, 1)
    frequency = true.sum(axis=1, keepdims=True) / total
    score = float(sums.squares.sum()) / total
    reliability = float(((sums.probability - true) ** 2 / filled).sum() / total)
    resolution = float((n * (true / filled - frequency) ** 2).sum() / total)
    uncertainty = float((frequency * (1.0 - frequency)).sum())
    return Brier(score, reliability, resolution, uncertainty, score - reliability + resolution - uncertainty)
