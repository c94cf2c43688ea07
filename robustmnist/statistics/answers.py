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
    """The order of `k` answers, most confident first.

    Attributes:
        order: The index of each answer in what was ranked, int64 (k,).
        start: For each answer in order, the rank (from 0) of the first with the same confidence, int64 (k,).
        size: For each answer in order, how many have the same confidence, itself included, int64 (k,).
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
        """The answers in the order of their log-odds, most confident first."""
        return rank(self.log_odds)


def pooled(decisions: list[Decisions], labels: NDArray[np.int64]) -> Answers:
    """Return the valid answers of several variants, each decided on the images with `labels`.

    >>> from robustmnist.statistics.decisions import decide
    >>> both = pooled([decide(np.eye(10)[[3, 7]]), decide(np.full((2, 10), np.nan))], np.array([3, 8]))
    >>> both.right.tolist(), both.invalid
    ([True, False], 2)
    """
    valid = np.concatenate([variant.valid for variant in decisions])
    right = np.concatenate([variant.predicted == labels for variant in decisions])
    log_odds = np.concatenate([variant.log_odds for variant in decisions])
    return Answers(log_odds[valid], right[valid], int(np.count_nonzero(~valid)))


def tempered(logits: NDArray[np.float32], temperature: float) -> NDArray[np.floating]:
    """Return `logits` (…, 10) divided by the temperature, in float64 where that changes anything.

    Raises:
        ValueError: If the temperature is not a positive number.

    >>> tempered(np.array([[4.0, 2.0]], np.float32), 2.0).tolist()
    [[2.0, 1.0]]
    """
    if not 0.0 < temperature < np.inf:
        raise ValueError(f"temperature is {temperature}: it is a positive number")
    return logits if temperature == 1.0 else np.asarray(logits, np.float64) / temperature


def rank(confidence: NDArray[np.float64]) -> Ranking:
    """Rank `confidence` (k,), or log-odds, without a NaN, the greatest first.

    >>> ranking = rank(np.array([1.0, 3.0, 1.0]))
    >>> ranking.order.tolist(), ranking.start.tolist(), ranking.size.tolist()
    ([1, 0, 2], [0, 1, 1], [1, 2, 2])
    """
    order = np.argsort(-confidence, kind="stable")
    ordered = confidence[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    first = np.flatnonzero(new)
    size = np.diff(np.append(first, len(order)))
    return Ranking(order, np.repeat(first, size), np.repeat(size, size))
