"""Parts of a digit by name, and which of them a map's shares lie in."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["NAMES", "shares_by_region"]

Map = NDArray[np.float32]

NAMES = (
    *("upper left", "top", "upper right"),
    *("left", "middle", "right"),
    *("lower left", "bottom", "lower right"),
)


def shares_by_region(values: Map, *images: Map) -> dict[str, float]:
    """Return the sums of a map (28, 28) over nine parts of the digit, by their names; together they are its sum.

    The parts are thirds of the box around all ink of the images, (28, 28) each; what lies outside counts for the
    nearest part. Without ink the box is the whole frame.
    """
    ink = np.maximum.reduce([np.nan_to_num(image) for image in images]) > 0
    third = [_thirds(ink.any(axis=axis)) for axis in (1, 0)]
    sums = np.zeros((3, 3))
    np.add.at(sums, (third[0][:, None], third[1][None, :]), np.nan_to_num(values).astype(np.float64))
    return dict(zip(NAMES, sums.ravel().tolist(), strict=True))


def _thirds(
    inked: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]",
) -> "np.ndarray[tuple[int, ...], np.dtype[np.intp]]":
    """Return for each row which third of the inked rows it is in: 0, 1 or 2."""
    rows = np.flatnonzero(inked)
    first, last = (rows[0], rows[-1] + 1) if len(rows) else (0, len(inked))
    third = ((np.arange(len(inked)) + 0.5 - first) * 3 // (last - first)).astype(np.intp)
    return np.clip(third, 0, 2)
