"""The tables of the page: critical strengths, the numbers behind the figures, confusion matrices."""

import math
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from robustmnist.report.colours import MATRIX_STEPS, hue
from robustmnist.report.content import Cell, Table
from robustmnist.report.headline import told_apart
from robustmnist.report.marks import Tolerance
from robustmnist.report.plot import line, picture, rectangle
from robustmnist.report.sections import SweepRow, SweepTable
from robustmnist.report.study import SuiteStudy, SweepStudy
from robustmnist.report.text import interval, percent, plain, shorten
from robustmnist.report.words import NAME, TITLE, at, reach_text

__all__ = ["class_table", "curve_table", "matrix_cells", "share_text", "sweep_table"]

BAR_WIDTH, BAR_PITCH, BARS_HEIGHT = 120, 5.0, 25.0  # px; more bars than fit at the pitch get thinner


def sweep_table(suite: SuiteStudy) -> SweepTable:
    """Return a row per sweep: where each checkpoint has lost a tenth, and the area under its curve."""
    rows = []
    for sweep in suite.sweeps:
        areas = [one.area for one in sweep.tolerances]
        best = told_apart(areas)
        cells = []
        for k, one in enumerate(sweep.tolerances):
            cells.append(Cell(reach_text(sweep, one)))
            cells.append(Cell(share_text(one.area.share, one.area.low, one.area.high), best=k == best))
        low, high = min(sweep.sweep.values), max(sweep.sweep.values)
        span = f"{plain(low)} to {at(sweep, high, exact=True)}"
        rows.append(SweepRow(shorten(sweep.sweep.title, TITLE), span, _bars(sweep), tuple(cells)))
    title = shorten(suite.suite.title, TITLE)
    caption = f"{title}: the strength at which a tenth of clean accuracy is lost, and the area under the curve in %, "
    told = any(fall.measured is not None for sweep in suite.sweeps for one in sweep.tolerances for fall in one.falls)
    asked = "; strengths are as asked for, and measured ones stand beside them where they differ by over a tenth"
    return SweepTable(f"{caption}with 95 % intervals{asked if told else ''}", tuple(rows))


def curve_table(sweep: SweepStudy) -> Table:
    """Return the accuracies and intervals behind a chart, a row per strength."""
    rows = []
    for i, value in enumerate(sweep.sweep.values):
        cells = (share_text(one.accuracy[i], one.low[i], one.high[i]) for one in sweep.curves)
        rows.append((at(sweep, value, exact=True), *cells))
    head = ("strength", *(shorten(one.name, NAME) for one in sweep.curves))
    title = shorten(sweep.sweep.title, TITLE)
    return Table(f"{title}: accuracy in % with its 95 % interval", head, tuple(rows))


def class_table(sweep: SweepStudy, names: Sequence[str], shares: Sequence[NDArray[np.float64]]) -> Table:
    """Return the accuracies behind heat maps of class against strength, a row per strength and checkpoint."""
    rows = []
    for i, value in enumerate(sweep.sweep.values):
        for name, table in zip(names, shares, strict=True):
            cells = (percent(share, sign=False) for share in table[:, i])
            rows.append((f"{at(sweep, value, exact=True)}, {shorten(name, NAME)}", *cells))
    head = ("strength, checkpoint", *map(str, range(10)))
    return Table(f"{shorten(sweep.sweep.title, TITLE)}: accuracy per class in %", head, tuple(rows))


def share_text(share: float, low: float, high: float) -> str:
    """Return a share with its interval, in per cent without the sign: "98.7 (98.4–98.9)"."""
    return f"{percent(share, sign=False)} ({interval(low, high)})"


def matrix_cells(table: NDArray[np.int64]) -> tuple[tuple[Cell, ...], ...]:
    """Return a confusion matrix as cells, a mistake shaded by the root of its share of the row, so that 1 % shows."""
    steps = len(MATRIX_STEPS) - 1
    totals = table.sum(axis=1)
    rows = []
    for true, counts in enumerate(table):
        cells = []
        for read, times in enumerate(counts):
            shade = 0 if true == read or not times else math.ceil(steps * math.sqrt(times / totals[true]))
            cells.append(Cell(str(int(times)) if times or true == read else "", level=shade))
        rows.append(tuple(cells))
    return tuple(rows)


def _bars(sweep: SweepStudy) -> Markup:
    # What it shows stands in the cells beside it, so it is hidden from those who are read to.
    low, high = min(sweep.sweep.values), max(sweep.sweep.values)
    pitch = min(BAR_PITCH, BARS_HEIGHT / len(sweep.tolerances))
    tall = max(len(sweep.tolerances) * pitch + 2, 10)

    def x(value: float) -> float:
        return 1 + (value - low) / ((high - low) or 1.0) * BAR_WIDTH

    parts = [line([(1, tall / 2), (BAR_WIDTH + 1, tall / 2)], "srule")]
    for place, one in enumerate(sweep.tolerances):
        start, end = _held(sweep, one)
        y = 1 + (place + 1 / 6) * pitch
        parts.append(rectangle(x(start), y, max(x(end) - x(start), 1.0), pitch * 2 / 3, f"f{hue(one.index)}"))
    parts.append(line([(x(sweep.sweep.neutral), 0), (x(sweep.sweep.neutral), tall)], "sink"))
    return picture(BAR_WIDTH + 2, tall, parts)


def _held(sweep: SweepStudy, tolerance: Tolerance) -> tuple[float, float]:
    low, high = min(sweep.sweep.values), max(sweep.sweep.values)
    below, above = tolerance.below, tolerance.above
    return (
        low if below is None or below.at is None else below.at,
        high if above is None or above.at is None else above.at,
    )
