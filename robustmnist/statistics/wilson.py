"""The Wilson interval of a proportion."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

__all__ = ["wilson"]


def wilson(correct: ArrayLike, n: ArrayLike, level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and upper end of the Wilson score interval of ``correct / n``.

    Unlike ``p ± z·sqrt(p(1−p)/n)`` it stays inside [0, 1] and has a width at 0 and at ``n`` correct.

    Args:
        correct: How many were right, 0 to `n`; may be fractional (a mean over variants). Any shape.
        n: Out of how many independent images; broadcast against `correct`. Where it is 0 both ends are NaN.
        level: Coverage, strictly between 0 and 1.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).

    >>> low, high = wilson(9_940, 10_000)
    >>> round(float(low), 4), round(float(high), 4)
    (0.9923, 0.9953)
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level is {level}: it lies strictly between 0 and 1")
    hits, total = np.broadcast_arrays(np.asarray(correct, np.float64), np.asarray(n, np.float64))
    z2 = float(ndtri(0.5 + level / 2.0)) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = (hits + z2 / 2.0) / (total + z2)
        half = np.sqrt(z2 * hits * (total - hits) / total + z2 * z2 / 4.0) / (total + z2)
        # At the ends the formula gives 0 and 1 up to rounding; a bound of -1e-17 would not be a proportion.
        low: NDArray[Any] = np.where(hits == 0, 0.0, centre - half)
        high: NDArray[Any] = np.where(hits == total, 1.0, centre + half)
    nothing = total == 0
    return np.where(nothing, np.nan, low), np.where(nothing, np.nan, high)
