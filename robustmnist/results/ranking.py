"""Answers in the order of their sureness, ties being treated as ties."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ranking", "rank"]


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


def rank(sureness: NDArray[np.float64]) -> Ranking:
    """Rank `sureness` (k,), which holds no NaN, surest first."""
    order = np.argsort(-sureness, kind="stable")
    ordered = sureness[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    first = np.flatnonzero(new)
    size = np.diff(np.append(first, len(order)))
    return Ranking(order, np.repeat(first, size), np.repeat(size, size))
