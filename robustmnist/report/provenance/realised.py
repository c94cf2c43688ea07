"""What was asked of the perturbations, and what was measured on the digits."""

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from robustmnist.overview.in_words import NAME, TITLE, at
from robustmnist.overview.overview import Overview, SweepOverview
from robustmnist.page.records import Table
from robustmnist.predictions import others
from robustmnist.report.provenance.words import farthest_text, lost_ink_text, realised_note
from robustmnist.suites import Suite, Sweep
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import MINUS, percent, plain, strength

__all__ = ["realised_table"]

LOST = 0.005  # a smaller loss of ink is not worth a place in the caption; interpolation alone moves it by 0.002

_Row = Mapping[Hashable, Any]


class _Line(NamedTuple):
    """One strength as it was asked for, in words and as a number, and what was measured of it."""

    suite: Suite
    sweep: Sweep
    asked: str
    value: float
    neutral: float
    unit: str
    row: _Row

    @property
    def miss(self) -> float:
        """How far from what was asked, in its unit; −1 where the two do not compare."""
        mean = float(self.row["measured_mean"])
        if self.row["measure_unit"] != self.unit or math.isnan(mean):
            return -1.0
        return round(abs(mean - self.value), 6)  # as exact as the table: equal ones tie

    @property
    def off(self) -> float:
        """The miss as a share of what was asked; −1 where the two do not compare, or nothing was asked."""
        asked = abs(self.value - self.neutral)
        return self.miss / asked if asked and self.miss >= 0 else -1.0

    @property
    def lost(self) -> float:
        """The share of the ink that left the frame; −1 where it is not known."""
        share = float(self.row["ink_clipped"])
        return -1.0 if math.isnan(share) else share


def realised_table(overview: Overview) -> Table | None:
    """Return the strengths asked for beside what was measured.

    Of each curve the ends and the strength looked at; of each strength of a map the ends where the others are neutral,
    and the point at which what was measured is farthest from it. None where the run measured nothing of that.
    """
    measured = overview.predictions.realised
    if measured is None or measured.empty:
        return None
    by_sweep: dict[tuple[str, str], list[_Row]] = {}
    for row in measured.to_dict("records"):
        by_sweep.setdefault((row["suite"], row["sweep"]), []).append(row)
    shown = [
        line for sweep in overview.sweeps for line in _curve(sweep, by_sweep.get((sweep.suite.name, sweep.name), ()))
    ]
    mapped: list[_Line] = []
    for suite in overview.predictions.suites:
        for sweep in suite.maps:
            lines = list(_map(suite, sweep, by_sweep.get((suite.name, sweep.name), ())))
            mapped += lines
            shown += [line for key in (sweep.parameter, *sweep.crossed) for line in _shown(sweep, key, lines)]
    if not shown:
        return None
    head = ("sweep", "asked", "measured change (sd)", "of", "natural band", "ink lost", "PSNR, dB")
    return Table(_caption(shown, mapped), head, tuple(map(_cells, shown)))


def _curve(sweep: SweepOverview, rows: Sequence[_Row]) -> Iterator[_Line]:
    by_value = {float(row["value"]): row for row in rows}
    for value in sorted({min(sweep.values), max(sweep.values), sweep.focus} - {sweep.neutral}):
        if value in by_value:
            text = at(sweep, value, exact=True)
            yield _Line(sweep.suite, sweep.sweep, text, value, sweep.neutral, sweep.unit, by_value[value])


def _map(suite: Suite, sweep: Sweep, rows: Sequence[_Row]) -> Iterator[_Line]:
    neutral = {sweep.parameter: sweep.neutral, **sweep.crossed}
    for row in rows:
        key, value, unit = str(row["parameter"]), float(row["value"]), str(row["unit"])
        rest = str(row["others"]).replace("-", MINUS)
        text = f"{shorten(key, NAME)} {strength(value, unit, signed=neutral[key] == 0)}, {shorten(rest, TITLE)}"
        yield _Line(suite, sweep, text, value, neutral[key], unit, row)


def _shown(sweep: Sweep, key: str, lines: Sequence[_Line]) -> list[_Line]:
    """Return the lines that are shown of one strength of a map."""
    rest = others({sweep.parameter: sweep.neutral, **sweep.crossed}, key)
    own = [line for line in lines if line.row["parameter"] == key]
    axis = [line for line in own if line.row["others"] == rest and line.value != line.neutral]
    axis.sort(key=lambda line: line.value)
    ends = axis[:1] + axis[1:][-1:]
    farthest = max(own, key=lambda line: line.miss, default=None)
    # Where the ends are as far off as anything, they are enough.
    if farthest is None or farthest.miss <= max([0.0, *(line.miss for line in ends)]):
        return ends
    return [*ends, farthest]


def _cells(line: _Line) -> tuple[str, ...]:
    row = line.row
    unit = str(row["measure_unit"])
    mean, spread = float(row["measured_mean"]), float(row["measured_sd"])
    low, high = float(row["natural_low"]), float(row["natural_high"])
    return (
        f"{shorten(line.suite.name, NAME)}: {shorten(line.sweep.title, TITLE)}",
        line.asked,
        "–" if math.isnan(mean) else f"{strength(mean, unit, 2)} ({plain(spread, 2)})",
        shorten(row["measure"], NAME) or "–",
        "–" if math.isnan(low) or math.isnan(high) else f"{plain(low, 2)} to {strength(high, line.unit, 2)}",
        # Ink that interpolation gains or loses did not leave the frame.
        "–" if math.isnan(float(row["ink_clipped"])) else percent(max(line.lost, 0.0)),
        "–" if math.isnan(float(row["psnr"])) else plain(float(row["psnr"]), 1),
    )


def _caption(shown: Sequence[_Line], mapped: Sequence[_Line]) -> str:
    """Name the farthest miss among the strengths measured in their own unit, and the largest loss of ink.

    Args:
        shown: The table's lines.
        mapped: Every point of the maps.
    """
    clauses = [realised_note(maps=bool(mapped))]
    farthest = max(shown, key=lambda line: line.off)
    if farthest.off >= 0:
        measured = strength(float(farthest.row["measured_mean"]), farthest.unit, 2)
        clauses.append(farthest_text(shorten(farthest.sweep.title, TITLE), measured, farthest.asked))
    known = [line for line in (*shown, *mapped) if not math.isnan(float(line.row["ink_clipped"]))]
    if known:
        most = max(known, key=lambda line: line.lost)
        clauses.append(lost_ink_text(most.lost, f"{shorten(most.sweep.title, TITLE)}, {most.asked}", LOST))
    return " ".join(clauses)
