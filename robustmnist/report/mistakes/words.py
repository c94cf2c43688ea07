"""Sentences under confusion matrices and galleries of mistakes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustmnist.overview.in_words import NAME
from robustmnist.overview.overview import SweepOverview
from robustmnist.predictions.reasons import Reason
from robustmnist.wording.characters import shorten
from robustmnist.wording.digits import digit_text
from robustmnist.wording.numbers import count, listing, percent, plain
from robustmnist.wording.ways_back import lost_text, ways_text

__all__ = [
    "ALL_SUITES",
    "CLEAN_DIGITS",
    "GALLERY_NOTE",
    "MATRIX_NOTE",
    "WHY_NOTE",
    "Mistake",
    "broke_text",
    "gallery_caption",
    "matrix_caption",
    "why_lines",
]

CLEAN_DIGITS, ALL_SUITES = "Clean digits", "All suites"
MATRIX_NOTE = (
    "A row is a true class, a column what was read. The grey diagonal was read right. The fuller the colour of a "
    "mistake, the larger its share of the row."
)
GALLERY_NOTE = (
    "Each digit as the checkpoint saw it, and beside it, half as large, the same digit unperturbed. Then the true "
    "class and what was read, the confidence, the strength, and the lower strength at which the digit was first "
    "misread. A digit appears once in a gallery: with its most confident mistake among those no stronger than ◆."
)
WHY_NOTE = (
    "Explained mistakes show why: beside the digit its change map, each pixel’s share of what the margin of the true "
    "class over the one that was read lost from the clean digit to this one. Vermilion cost the reading, blue helped "
    "it, on one scale for a gallery. Below, how many logits were lost and where most of them, then the smallest "
    "changes after which the digit is read right."
)


@dataclass(frozen=True)
class Mistake:
    """A mistake in words: classes, confidence as a share, and the setting ("" for a clean digit)."""

    label: int
    predicted: int
    confidence: float
    where: str


def matrix_caption(names: Sequence[str], tables: Sequence[NDArray[np.int64]], invalid: Sequence[int]) -> str:
    """Say for each checkpoint its most frequent mistake, and how many invalid answers are in no cell."""
    clauses = []
    for name, table in zip(names, tables, strict=True):
        wrong = table - np.diag(np.diag(table))
        true, read = divmod(int(wrong.argmax()), len(table))
        times = int(wrong[true, read])
        clauses.append(f"{shorten(name, NAME)} " + (f"{true} read as {read} ({count(times)}×)" if times else "none"))
    text = f"Most frequent mistake: {listing(clauses, 'and')}."
    lost = [f"{shorten(name, NAME)} {count(rows)}" for name, rows in zip(names, invalid, strict=True) if rows]
    return f"{text} Invalid answers are in no cell: {listing(lost)}." if lost else text


def broke_text(sweep: SweepOverview, first: float) -> str:
    """Say at which strength a digit was first misread (NaN: unperturbed); without the unit, which stands above it."""
    if math.isnan(first):
        return "misread when clean"
    return f"broke at {plain(first, signed=sweep.two_sided and sweep.neutral == 0)}"


def gallery_caption(rows: Sequence[Mistake], missing: int = 0) -> str:
    """Say which mistake was the most confident, how confident the last one shown was, and how many have no picture."""
    if not rows:
        return "No mistake."
    first, last = rows[0], rows[-1]
    text = f"Most confident: {digit_text(first.label)} read as {first.predicted} with {percent(first.confidence, 2)}"
    text += f" ({first.where})" if first.where else ""
    if len(rows) == 1:
        text += "; there is no other."
    else:
        text += f"; the last of these {len(rows)} with {percent(last.confidence, 2)}."
    if missing:
        which = "any of these" if missing == len(rows) else f"{count(missing)} of these {count(len(rows))}"
        text += f" The run kept no picture of {which}."
    return text


def why_lines(reason: Reason) -> tuple[str, ...]:
    """Return why a digit was misread: what was lost where, as far as that is known, and the way back."""
    ways = ways_text(reason.back)
    back = f"right after {ways}" if ways else "no small change is read right"
    return tuple(filter(None, (lost_text(reason.lost, reason.parts), back)))
