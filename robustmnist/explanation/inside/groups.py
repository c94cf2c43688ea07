"""Groups of mistakes: which class is taken for which under what, more often than chance, and what they look like."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Cluster", "Group", "clusters", "groups"]

SMALLEST = 5  # mistakes that make a cluster


@dataclass(frozen=True, eq=False)
class Group:
    """Digits of one class taken for the same other class in the same sweep.

    Attributes:
        condition: Which sweep, or ``clean``.
        true: The true class.
        read: What they are taken for.
        rows: Their rows, int64.
        expected: How many there would be by chance: were the mistakes of each class spread over the other classes as
            all mistakes are.
        values: At which strength each is first misread, float64; NaN where clean.
    """

    condition: str
    true: int
    read: int
    rows: NDArray[np.int64]
    expected: float
    values: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cluster:
    """Mistakes that look alike to the network: the rows of the members, int64, and the most central one's."""

    rows: NDArray[np.int64]
    medoid: int


def groups(
    labels: NDArray[np.int64],
    predicted: Mapping[str, NDArray[np.int64]],
    values: Mapping[str, NDArray[np.float64]] | None = None,
) -> list[Group]:
    """Return all groups of mistakes, largest first; of equals in the order of conditions and classes.

    Args:
        labels: int64 (n,), true classes.
        predicted: int64 (n,) by the name of a sweep; −1 where a digit is never misread, or an answer is invalid.
        values: Float64 (n,) by the same names, the strength at which each digit is read so; NaN where not given.
    """
    mistaken = []
    for condition, answers in predicted.items():
        strengths = (values or {}).get(condition, np.full(len(labels), np.nan))
        wrong = (answers != labels) & (answers >= 0)
        table = np.zeros((10, 10))
        np.add.at(table, (labels[wrong], answers[wrong]), 1)
        read = table.sum(0)
        for true in range(10):
            others = read.sum() - read[true]
            for other in range(10):
                rows = np.flatnonzero(wrong & (labels == true) & (answers == other))
                if len(rows):
                    expected = float(table[true].sum() * read[other] / others)
                    mistaken.append(Group(condition, true, other, rows.astype(np.int64), expected, strengths[rows]))
    return sorted(mistaken, key=lambda group: -len(group.rows))


def clusters(features: Tensor, rows: NDArray[np.int64]) -> tuple[list[Cluster], int]:
    """Return clusters among the mistakes in `rows`, largest first, and how many of them are in none.

    HDBSCAN on features of length one, at least `SMALLEST` to a cluster; the medoid has the least sum of distances to
    the others. Fewer than twice as many mistakes are not clustered.

    Args:
        features: float32 (n, D) of all digits under the condition.
        rows: int64, which of them.

    Source: Campello, Moulavi, Sander 2013, PAKDD, by scikit-learn.
    """
    if len(rows) < 2 * SMALLEST:
        return [], len(rows)
    from sklearn.cluster import HDBSCAN

    some = features[rows].double().cpu().numpy()
    some = some / np.maximum(np.linalg.norm(some, axis=1, keepdims=True), 1e-12)
    # One group is what they are already; allow it to be found as one cluster, rather than none.
    named = HDBSCAN(min_cluster_size=SMALLEST, allow_single_cluster=True, copy=True).fit_predict(some)
    clustered = []
    for name in range(int(named.max()) + 1):
        members = np.flatnonzero(named == name)
        distance = np.linalg.norm(some[members, None] - some[None, members], axis=2).sum(1)
        clustered.append(Cluster(rows[members], int(rows[members[int(distance.argmin())]])))
    return sorted(clustered, key=lambda cluster: -len(cluster.rows)), int((named < 0).sum())
