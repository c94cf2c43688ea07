"""How often several answers to one image agree."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["agreement", "votes"]

CLASSES = 10


def votes(predicted: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return how many of A answers each class has for each image, int64 (10, n), from classes `predicted` (A, n).

    A negative class, as `INVALID`, has no vote.

    >>> votes(np.array([[3, 1], [3, 7]]))[[1, 3, 7]].tolist()
    [[0, 1], [2, 0], [0, 1]]
    """
    n = predicted.shape[1]
    counts = np.zeros(n * CLASSES, np.int64)
    for classes in predicted:
        cells = np.arange(0, n * CLASSES, CLASSES) + classes
        counts += np.bincount(cells[classes >= 0], minlength=n * CLASSES)
    return counts.reshape(n, CLASSES).T


def agreement(counts: NDArray[np.int64], answers: int) -> NDArray[np.float64]:
    """Return for each image the share of pairs among its `answers`, at least 2, that agree; from `votes` (10, n), (n,).

    Σ over classes of k (k − 1) of A (A − 1) ordered pairs. An invalid answer agrees with none. Right or wrong does not
    matter.

    >>> agreement(votes(np.array([[3, 1], [3, 7]])), 2).tolist()
    [1.0, 0.0]
    """
    shares: NDArray[np.float64] = (counts * (counts - 1)).sum(axis=0) / (answers * (answers - 1))
    return shares
