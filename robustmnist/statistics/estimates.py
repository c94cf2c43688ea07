"""The mean of a measure over digits with its interval, where some digits have no value; alone and paired."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustmnist.statistics.paired_tests import paired_difference
from robustmnist.statistics.resampling import RESAMPLES, percentiles, resampled_sums
from robustmnist.statistics.unseen import mean_ends, skewed, with_unseen

__all__ = ["Estimate", "estimate", "estimates", "paired_estimate"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A mean over digits.

    Attributes:
        mean: NaN where no digit has a value.
        low: Lower end of the 95 % interval by bootstrap over digits.
        high: Upper end.
        n: How many digits have a value.
        undefined: How many have none; they do not count in the mean.
        p: Two-sided, that the mean is 0, by the t-test; NaN where nothing was tested.
    """

    mean: float
    low: float
    high: float
    n: int
    undefined: int
    p: float = float("nan")


def estimate(
    values: NDArray[np.floating],
    lowest: float | None = None,
    highest: float | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """Return the mean of `values` (n,), of which those that are not finite are undefined.

    Args:
        values: A value per digit.
        lowest: The least that a digit can have; None where nothing bounds it.
        highest: The largest possible value.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.

    >>> estimate(np.array([1.0, 1.0, np.nan]), 0.0, 1.0).undefined
    1
    """
    return estimates(np.asarray(values, np.float64)[None], lowest, highest, resamples, seed)[0]


def estimates(
    rows: Array, lowest: float | None = None, highest: float | None = None, resamples: int = RESAMPLES, seed: int = 0
) -> list[Estimate]:
    """Return `estimate` of each of `rows` (k, n); rows with a value for the same digits share their resamples.

    >>> [row.undefined for row in estimates(np.array([[1.0, np.nan], [0.0, 1.0]]), 0.0, 1.0)]
    [1, 0]
    """
    known = np.isfinite(rows)
    results: list[Estimate | None] = [None] * len(rows)
    groups: dict[bytes, list[int]] = {}
    for index, row in enumerate(known):
        groups.setdefault(row.tobytes(), []).append(index)
    for members in groups.values():
        which = known[members[0]]
        n, undefined = int(which.sum()), int((~which).sum())
        if n == 0:
            for index in members:
                results[index] = Estimate(float("nan"), float("nan"), float("nan"), 0, undefined)
            continue
        images = rows[members][:, which]
        drawn = resampled_sums(images.T, resamples, seed).astype(np.float64) / n
        low, high = _ends(drawn, images, seed, lowest, highest)
        for row, index in enumerate(members):
            mean = float(images[row].mean())
            results[index] = Estimate(mean, min(float(low[row]), mean), max(float(high[row]), mean), n, undefined)
    return [result for result in results if result is not None]


def paired_estimate(
    a: NDArray[np.floating], b: NDArray[np.floating], bound: float | None = None, resamples: int = RESAMPLES
) -> Estimate:
    """Return the mean of a − b over the digits that have both, (n,) each, with the p of the paired t-test.

    Args:
        a: A value per digit.
        b: Of the same digits.
        bound: The most that |a − b| can be; None where nothing bounds it.
        resamples: Of the bootstrap.

    >>> paired_estimate(np.array([0.5, 1.0, np.nan]), np.array([0.0, 0.5, 1.0])).mean
    0.5
    """
    difference = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    result = estimate(difference, None if bound is None else -bound, bound, resamples)
    known = difference[np.isfinite(difference)]
    p = paired_difference(known)[1] if len(known) else float("nan")
    return Estimate(result.mean, result.low, result.high, result.n, result.undefined, p)


def _ends(drawn: Array, images: Array, seed: int, lowest: float | None, highest: float | None) -> tuple[Array, Array]:
    if lowest is None or highest is None:
        return percentiles(with_unseen(drawn, images.shape[-1], seed, skewed(images)))
    return mean_ends(drawn, images, seed, lowest, highest)
