"""p-values corrected for how many there are."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["holm"]


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Return the p-values (k,) corrected over the family of all of them, each at least what it was and at most 1.

    Rejecting those below α, the chance of any false rejection is at most α, however the tests depend on each other. A
    NaN, a test that could not be made, stays one and does not count.

    Source: Holm, A simple sequentially rejective multiple test procedure, 1979.

    >>> holm([0.01, 0.04, 0.03]).round(10).tolist()
    [0.03, 0.06, 0.06]
    """
    raw = np.asarray(p, np.float64)
    made = np.flatnonzero(~np.isnan(raw))
    order = made[np.argsort(raw[made], kind="stable")]
    corrected = np.full(len(raw), np.nan)
    corrected[order] = np.minimum(np.maximum.accumulate(raw[order] * np.arange(len(order), 0, -1)), 1.0)
    return corrected
