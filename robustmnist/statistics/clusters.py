"""Intervals of what is counted over images that belong together: by the same writer, of the same font.

Images of a writer are more alike than images of two writers: a thousand of ten writers say less than a thousand of a
thousand. Hence whole groups are resampled, and no interval is narrower than the one that takes images as independent.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from robustmnist.statistics.resampling import percentiles, resampled_sums
from robustmnist.statistics.wilson import wilson

__all__ = ["clustered_sums", "few_groups", "group_count", "mean_interval", "share_interval"]

Groups = NDArray[np.integer[Any]] | None


def clustered_sums(columns: NDArray[np.generic], groups: Groups, resamples: int, seed: int) -> NDArray[np.float32]:
    """Return the sum of each of `columns` (n, S) over each resample of groups, float32 (resamples, S).

    A resample of groups need not hold as many images as there are: to get a mean, give a column of ones too.

    Args:
        columns: A row for each image.
        groups: The group of each image, (n,); None where each is its own.
        resamples: How many.
        seed: Of the resamples.

    >>> clustered_sums(np.array([[1.0], [1.0], [1.0], [5.0]]), np.array([7, 7, 7, 9]), 40, 0).max().item()
    10.0
    """
    if groups is None:
        return resampled_sums(columns, resamples, seed)
    _, index = np.unique(groups, return_inverse=True)
    table = np.asarray(columns, np.float64)
    sums = np.stack([np.bincount(index, column) for column in table.T], axis=1)
    return resampled_sums(sums, resamples, seed)


def share_interval(right: NDArray[np.bool_], groups: Groups, resamples: int, seed: int) -> tuple[float, float]:
    """Return the 95 % interval of the share of `right` (n,): Wilson's, or that of groups where it is wider.

    >>> right = np.arange(100) < 80
    >>> [round(end, 2) for end in share_interval(right, None, 500, 0)]
    [0.71, 0.87]
    >>> [round(end, 2) for end in share_interval(right, np.arange(100) // 10, 500, 0)]  # two of ten read nothing
    [0.44, 1.0]
    """
    low, high = (float(end) for end in wilson(np.count_nonzero(right), len(right)))
    if groups is None or not len(right):
        return low, high
    drawn_low, drawn_high = _ratio(right.astype(np.float64), groups, resamples, seed)
    return max(min(low, drawn_low), 0.0), min(max(high, drawn_high), 1.0)


def mean_interval(values: NDArray[np.floating], groups: Groups, resamples: int, seed: int) -> tuple[float, float]:
    """Return the 95 % interval of the mean of `values` (n,), by bootstrap over groups or images; NaN where none are.

    >>> [round(end, 1) for end in mean_interval(np.arange(100.0), None, 500, 0)]
    [44.2, 54.7]
    """
    if not len(values):
        return float("nan"), float("nan")
    return _ratio(np.asarray(values, np.float64), groups, resamples, seed)


def few_groups(many: int) -> float:
    """Return by which factor the ends of a bootstrap over so many groups have to be moved away from the number.

    Of G groups the bootstrap sees a variance that is (G − 1) / G of what it should be, and takes it as known. The
    factor is √(G / (G − 1)) times Student's quantile of G − 1 degrees over the normal one: 1.44 of six groups, 1.01 of
    two hundred; 1 of fewer than two, which say nothing of groups.

    Source: Cameron & Miller, A practitioner's guide to cluster-robust inference, 2015 (few clusters).

    >>> [round(few_groups(many), 2) for many in (1, 6, 20, 200)]
    [1.0, 1.44, 1.1, 1.01]
    """
    if many < 2:
        return 1.0
    return float(stdtrit(many - 1, 0.975) / ndtri(0.975)) * math.sqrt(many / (many - 1))


def group_count(groups: Groups, images: int) -> int:
    """Return how many groups there are to resample: images where groups are not known, or are a single one.

    >>> group_count(np.array([3, 3, 5]), 3), group_count(np.array([3, 3, 3]), 3), group_count(None, 3)
    (2, 3, 3)
    """
    many = images if groups is None else len(np.unique(groups))
    return images if many < 2 else many


def _ratio(values: NDArray[np.float64], groups: Groups, resamples: int, seed: int) -> tuple[float, float]:
    """Return the percentiles of the resampled mean, moved apart by `few_groups`; a single group says nothing."""
    many = group_count(groups, len(values))
    groups = None if many == len(values) else groups
    sums = clustered_sums(np.column_stack([np.ones(len(values)), values]), groups, resamples, seed)
    low, high = percentiles(sums[:, 1] / sums[:, 0])
    centre, apart = float(values.mean()), few_groups(many)
    return centre - (centre - float(low)) * apart, centre + (float(high) - centre) * apart
