"""The outlines of a font's digits as polygons in whole font units: the same numbers on every machine."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustmnist.page.figure import import_matplotlib

__all__ = ["Outline", "digit_outlines", "hash_of_outlines"]

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ENDINGS = ("", "oldstyle")  # of the names of glyphs that are digits
STEPS = 8  # straight pieces for a curve: at 40 px to the em none is 0.02 px away from it
NO_SCALE = 1  # FreeType's flag: points as they stand in the file, without a size and without hinting
MOVE, LINE, CURVE3, CURVE4, CLOSE = 1, 2, 3, 4, 79  # matplotlib.path.Path's codes


@dataclass(frozen=True, eq=False)
class Outline:
    """The outline of a digit.

    Attributes:
        edges: float64 (E, 4): x and y where each straight piece begins and ends, in ems, x to the right, y *down*.
        units: int64: the points and codes of the font file, for a hash.
    """

    edges: NDArray[np.float64]
    units: NDArray[np.int64]


def digit_outlines(file: Path) -> tuple[Outline, ...] | None:
    """Return the outlines of 0 to 9; None where the font's glyphs at their codes are not named as digits.

    Raises:
        OSError, RuntimeError: If it is not a font that FreeType can read.
    """
    import_matplotlib()
    from matplotlib import ft2font

    flags: Any = getattr(ft2font, "LoadFlags", int)(NO_SCALE)  # matplotlib 3.9 takes the number itself
    font = ft2font.FT2Font(str(file))
    glyphs = [font.get_char_index(ord("0") + digit) for digit in range(10)]
    for glyph, name in zip(glyphs, NAMES, strict=True):
        if not glyph or font.get_glyph_name(glyph) not in {name + ending for ending in ENDINGS}:
            return None
    outlines = []
    for glyph in glyphs:
        font.load_glyph(glyph, flags=flags)
        points, codes = font.get_path()
        units = np.rint(np.asarray(points) * 64).astype(np.int64)  # FreeType counts in 64ths
        edges = _edges(units / font.units_per_EM * (1.0, -1.0), codes)
        outlines.append(Outline(edges, np.column_stack([units, codes.astype(np.int64)])))
    return tuple(outlines) if all(len(outline.edges) for outline in outlines) else None


def hash_of_outlines(outlines: Iterable[Outline]) -> str:
    """Return the SHA-256 of the points of outlines."""
    digest = hashlib.sha256()
    for outline in outlines:
        digest.update(outline.units.astype("<i8").tobytes())
    return digest.hexdigest()


def _edges(points: NDArray[np.float64], codes: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """Return the straight pieces of a path, (E, 4); every contour is closed."""
    corners: list[NDArray[np.float64]] = []
    pieces: list[NDArray[np.float64]] = []

    def close() -> None:
        if corners:
            begin = np.stack(corners)
            pieces.append(np.column_stack([begin, np.roll(begin, -1, axis=0)]))
            corners.clear()

    at = 0
    while at < len(codes):
        code = int(codes[at])
        if code == MOVE:
            close()
            corners.append(points[at])
        elif code == LINE:
            corners.append(points[at])
        elif code in (CURVE3, CURVE4):
            degree = 2 if code == CURVE3 else 3
            corners += list(_curve(np.stack([corners[-1], *points[at : at + degree]])))
            at += degree - 1
        at += 1
    close()
    return np.concatenate(pieces) if pieces else np.zeros((0, 4))


def _curve(control: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `STEPS` points along a Bézier curve of degree 2 or 3, without its first (De Casteljau)."""
    t = (np.arange(1, STEPS + 1) / STEPS)[:, None]
    level = [np.broadcast_to(point, (STEPS, 2)) for point in control]
    while len(level) > 1:
        level = [(1 - t) * a + t * b for a, b in pairwise(level)]
    return level[0]
