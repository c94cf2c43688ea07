"""The area under the risk-coverage curve, of a sample and of many resamples at once."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from robustmnist.statistics.answers import Answers

__all__ = ["ConfidenceRuns", "Harmonic", "aurc", "confidence_runs", "excess_aurc", "harmonic", "resampled_risk"]


CELLS = 1 << 24  # runs × resamples that are held at a time


@dataclass(frozen=True, eq=False)
class Harmonic:
    """Sums that `aurc` is made of, as tables.

    Attributes:
        numbers: H(m) = 1 + 1/2 + … + 1/m, float64 (largest + 1,), with H(0) = 0.
        sums: H(0) + … + H(m − 1) = m · H(m) − m, float64 (largest + 1,).
    """

    numbers: NDArray[np.float64]
    sums: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ConfidenceRuns:
    """The answers to n images in the order of confidence, cut into runs that are all right or all wrong.

    For example, r right and w wrong, of answers from the most confident to the least, with equal confidences in
    brackets::

        answer    r  r  w  [r w]  w  w  r
        run       0  0  1   2  2  3  3  4

    Equally confident answers of which some are wrong are a run of their own, a mixed run: here run 2.

    Attributes:
        members: Which images' answers are in each run: ones (runs, n), an image as often as it answers.
        edges: The runs whose last rank enters the closed form of `aurc`: runs of wrong answers (in the example 1 and
            3), and the runs just before them (0 and 2); int64.
        signs: For each of `edges` 1 for a run of wrong answers, −1 for the run before such a run; float64.
        mixed: The runs in which some are wrong and some right, int64.
        mistakes: The wrong answers in all runs without a right one, and in each mixed run: ones (1 + mixed runs, n).
        most: The greatest number of answers that a resample may hold.
    """

    members: csr_array
    edges: NDArray[np.int64]
    signs: NDArray[np.float64]
    mixed: NDArray[np.int64]
    mistakes: csr_array
    most: int


def harmonic(largest: int) -> Harmonic:
    """Return the tables up to `largest` answers.

    >>> harmonic(3).numbers.round(3).tolist()
    [0.0, 1.0, 1.5, 1.833]
    """
    numbers = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, largest + 1))])
    counts = np.arange(largest + 1)
    return Harmonic(numbers, counts * numbers - counts)


def confidence_runs(answers: Answers, image: NDArray[np.int64], n: int, variants: int) -> ConfidenceRuns:
    """Return the runs of `answers`, at least one; `image` (k,) says which of the `n` images each answer is for.

    >>> four = Answers(np.array([4.0, 3.0, 2.0, 1.0]), np.array([True, True, False, True]), 0)
    >>> confidence_runs(four, np.arange(4), 4, 1).members.toarray().tolist()
    [[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    """
    ranking = answers.ranking
    order, wrong = ranking.order, ~answers.right[ranking.order]
    first = np.flatnonzero(ranking.start == np.arange(len(order)))  # of each set of equals
    size = ranking.size[first]
    mistaken = np.add.reduceat(wrong, first, dtype=np.int64)
    # 0: all right, 1: all wrong, 2: mixed, which joins no neighbour.
    kind = np.where(mistaken == 0, 0, np.where(mistaken == size, 1, 2))
    new = np.ones(len(kind), np.bool_)
    new[1:] = (kind[1:] != kind[:-1]) | (kind[1:] == 2)
    ends, kinds = np.append(first[new], len(order)), kind[new]
    most = n * variants
    # 16 bits where they hold every sum: half the memory to read, and that is what takes the time.
    dtype = np.uint16 if most < 1 << 16 else np.uint32
    images = image[order].astype(np.int32)
    signs = np.where(kinds == 1, 1.0, 0.0)
    signs[:-1] -= signs[1:]  # where two such runs meet, there is no edge
    mixed = np.flatnonzero(kinds == 2)
    inside = np.repeat(kinds, np.diff(ends))
    mistakes = np.concatenate([images[inside == 1], images[wrong & (inside == 2)]])
    until = np.cumsum(np.concatenate([[np.count_nonzero(inside == 1)], mistaken[kind == 2]]))
    return ConfidenceRuns(
        members=_table(images, ends, n, dtype),
        edges=np.flatnonzero(signs),
        signs=signs[signs != 0.0],
        mixed=mixed,
        mistakes=_table(mistakes, np.append(0, until), n, dtype),
        most=most,
    )


def resampled_risk(
    runs: ConfidenceRuns, counts: NDArray[np.unsignedinteger], tables: Harmonic
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return how many answers each resample holds, its `aurc` and its `excess_aurc`, each (B,); NaN without an answer.

    `counts` (n, B) is how often each image is drawn, in the dtype of ``runs.members``. In the closed form of `aurc` a
    wrong answer of rank r counts H(N) − H(r − 1), N being the answers of the resample; over a run from rank a + 1 to b
    that is a difference of two entries of a table. Copies of an image are in one run, so their order does not matter.

    >>> two = confidence_runs(Answers(np.array([2.0, 1.0]), np.array([True, False]), 0), np.arange(2), 2, 1)
    >>> [part.tolist() for part in resampled_risk(two, np.array([[1, 2], [1, 0]], np.uint16), harmonic(2))]
    [[2, 2], [0.25, 0.0], [0.0, 0.0]]
    """
    step = max(CELLS // runs.members.shape[0], 1)
    parts = [
        _risk(runs, np.ascontiguousarray(counts[:, start : start + step]), tables)
        for start in range(0, counts.shape[1], step)
    ]
    total, area, excess = (np.concatenate(part) for part in zip(*parts, strict=True))
    return total, area, excess


def _risk(
    runs: ConfidenceRuns, counts: NDArray[np.unsignedinteger], tables: Harmonic
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    ends = runs.members @ counts
    # Row by row: numpy's cumsum along the first axis goes down each column, ten times slower.
    for before, row in pairwise(ends):
        row += before
    total = ends[-1].astype(np.int64)
    wrong = (runs.mistakes @ counts).astype(np.int64)
    area = wrong[0] * tables.numbers[total] - runs.signs @ tables.sums[ends[runs.edges]]
    if len(runs.mixed):
        before = np.where(runs.mixed[:, None] > 0, ends[runs.mixed - 1], 0)
        held = ends[runs.mixed].astype(np.int64) - before
        past = tables.sums[ends[runs.mixed]] - tables.sums[before]
        area += (wrong[1:] / np.maximum(held, 1) * (held * tables.numbers[total] - past)).sum(axis=0)
    mistakes = wrong.sum(axis=0)
    right = total - mistakes
    ideal = mistakes - right * (tables.numbers[total] - tables.numbers[right])
    with np.errstate(invalid="ignore"):
        return total, area / total, np.maximum((area - ideal) / total, 0.0)


def _table(images: NDArray[np.int32], ends: NDArray[np.int64], n: int, dtype: type[np.unsignedinteger]) -> csr_array:
    return csr_array((np.ones(len(images), dtype), images, ends.astype(np.int32)), shape=(len(ends) - 1, n))


def aurc(answers: Answers) -> float:
    """Return the area under the risk-coverage curve: the mean over k of the risk among the k most confident answers.

    In closed form (1/n) · Σ over wrong answers of (H(n) − H(r − 1)), where r is the answer's rank from 1, most
    confident first, and H(m) = 1 + 1/2 + … + 1/m; equally confident answers each count with the mean over their ranks.
    0 where all is right, 1 where all is wrong, NaN where there is no valid answer.

    Source: Geifman, Uziel & El-Yaniv, Bias-reduced uncertainty estimation for deep neural classifiers, ICLR 2019.

    >>> aurc(Answers(np.array([4.0, 3.0, 2.0, 1.0]), np.array([True, True, True, False]), 0))
    0.0625
    """
    n = len(answers.right)
    if n == 0:
        return float("nan")
    ranking = answers.ranking
    # H(n) − H(r − 1) is a sum from the far end, which loses no digits.
    weights = np.cumsum(1.0 / np.arange(n, 0, -1))[::-1]
    wrong = ranking.among_equals((~answers.right[ranking.order]).astype(np.float64))
    return float(wrong @ weights / n)


def excess_aurc(answers: Answers) -> float:
    """Return how far `aurc` is above that of the best order, with every wrong answer less confident than all right.

    0 where the confidence separates right from wrong perfectly, whatever the accuracy; NaN where there is no valid
    answer.

    Source: as `aurc`.

    >>> excess_aurc(Answers(np.array([4.0, 3.0, 2.0, 1.0]), np.array([True, True, True, False]), 0))
    0.0
    """
    n, wrong = len(answers.right), int(np.count_nonzero(~answers.right))
    if n == 0:
        return float("nan")
    # The j-th of the wrong answers makes the risk j/k at coverage k = n − wrong + j.
    ideal = float(np.sum(np.arange(1, wrong + 1) / np.arange(n - wrong + 1, n + 1)) / n)
    return max(aurc(answers) - ideal, 0.0)
