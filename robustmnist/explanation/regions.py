"""Parts of a digit by name, and which of them a map's shares lie in."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from robustmnist.measure.stroke_pieces import stroke_pieces

__all__ = ["NAMES", "shares_by_piece", "shares_by_region", "shares_by_stroke"]

Map = NDArray[np.float32]

NAMES = (
    *("upper left", "top", "upper right"),
    *("left", "middle", "right"),
    *("lower left", "bottom", "lower right"),
)
ORDINALS = ("first", "second", "third", *(f"{number}th" for number in range(4, 17)))
NEAR = 3.0  # px: how far from its ink a stroke answers for what is lost, such as where it moved to


def shares_by_region(values: Map, *images: Map) -> dict[str, float]:
    """Return the sums of a map (28, 28) over nine parts of the digit, by their names; together they are its sum.

    The parts are thirds of the box around all ink of the images, (28, 28) each; what lies outside counts for the
    nearest part. Without ink the box is the whole frame.
    """
    ink = np.maximum.reduce([np.nan_to_num(image) for image in images]) > 0
    third = [_thirds(np.asarray(ink.any(axis=axis))) for axis in (1, 0)]
    sums = np.zeros((3, 3))
    np.add.at(sums, (third[0][:, None], third[1][None, :]), np.nan_to_num(values).astype(np.float64))
    return dict(zip(NAMES, sums.ravel().tolist(), strict=True))


def shares_by_piece(values: Map, image: Map) -> dict[str, float]:
    """Return the sums of a map (28, 28) over the pieces of the digit's strokes, by their names, from the top.

    A piece is called by the part of the digit in which the middle of its ink lies, as of `shares_by_region`: ``the
    lower left stroke``. Of several in one part each gets its number, from the top.
    """
    ink = np.nan_to_num(image) > 0
    if not ink.any():
        return {}
    third = [_thirds(np.asarray(ink.any(axis=axis))) for axis in (1, 0)]
    pieces = stroke_pieces(image)
    names = []
    for piece in range(int(pieces.max()) + 1):
        row, column = np.argwhere(pieces == piece).mean(0)
        names.append(NAMES[3 * int(third[0][round(row)]) + int(third[1][round(column)])])
    sums = {}
    for piece, name in enumerate(names):
        number = f"{ORDINALS[names[:piece].count(name)]} " if names.count(name) > 1 else ""
        share = np.nan_to_num(values[pieces == piece]).astype(np.float64).sum()
        sums[f"the {number}{name} stroke"] = float(share)
    return sums


def _thirds(
    inked: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]",
) -> "np.ndarray[tuple[int, ...], np.dtype[np.intp]]":
    """Return for each row which third of the inked rows it is in: 0, 1 or 2."""
    rows = np.flatnonzero(inked)
    first, last = (rows[0], rows[-1] + 1) if len(rows) else (0, len(inked))
    third = ((np.arange(len(inked)) + 0.5 - first) * 3 // (last - first)).astype(np.intp)
    return np.clip(third, 0, 2)


def shares_by_stroke(values: Map, image: Map) -> dict[str, float]:
    """Return the sums of a map over the digit's strokes and the paper within `NEAR` px of each, named as pieces.

    Paper counts for the stroke whose ink is nearest; what is farther from all ink counts for none.
    """
    paper = np.nan_to_num(image) <= 0
    if paper.all():
        return {}
    away, nearest = ndimage.distance_transform_edt(paper, return_indices=True)
    near = away <= NEAR
    moved = np.zeros(values.shape, np.float64)
    np.add.at(moved, (nearest[0][near], nearest[1][near]), np.nan_to_num(values[near]))
    return shares_by_piece(moved.astype(np.float32), image)
