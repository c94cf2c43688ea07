"""Valid answers of one checkpoint under one setting: confidences, and which are right."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from robustmnist.statistics.decisions import Decisions

__all__ = ["Answers", "Ranking", "pooled", "rank", "tempered"]


@dataclass(frozen=True)
class Ranking:
    """The order of `k` answers, surest first.

    Attributes:
        order: The place of each answer in what was ranked, int64 (k,).
        start: For each answer in order, the rank (from 0) of the first that is as sure, int64 (k,).
        size: For each answer in order, how many are as sure, itself included, int64 (k,).
    """

    order: NDArray[np.int64]
    start: NDArray[np.int64]
    size: NDArray[np.int64]

    def among_equals(self, amounts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `amounts` (k,), given in order, with each replaced by the mean over its equals.

        Running sums of it are the expectation over all orders in which equals may come.
        """
        if len(amounts) == 0 or self.size.max() == 1:
            return amounts
        first = np.flatnonzero(self.start == np.arange(len(self.start)))
        means: NDArray[np.float64] = np.add.reduceat(amounts, first) / self.size[first]
        return np.repeat(means, self.size[first])


@dataclass(frozen=True)
class Answers:
    """The valid answers among `n · variants`, in the order of the variants and the images.

    Attributes:
        log_odds: Of the predicted class, at the temperature; float64 (k,).
        right: Whether the answer is right, bool (k,).
        invalid: How many answers had a NaN or an infinity among their logits and are not in the arrays.
    """

    log_odds: NDArray[np.float64]
    right: NDArray[np.bool_]
    invalid: int

    @property
    def confidence(self) -> NDArray[np.float64]:
        """The softmax probability of the predicted class, float64 (k,)."""
        confidence: NDArray[np.float64] = expit(self.log_odds)
        return confidence

    @cached_property
    def ranking(self) -> Ranking:
        """The answers in the order of their log-odds, surest first."""
        return rank(self.log_odds)


def pooled(decisions: list[Decisions], labels: NDArray[np.int64]) -> Answers:
    """Return the valid answers of several variants, each decided on the images with `labels`."""
    valid = np.concatenate([one.valid for one in decisions])
    right = np.concatenate([one.predicted == labels for one in decisions])
    log_odds = np.concatenate([one.log_odds for one in decisions])
    return Answers(log_odds[valid], right[valid], int(np.count_nonzero(~valid)))


def tempered(logits: NDArray[np.float32], temperature: float) -> NDArray[np.floating]:
    """Return `logits` (…, 10) divided by the temperature, in float64 where that changes anything.

    Raises:
        ValueError: If the temperature is not a positive number.
    """
    if not 0.0 < temperature < np.inf:
        raise ValueError(f"temperature is {temperature}: it is a positive number")
    return logits if temperature == 1.0 else np.asarray(logits, np.float64) / temperature


def rank(sureness: NDArray[np.float64]) -> Ranking:
    """Rank `sureness` (k,), which holds no NaN, surest first."""
    order = np.argsort(-sureness, kind="stable")
    ordered = sureness[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    first = np.flatnonzero(new)
    size = np.diff(np.append(first, len(order)))
    return Ranking(order, np.repeat(first, size), np.repeat(size, size))
