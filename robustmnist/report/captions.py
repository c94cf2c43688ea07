"""Captions written from the numbers, by rules: each says what to see in the figure above it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustmnist.report.charts import THRESHOLD, ClassDots
from robustmnist.report.study import SweepStudy, Tolerance
from robustmnist.report.text import count, listing, percent, shorten
from robustmnist.report.words import FLOOR, NAME, at, focus_text

__all__ = ["Mistake", "class_caption", "curve_caption", "gallery_caption", "matrix_caption", "strip_caption"]


@dataclass(frozen=True)
class Mistake:
    """A mistake in words: classes, sureness as a share, and the setting ("" for a clean digit)."""

    label: int
    predicted: int
    confidence: float
    where: str


def curve_caption(sweep: SweepStudy) -> str:
    """Say who falls below 90 % first and who holds longest, per side of the neutral strength, and the lowest point."""
    weak = [one.name for one in sweep.tolerances if one.clean < THRESHOLD]
    able = [one for one in sweep.tolerances if one.clean >= THRESHOLD]
    said = (
        [f"{_names(weak)} {'is' if len(weak) == 1 else 'are'} below {FLOOR} on clean digits already."] if weak else []
    )
    ends = [end for end in (min(sweep.sweep.values), max(sweep.sweep.values)) if end != sweep.sweep.neutral]
    if able and all(one.below is None and one.above is None for one in able):
        who = (
            f"{_names([able[0].name])} never falls"
            if len(able) == 1
            else f"{'No other' if weak else 'No'} checkpoint falls"
        )
        said.append(f"{who} below {FLOOR} up to {listing([at(sweep, end, exact=True) for end in ends])}.")
    elif able:
        said += [_side(sweep, end, able) for end in ends]
    return " ".join([*said, _lowest(sweep)])


def _side(sweep: SweepStudy, end: float, able: Sequence[Tolerance]) -> str:
    neutral, last = sweep.sweep.neutral, at(sweep, end, exact=True)
    where = f"{'Below' if end < neutral else 'Above'} {at(sweep, neutral, exact=True)}: " if sweep.two_sided else ""
    falls = [(one.name, one.below if end < neutral else one.above) for one in able]
    fallen = sorted(
        (abs(value - neutral), k, name, value) for k, (name, value) in enumerate(falls) if value is not None
    )
    held = [name for name, value in falls if value is None]
    if not fallen:
        who = f"{_names(held)} does not fall" if len(held) == 1 else "no checkpoint falls"
        return f"{where}{who} below {FLOOR} up to {last}."
    if len(fallen) == len(falls) > 1 and at(sweep, fallen[0][3]) == at(sweep, fallen[-1][3]):
        return f"{where}{_names([name for _, _, name, _ in fallen])} fall below {FLOOR} at {at(sweep, fallen[0][3])}."
    _, _, name, value = fallen[0]
    text = f"{where}{_names([name])} falls below {FLOOR} {'first, ' if len(falls) > 1 else ''}at {at(sweep, value)}"
    if held:
        return f"{text}; {_names(held)} never {'does' if len(held) == 1 else 'do'} up to {last}."
    if len(fallen) > 1:
        _, _, name, value = fallen[-1]
        text += f"; {_names([name])} holds longest, to {at(sweep, value)}"
    return f"{text}."


def _lowest(sweep: SweepStudy) -> str:
    points = ((share, k, i) for k, curve in enumerate(sweep.curves) for i, share in enumerate(curve.accuracy))
    share, k, i = min(points)
    where = at(sweep, sweep.sweep.values[i], exact=True)
    return f"Lowest: {percent(share)}, {_names([sweep.curves[k].name])} at {where}."


def strip_caption(sweep: SweepStudy) -> str:
    """Say what the checkpoints read of the digits at the focus strength."""
    place = sweep.sweep.values.index(sweep.focus)
    shares = listing([f"{shorten(one.name, NAME)} {percent(one.accuracy[place])}" for one in sweep.curves])
    return f"◆ {at(sweep, sweep.focus, exact=True)}, read right by {shares}."


def class_caption(sweep: SweepStudy, dots: Sequence[ClassDots]) -> str:
    """Say for each checkpoint which class it reads worst; a class without images is passed over."""
    said = []
    for one in dots:
        share, digit = min(
            ((share, digit) for digit, share in enumerate(one.accuracy) if share == share), default=(1.0, 0)
        )
        said.append(f"{shorten(one.name, NAME)} {digit} ({percent(share)})")
    return f"{focus_text(sweep)}. Read worst: {listing(said)}."


def matrix_caption(names: Sequence[str], tables: Sequence[NDArray[np.int64]], invalid: Sequence[int]) -> str:
    """Say for each checkpoint its most frequent mistake, and how many invalid rows are in no cell."""
    said = []
    for name, table in zip(names, tables, strict=True):
        wrong = table - np.diag(np.diag(table))
        true, read = divmod(int(wrong.argmax()), len(table))
        times = int(wrong[true, read])
        said.append(f"{shorten(name, NAME)} " + (f"{true} read as {read} ({count(times)}×)" if times else "none"))
    text = f"Most frequent mistake: {listing(said, 'and')}."
    lost = [f"{shorten(name, NAME)} {count(rows)}" for name, rows in zip(names, invalid, strict=True) if rows]
    return f"{text} Invalid rows, in no cell: {listing(lost)}." if lost else text


def gallery_caption(rows: Sequence[Mistake]) -> str:
    """Say what the surest mistake was and how sure the last one shown still was."""
    if not rows:
        return "No mistake."
    first, last = rows[0], rows[-1]
    text = f"The surest: a {first.label} read as {first.predicted} with {percent(first.confidence, 2)}"
    text += f" ({first.where})" if first.where else ""
    if len(rows) == 1:
        return f"{text}; there is no other."
    return f"{text}; the last of these {len(rows)} with {percent(last.confidence, 2)}."


def _names(names: Sequence[str]) -> str:
    return listing([shorten(name, NAME) for name in names])
