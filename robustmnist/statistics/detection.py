"""How well a score separates images of another kind from those that a classifier knows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustmnist.statistics.clusters import Groups, few_groups, group_count
from robustmnist.statistics.resampling import percentiles, resampled_counts

__all__ = ["KNOWN", "Detection", "detection", "energy"]

KNOWN = 0.95  # share of the known images that pass at the threshold of `fpr95`


@dataclass(frozen=True)
class Detection:
    """How well a score separates two kinds of images, with 95 % intervals.

    Attributes:
        auroc: Probability that a known image has a higher score than an image of the other kind, ties counting half:
            1/2 where the score says nothing.
        auroc_low, auroc_high: Its interval.
        fpr95: Share of the other kind that passes where the threshold lets 95 % of the known images pass.
        fpr95_low, fpr95_high: Its interval.
    """

    auroc: float
    auroc_low: float
    auroc_high: float
    fpr95: float
    fpr95_low: float
    fpr95_high: float


def detection(
    known: NDArray[np.floating],
    other: NDArray[np.floating],
    *,
    known_groups: Groups = None,
    other_groups: Groups = None,
    resamples: int = 500,
    seed: int = 0,
) -> Detection:
    """Return how well a score separates `other` images (m,) from `known` images (n,); NaN scores are the lowest.

    Both kinds are resampled, by groups where they are given. The ends of both intervals are moved away from the number
    by `few_groups` of the fewer groups of the two kinds, within 0 to 1. In 200 simulations of 6 writers that differ,
    and 200 of 20, the AUROC was held by 92.5 and 94.5 % of such intervals and FPR95 by 97.5 and 94.5 %; by plain
    percentiles 88 and 92 %, and 91 and 93.5 %.

    Source: Hendrycks & Gimpel, A baseline for detecting misclassified and out-of-distribution examples, ICLR 2017.

    >>> result = detection(np.array([3.0, 2.0, 1.0]), np.array([2.0, 0.0]), resamples=10)
    >>> result.auroc, result.fpr95
    (0.75, 0.5)
    """
    scores = np.concatenate([known, other]).astype(np.float64)
    levels, level = np.unique(np.nan_to_num(scores, nan=-np.inf, posinf=np.inf, neginf=-np.inf), return_inverse=True)
    mine, theirs = level[: len(known)], level[len(known) :]
    auroc, passing = _curve(mine, theirs, None, None, len(levels))
    drawn = np.empty((resamples, 2))
    # Of the same number of images the same resamples would be drawn: the other kind has a seed of its own.
    pairs = zip(
        _counts(known_groups, len(known), resamples, seed),
        _counts(other_groups, len(other), resamples, seed + 1),
        strict=True,
    )
    for row, (first, second) in enumerate(pairs):
        drawn[row] = _curve(mine, theirs, first, second, len(levels))
    apart = few_groups(min(group_count(known_groups, len(known)), group_count(other_groups, len(other))))
    centre = np.array([auroc, passing])
    low, high = (np.clip(centre + apart * (end - centre), 0.0, 1.0) for end in percentiles(drawn))
    return Detection(auroc, float(low[0]), float(high[0]), passing, float(low[1]), float(high[1]))


def energy(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the logarithm of the sum of exponentials of each row, (k,): the negative of the free energy at T = 1.

    Source: Liu et al., Energy-based out-of-distribution detection, NeurIPS 2020.

    >>> energy(np.zeros((1, 10))).round(3).tolist()
    [2.303]
    """
    wide = np.asarray(logits, np.float64)
    top = wide.max(axis=1)
    with np.errstate(invalid="ignore"):
        sums: NDArray[np.float64] = top + np.log(np.exp(wide - top[:, None]).sum(axis=1))
    return sums


def _counts(groups: Groups, n: int, resamples: int, seed: int) -> Any:
    """Yield of each resample how often it holds each image, (n,)."""
    many = group_count(groups, n)
    index = np.arange(n) if groups is None or many == n else np.unique(groups, return_inverse=True)[1]
    for _, counts in resampled_counts(many, resamples, seed, chunk=64):
        for row in counts:
            yield row[index]


def _curve(
    known: NDArray[np.intp], other: NDArray[np.intp], known_counts: Any, other_counts: Any, levels: int
) -> tuple[float, float]:
    """Return AUROC and the share of the other kind that passes, of images with levels of scores and how often."""
    mine = np.bincount(known, known_counts, levels).astype(np.float64)
    theirs = np.bincount(other, other_counts, levels).astype(np.float64)
    total, others = mine.sum(), theirs.sum()
    below = np.cumsum(theirs) - theirs
    auroc = float((mine * (below + theirs / 2)).sum() / (total * others))
    # The highest level that at least 95 % of the known images reach; counts are whole, so that no rounding decides.
    reached = np.cumsum(mine[::-1])[::-1]
    threshold = int(np.flatnonzero(reached >= KNOWN * total - 1e-9)[-1])
    return auroc, float(theirs[threshold:].sum() / others)
