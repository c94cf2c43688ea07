"""The tables of the page: headline, numbers behind the charts, confusion matrices."""

import math
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from robustmnist.report.charts import ClassDots
from robustmnist.report.colours import MATRIX_STEPS, hue
from robustmnist.report.content import Cell, Headline, HeadlineGroup, HeadlineRow, Table
from robustmnist.report.study import Study, SweepStudy, Tolerance
from robustmnist.report.text import anchor, interval, percent, plain, shorten
from robustmnist.report.words import NAME, TITLE, at, reach_text

__all__ = ["class_table", "curve_table", "headline_table", "matrix_cells"]

BAR_WIDTH, BAR_PITCH, BARS_HEIGHT = 150, 6.0, 30.0  # px; more bars than fit at the pitch get thinner


def headline_table(study: Study) -> Headline:
    """Return the headline table: clean accuracy, then per sweep the range at or above 90 % and the area."""
    clean = [f"{percent(one.accuracy, 2)} ({interval(one.low, one.high)})" for one in study.clean]
    best = _best([one.accuracy for one in study.clean], clean)
    groups = []
    for suite in study.suites:
        rows = []
        for sweep in suite.sweeps:
            ranges = [reach_text(sweep, one) for one in sweep.tolerances]
            areas = [percent(one.area) for one in sweep.tolerances]
            widest = _best([_breadth(sweep, one) for one in sweep.tolerances], ranges)
            largest = _best([one.area for one in sweep.tolerances], areas)
            pairs = zip(ranges, widest, areas, largest, strict=True)
            cells = [cell for a, b, c, d in pairs for cell in (Cell(a, best=b), Cell(c, best=d))]
            low, high = min(sweep.sweep.values), max(sweep.sweep.values)
            span = f"{plain(low)} to {at(sweep, high, exact=True)}"
            link, title = anchor("curve", *sweep.place), shorten(sweep.sweep.title, TITLE)
            rows.append(HeadlineRow(link, title, span, _bars(sweep), tuple(cells)))
        groups.append(HeadlineGroup(shorten(suite.suite.title, TITLE), tuple(rows)))
    return Headline(tuple(Cell(text, best=mark) for text, mark in zip(clean, best, strict=True)), tuple(groups))


def curve_table(sweep: SweepStudy) -> Table:
    """Return the accuracies and intervals behind a chart, a row per strength."""
    rows = []
    for i, value in enumerate(sweep.sweep.values):
        cells = (
            f"{percent(one.accuracy[i], sign=False)} ({interval(one.low[i], one.high[i])})" for one in sweep.curves
        )
        rows.append((at(sweep, value, exact=True), *cells))
    head = ("strength", *(shorten(one.name, NAME) for one in sweep.curves))
    title = shorten(sweep.sweep.title, TITLE)
    return Table(f"{title}: accuracy in % with its 95 % interval", head, tuple(rows))


def class_table(title: str, dots: Sequence[ClassDots]) -> Table:
    """Return the accuracies per class behind a chart, a row per class, perturbed and clean."""
    rows = []
    for digit in range(10):
        cells = []
        for one in dots:
            perturbed = f"{percent(one.accuracy[digit], sign=False)} ({interval(one.low[digit], one.high[digit])})"
            cells += [perturbed, percent(one.clean[digit], sign=False)]
        rows.append((str(digit), *cells))
    names = (shorten(one.name, NAME) for one in dots)
    head = ("class", *(text for name in names for text in (name, f"{name}, clean")))
    return Table(f"{title}: accuracy per class in % with its 95 % interval", head, tuple(rows))


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


def _best(values: Sequence[float], shown: Sequence[str]) -> list[bool]:
    # What looks equal to the reader is equal: nothing is marked where all show the same, or where there is one only.
    if len(set(shown)) < 2:
        return [False] * len(values)
    winner = shown[int(np.argmax(values))]
    return [text == winner for text in shown]


def _breadth(sweep: SweepStudy, tolerance: Tolerance) -> float:
    low, high = _held(sweep, tolerance)
    return high - low


def _held(sweep: SweepStudy, tolerance: Tolerance) -> tuple[float, float]:
    low = min(sweep.sweep.values) if tolerance.below is None else tolerance.below
    high = max(sweep.sweep.values) if tolerance.above is None else tolerance.above
    return low, high


def _bars(sweep: SweepStudy) -> Markup:
    # What it shows stands in the cells beside it, so it is hidden from those who are read to.
    low, high = min(sweep.sweep.values), max(sweep.sweep.values)
    pitch = min(BAR_PITCH, BARS_HEIGHT / len(sweep.tolerances))
    thick = round(pitch * 2 / 3, 1)
    height = round(len(sweep.tolerances) * pitch + 2)

    def x(value: float) -> float:
        return round((value - low) / ((high - low) or 1.0) * BAR_WIDTH, 1)

    drawn = [f'<path class="srule" d="M0 {height / 2:g}H{BAR_WIDTH}"/>']
    for place, one in enumerate(sweep.tolerances):
        start, end = _held(sweep, one)
        y = round(1 + place * pitch + pitch / 6, 1)
        wide = max(x(end) - x(start), 1)
        drawn.append(
            f'<rect class="f{hue(one.index)}" x="{x(start):g}" y="{y:g}" width="{wide:g}" height="{thick:g}"/>'
        )
    drawn.append(f'<path class="sink" d="M{x(sweep.sweep.neutral):g} 0V{height}"/>')
    return Markup('<svg aria-hidden="true" width="{0}" height="{1}" viewBox="-1 0 {2} {1}">{3}</svg>').format(
        BAR_WIDTH + 2, height, BAR_WIDTH + 2, Markup("".join(drawn))
    )
