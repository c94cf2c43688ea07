"""How alike two maps are, row by row over the pixels that count: correlation, cosine, structural similarity."""

from functools import wraps
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter
from scipy.stats import rankdata

__all__ = ["cosine", "pearson", "spearman", "ssim"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
FLAT = 1e-24  # share of a row's mean square below which its spread is rounding
WINDOW = 7  # px. Source: Wang et al. 2004 use 11 × 11 Gaussian; 7 × 7 uniform is scikit-image's default
K1, K2 = 0.01, 0.03  # Source: Wang et al. 2004
IN_CACHE = 32  # rows compared at once: half the time of 200 at once


class _Compare(Protocol):
    def __call__(self, a: NDArray[np.floating], b: NDArray[np.floating], where: Mask | None = None, /) -> Array: ...


def _few_at_once(compare: _Compare) -> _Compare:
    """Compare so many rows at a time that what is computed of them stays in the cache; no row asks another."""

    @wraps(compare)
    def compared(a: NDArray[np.floating], b: NDArray[np.floating], where: Mask | None = None) -> Array:
        parts = [slice(start, start + IN_CACHE) for start in range(0, max(len(a), 1), IN_CACHE)]
        return np.concatenate([compare(a[part], b[part], None if where is None else where[part]) for part in parts])

    return compared


@_few_at_once
def pearson(a: NDArray[np.floating], b: NDArray[np.floating], where: Mask | None = None) -> Array:
    """Return Pearson's correlation of each row of `a` and `b` (B, P), signed, over the entries `where`; (B,).

    NaN where either has no spread there, or a value is not finite.

    >>> pearson(np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]]), np.array([[2.0, 4.0, 7.0]] * 2)).round(3).tolist()
    [0.993, nan]
    """
    x, y, inside = _rows(a, b, where)
    count = np.maximum(inside.sum(axis=1, keepdims=True), 1)
    apart_x = np.where(inside, x - x.sum(axis=1, keepdims=True) / count, 0.0)
    apart_y = np.where(inside, y - y.sum(axis=1, keepdims=True) / count, 0.0)
    squares = (apart_x**2).sum(axis=1), (apart_y**2).sum(axis=1)
    flat = (squares[0] <= FLAT * (x**2).sum(axis=1)) | (squares[1] <= FLAT * (y**2).sum(axis=1))
    return _ratio((apart_x * apart_y).sum(axis=1), np.sqrt(squares[0] * squares[1]), flat)


@_few_at_once
def spearman(a: NDArray[np.floating], b: NDArray[np.floating], where: Mask | None = None) -> Array:
    """Return Spearman's rank correlation of each row, as `pearson`; equal values share their mean rank.

    >>> spearman(np.array([[1.0, 2.0, 9.0]]), np.array([[3.0, 5.0, 6.0]])).tolist()
    [1.0]
    """
    x, y, inside = _rows(a, b, where)
    # Only what counts is ranked, brought to the front of each row: a digit has ink on a fifth of its pixels.
    front = np.argsort(~inside, axis=1, kind="stable")[:, : inside.sum(axis=1).max(initial=0)]
    counts = np.take_along_axis(inside, front, axis=1)
    ranks = []
    for values in (x, y):
        rank = np.zeros(values.shape)
        # What does not count ranks last, and changes none.
        among = rankdata(np.where(counts, np.take_along_axis(values, front, axis=1), np.inf), axis=1)
        np.put_along_axis(rank, front, among, axis=1)
        ranks.append(np.where(np.isnan(values).any(axis=1, keepdims=True), np.nan, rank))
    return pearson(ranks[0], ranks[1], inside)


@_few_at_once
def cosine(a: NDArray[np.floating], b: NDArray[np.floating], where: Mask | None = None) -> Array:
    """Return the cosine between each row of `a` and `b` (B, P) over the entries `where`, (B,); NaN for a zero row.

    >>> cosine(np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 1.0], [1.0, 1.0]])).round(3).tolist()
    [0.707, nan]
    """
    x, y, _ = _rows(a, b, where)
    squares = (x**2).sum(axis=1), (y**2).sum(axis=1)
    return _ratio((x * y).sum(axis=1), np.sqrt(squares[0] * squares[1]), (squares[0] == 0) | (squares[1] == 0))


def ssim(a: NDArray[np.floating], b: NDArray[np.floating], where: Mask | None = None) -> Array:
    """Return the structural similarity of signed maps (B, H, W), averaged over the pixels `where` (B, H, W); (B,).

    Each map is divided by its largest absolute value first, so that the range of both is 2. NaN for a zero map, and
    where no pixel counts.

    Source: Wang, Bovik, Sheikh & Simoncelli, Image quality assessment, 2004, with windows of `WINDOW` × `WINDOW` px.

    >>> ramp = np.arange(49.0).reshape(1, 7, 7)
    >>> ssim(ramp, 2 * ramp).round(6).tolist()
    [1.0]
    """
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    inside = np.ones(x.shape, bool) if where is None else where
    tops = [np.abs(maps).max(axis=(1, 2), keepdims=True) for maps in (x, y)]
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y = x / tops[0], y / tops[1]
    size = (1, WINDOW, WINDOW)
    mean_x, mean_y = uniform_filter(x, size), uniform_filter(y, size)
    spread = uniform_filter(x * x, size) - mean_x**2 + uniform_filter(y * y, size) - mean_y**2
    shared = uniform_filter(x * y, size) - mean_x * mean_y
    c1, c2 = (K1 * 2.0) ** 2, (K2 * 2.0) ** 2
    local = (2 * mean_x * mean_y + c1) * (2 * shared + c2) / ((mean_x**2 + mean_y**2 + c1) * (spread + c2))
    count = inside.sum(axis=(1, 2))
    return _ratio(np.where(inside, local, 0.0).sum(axis=(1, 2)), count.astype(np.float64), count == 0)


def _rows(a: NDArray[np.floating], b: NDArray[np.floating], where: Mask | None) -> tuple[Array, Array, Mask]:
    """Return both as float64 rows, 0 where they do not count; a row with a value that is not finite is all NaN."""
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    x, y = x.reshape(len(x), -1), y.reshape(len(y), -1)
    inside = np.ones(x.shape, bool) if where is None else np.asarray(where).reshape(x.shape)
    invalid = ~(np.isfinite(np.where(inside, x, 0.0)) & np.isfinite(np.where(inside, y, 0.0))).all(axis=1)
    x, y = np.where(inside, x, 0.0), np.where(inside, y, 0.0)
    x[invalid] = y[invalid] = np.nan
    return x, y, inside


def _ratio(above: Array, below: Array, undefined: Mask) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        value: Array = np.where(undefined, np.nan, above / below)
    return value
