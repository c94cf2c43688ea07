"""Misreadings over a grid as shades of a checkpoint's hue: class against strength, and maps of two strengths."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from robustmnist.page.colours import HEAT_STEPS
from robustmnist.page.svg import LETTER, bars, picture, stroke, width, word
from robustmnist.wording.numbers import brief

__all__ = ["Axis", "even_labels", "heat", "heat_key"]

Shares = NDArray[np.float64]
LEVELS = len(HEAT_STEPS) - 1
TICK = 13  # px from the grid to the base line of the numbers under it


@dataclass(frozen=True)
class Axis:
    """One axis of a grid: what varies along it, the size of a cell, px, and what is printed at each cell."""

    name: str
    cell: float
    labels: tuple[str, ...]


def heat(shares: Shares, across: Axis, down: Axis, label: str, *, held: float | None = None) -> Markup:
    """Draw a grid of accuracies: the fuller the hue, the more are misread, in steps of 10 %.

    Args:
        shares: float64 (rows, columns), the first row on top; a NaN stays empty.
        across: The columns.
        down: The rows.
        label: What is shown, in words.
        held: Where given, the cells of at least this accuracy are framed.
    """
    rows, columns = shares.shape
    left = max(map(width, down.labels), default=0) + (TICK if down.name else 0) + 6
    top, wide, tall = (TICK + 4.0 if down.name else 4.0), columns * across.cell, rows * down.cell
    known = np.isfinite(shares)
    level = np.where(known, np.floor((1 - np.where(known, shares, 0.0)) * LEVELS + 1e-9), -1)
    # Each level is drawn over the level before it: a step of the shade is then a single edge, and runs are long.
    parts = [_cells(level >= k, left, top, across.cell, down.cell, f"q{k}") for k in range(LEVELS + 1)]
    if held is not None:
        parts.append(_frame(known & (np.nan_to_num(shares) >= held), left, top, across.cell, down.cell))
    for index, text in enumerate(across.labels):
        if text:
            parts.append(word(left + (index + 0.5) * across.cell, top + tall + TICK, text, "tmuted", "middle"))
    for index, text in enumerate(down.labels):
        if text:
            parts.append(word(left - 5, top + (index + 0.5) * down.cell + 3.8, text, "tmuted", "end"))
    if across.name:
        parts.append(word(left + wide / 2, top + tall + TICK + 15, across.name, "", "middle"))
    if down.name:
        parts.append(word(0, 11, down.name))
    bottom = TICK + 20 if across.name else 4
    return picture(left + wide + 8, top + tall + bottom, parts, label=label, name="heat", stroke=down.cell)


def heat_key() -> Markup:
    """Draw the scale of shades, 0 to 100 % misread, in whatever hue stands around it."""
    cell, left = 12.0, 28
    steps = np.arange(LEVELS + 1)[None]
    parts = [_cells(steps >= k, left, 2, cell, 10, f"q{k}") for k in range(LEVELS + 1)]
    wide = left + cell * (LEVELS + 1)
    parts += [word(left - 5, 11, "0 %", "tmuted", "end"), word(wide + 5, 11, "100 % misread", "tmuted")]
    return picture(wide + 90, 14, parts, name="heat", stroke=10)


def even_labels(values: Sequence[float], cell: float, neutral: float) -> tuple[str, ...]:
    """Return which values are printed along an axis: both ends, the neutral value, and those half way between."""
    texts = [brief(value) for value in values]
    kept: list[int] = []
    last = len(values) - 1
    middle = values.index(neutral) if neutral in values else 0
    for i in (0, last, middle, middle // 2, (middle + last) // 2):
        if all(abs(i - j) * cell >= (len(texts[i]) + len(texts[j])) / 2 * LETTER + 4 for j in kept):
            kept.append(i)
    return tuple(text if i in kept else "" for i, text in enumerate(texts))


def _cells(chosen: NDArray[np.bool_], left: float, top: float, wide: float, tall: float, name: str) -> Markup:
    return bars(((left + x * wide, top + y * tall) for y, x in np.argwhere(chosen).tolist()), wide, tall, name)


def _frame(chosen: NDArray[np.bool_], left: float, top: float, wide: float, tall: float) -> Markup:
    """Return the edges between the chosen cells and all others as a path; edges in a row are one stroke."""
    around = np.pad(chosen, 1)
    level = _runs((around[1:] != around[:-1])[:, 1:-1])
    upright = _runs((around[:, 1:] != around[:, :-1]).T[:, 1:-1])
    across = (((left + a * wide, top + k * tall), (left + b * wide, top + k * tall)) for k, a, b in level)
    down = (((left + k * wide, top + a * tall), (left + k * wide, top + b * tall)) for k, a, b in upright)
    return stroke([*across, *down], "sink fr")


def _runs(crossed: NDArray[np.bool_]) -> Iterable[tuple[int, int, int]]:
    """Return (row, start, stop) of every run of true cells."""
    for k, row in enumerate(crossed):
        ends = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(np.int8)))
        yield from ((k, int(a), int(b)) for a, b in ends.reshape(-1, 2))
