"""Captions written from the numbers, by rules: each says what to see in the figure above it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustmnist.report.marks import Fall
from robustmnist.report.study import SuiteStudy, SweepStudy
from robustmnist.report.text import count, interval, listing, percent, shorten
from robustmnist.report.words import NAME, TITLE, at, fall_text, named

__all__ = ["Mistake", "curve_caption", "gallery_caption", "matrix_caption", "natural_sentence", "suite_caption"]


@dataclass(frozen=True)
class Mistake:
    """A mistake in words: classes, sureness as a share, and the setting ("" for a clean digit)."""

    label: int
    predicted: int
    confidence: float
    where: str


def suite_caption(suite: SuiteStudy) -> str:
    """Say who follows farthest and who least, where the suite is hardest, and who falls within natural variation."""
    names = [one.name for one in suite.sweeps[0].tolerances]
    order = sorted(range(len(names)), key=lambda k: (-suite.areas[k].share, k))
    best, worst = suite.areas[order[0]], suite.areas[order[-1]]
    level = [k for k in range(len(names)) if suite.areas[k].high >= best.low]

    def area(k: int) -> str:
        one = suite.areas[k]
        return f"{percent(one.share)} of the area ({interval(one.low, one.high)})"

    if len(names) == 1:
        said = [f"{named(names)} keeps {area(0)}."]
    elif len(level) == len(names):
        said = [f"Their intervals overlap: {percent(worst.share)} to {percent(best.share)} of the area."]
    else:
        verb = "follows" if len(level) == 1 else "follow"
        first = area(order[0]) if len(level) == 1 else f"{percent(best.share)} of the area and intervals that overlap"
        said = [f"{named([names[k] for k in level])} {verb} farthest, {first}; {named([names[order[-1]]])} least far, "]
        said[0] += f"{percent(worst.share)} ({interval(worst.low, worst.high)})."
    hardest = _hardest(suite)
    natural = natural_sentence(suite.sweeps)
    return " ".join(filter(None, [*said, hardest, natural]))


def _hardest(suite: SuiteStudy) -> str:
    sweep = suite.hardest
    falls = [
        (abs((fall.at - sweep.sweep.neutral) / (fall.end - sweep.sweep.neutral)), one.index, one.name, fall)
        for one in sweep.tolerances
        for fall in one.falls
        if fall.at is not None
    ]
    if not falls:
        return "No checkpoint loses a tenth in any sweep."
    _, _, name, fall = min(falls, key=lambda one: one[:2])
    where = f"{named([name])} loses a tenth at {fall_text(sweep, fall)}"
    if len(suite.sweeps) == 1:
        return f"First, {where}."
    return f"Hardest is “{shorten(sweep.sweep.title, TITLE)}”, where {where}."


def natural_sentence(sweeps: Sequence[SweepStudy]) -> str:
    """Say who loses a tenth within natural variation, and where; nothing where no sweep has such a band."""
    banded = [sweep for sweep in sweeps if sweep.natural is not None]
    if not banded:
        return ""
    early: dict[str, list[str]] = {}
    for sweep in banded:
        assert sweep.natural is not None
        low, high = sweep.natural
        for one in sweep.tolerances:
            if any(fall.at is not None and low <= fall.at <= high for fall in one.falls):
                early.setdefault(one.name, []).append(sweep.sweep.name)
    if not early:
        return "No checkpoint loses a tenth within natural variation."
    one_sweep = len(banded) == 1
    told = [
        named([name]) + ("" if one_sweep else f" ({listing([shorten(where, NAME) for where in places])})")
        for name, places in early.items()
    ]
    verb = "loses" if len(told) == 1 else "lose"
    return f"Within natural variation {listing(told)} {verb} a tenth already."


def curve_caption(sweep: SweepStudy) -> str:
    """Say who loses a tenth first and who holds longest, per side of the neutral strength, and the lowest point."""
    sides = [falls for falls in zip(*(one.falls for one in sweep.tolerances), strict=True) if falls]
    names = [one.name for one in sweep.tolerances]
    if all(fall.at is None for falls in sides for fall in falls):
        ends = listing([at(sweep, falls[0].end, exact=True) for falls in sides])
        who = f"{named(names)} never loses" if len(names) == 1 else "No checkpoint loses"
        least = "".join(_least(sweep, falls) for falls in sides)
        said = [f"{who} a tenth up to {ends}{least}."] if sides else []
    else:
        said = [_side(sweep, names, falls) for falls in sides]
    return " ".join([*said, _lowest(sweep)])


def _side(sweep: SweepStudy, names: Sequence[str], falls: Sequence[Fall]) -> str:
    neutral, end = sweep.sweep.neutral, falls[0].end
    last = at(sweep, end, exact=True)
    where = f"{'Below' if end < neutral else 'Above'} {at(sweep, neutral, exact=True)}: " if sweep.two_sided else ""
    fallen = sorted(
        (abs(fall.at - neutral), k, name, fall.at)
        for k, (name, fall) in enumerate(zip(names, falls, strict=True))
        if fall.at is not None
    )
    held = [name for name, fall in zip(names, falls, strict=True) if fall.at is None]
    if not fallen:
        who = f"{named(held)} does not lose" if len(held) == 1 else "no checkpoint loses"
        return f"{where}{who} a tenth up to {last}{_least(sweep, falls)}."
    if len(fallen) == len(falls) > 1 and at(sweep, fallen[0][3]) == at(sweep, fallen[-1][3]):
        return f"{where}{named([name for _, _, name, _ in fallen])} lose a tenth at {at(sweep, fallen[0][3])}."
    _, _, name, value = fallen[0]
    text = f"{where}{named([name])} loses a tenth {'first, ' if len(falls) > 1 else ''}at {at(sweep, value)}"
    if held:
        least = _least(sweep, falls)
        return f"{text}; {named(held)} never {'does' if len(held) == 1 else 'do'} up to {last}{least}."
    if len(fallen) > 1:
        _, _, name, value = fallen[-1]
        text += f"; {named([name])} holds longest, to {at(sweep, value)}"
    return f"{text}."


def _least(sweep: SweepStudy, falls: Sequence[Fall]) -> str:
    """Return where the first of the intervals begins of those who do not lose a tenth; empty where all do beyond."""
    near = [fall.near for fall in falls if fall.at is None and fall.near is not None]
    if not near:
        return ""
    first = min(near, key=lambda value: abs(value - sweep.sweep.neutral))
    return f" (95 % interval from {at(sweep, first)} on)"


def _lowest(sweep: SweepStudy) -> str:
    points = ((share, k, i) for k, curve in enumerate(sweep.curves) for i, share in enumerate(curve.accuracy))
    share, k, i = min(points)
    low, high = sweep.curves[k].low[i], sweep.curves[k].high[i]
    where = at(sweep, sweep.sweep.values[i], exact=True)
    return f"Lowest: {percent(share)} ({interval(low, high)}), {named([sweep.curves[k].name])} at {where}."


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


def gallery_caption(rows: Sequence[Mistake], missing: int = 0) -> str:
    """Say what the surest mistake was, how sure the last one shown still was, and of how many there is no picture."""
    if not rows:
        return "No mistake."
    first, last = rows[0], rows[-1]
    text = f"The surest: a {first.label} read as {first.predicted} with {percent(first.confidence, 2)}"
    text += f" ({first.where})" if first.where else ""
    if len(rows) == 1:
        text += "; there is no other."
    else:
        text += f"; the last of these {len(rows)} with {percent(last.confidence, 2)}."
    if missing:
        which = "any of these" if missing == len(rows) else f"{count(missing)} of these {count(len(rows))}"
        text += f" The run kept no picture of {which}."
    return text
