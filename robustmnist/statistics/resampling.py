"""The bootstrap over images: counts, sums and percentiles; the same resamples for every statistic."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["RESAMPLES", "percentiles", "resampled_counts", "resampled_sums"]


RESAMPLES = 10_000
CHUNK = 256  # resamples at a time: their counts of 10,000 images are 10 MB


def resampled_sums(columns: NDArray[np.generic], resamples: int, seed: int) -> NDArray[np.float32]:
    """Return the sum of each of `columns` (n, S) over each resample of the n rows, float32 (resamples, S).

    How often each row is drawn is a multinomial count; the sums are one matrix product of counts and columns. For
    columns of whole numbers it is exact while the sums stay below 2²⁴, hence the same on any machine and with any
    number of threads. The resamples depend on n and the seed alone, and the first k are the same however many are
    asked for.

    Raises:
        ValueError: If there are no rows, or fewer than 1 resamples.

    >>> resampled_sums(np.array([[1.0, 0.0], [1.0, 2.0]]), resamples=3, seed=0)[:, 0].tolist()  # two rows of 1
    [2.0, 2.0, 2.0]
    """
    if len(columns) == 0 or resamples < 1:
        raise ValueError(f"{len(columns)} rows in {resamples} resamples: both must be 1 at least")
    table = np.ascontiguousarray(columns, np.float32)
    sums = np.empty((resamples, table.shape[1]), np.float32)
    for start, counts in resampled_counts(len(table), resamples, seed):
        np.matmul(counts, table, out=sums[start : start + len(counts)])
    return sums


def resampled_counts(
    n: int, resamples: int, seed: int, chunk: int = CHUNK
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield the number of the first of some resamples and how often each holds each row, float32 (up to `chunk`, n).

    The array is written over when the next one is asked for. All that is bootstrapped is counted from here, so that
    with one seed and n the same images are drawn for every statistic.

    >>> [counts.sum(axis=1).tolist() for _, counts in resampled_counts(n=5, resamples=3, seed=0, chunk=2)]
    [[5.0, 5.0], [5.0]]
    """
    generator = np.random.default_rng(seed)
    # One call per resample, so that neither the chunk nor the number of resamples changes what is drawn.
    # Indices are counted: numpy's multinomial draws a binomial per row, six times slower.
    dtype = np.uint16 if n <= 1 << 16 else np.int64
    counts = np.empty((chunk, n), np.float32)
    for start in range(0, resamples, chunk):
        size = min(chunk, resamples - start)
        for row in counts[:size]:
            row[:] = np.bincount(generator.integers(0, n, n, dtype), minlength=n)
        yield start, counts[:size]


def percentiles(samples: NDArray[np.floating], level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and upper end of the percentile interval of bootstrap `samples` (B, …), each (…).

    Percentile and not BCa: the statistics are means over images, or smooth functions of a few of them, so at a thousand
    images and more the two agree (a test holds them together); it needs no jackknife, respects every monotone
    transformation, and takes infinities ("beyond the end") as what they are. The ends are order statistics, as many
    below the one as above the other. A NaN among the samples makes both ends NaN. A statistic that no resample can
    move, as an accuracy of exactly 1, has percentiles of no width; `robustmnist.statistics.unseen` gives it one.

    >>> [float(end) for end in percentiles(np.arange(1.0, 1000.0))]
    [25.0, 975.0]
    """
    below = max(int((len(samples) + 1) * (1.0 - level) / 2.0), 1)
    ends = (below - 1, len(samples) - below)
    ordered = np.partition(np.moveaxis(np.asarray(samples, np.float64), 0, -1), ends, axis=-1)
    # Partitioning puts a NaN last, where it would hide.
    hole = np.isnan(samples).any(axis=0)
    low, high = (np.where(hole, np.nan, ordered[..., end]) for end in ends)
    return low, high
