"""Where does it break? Maps of two strengths, the worst of many tries, class against strength, digits with verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from robustmnist.overview.in_words import NAME, TITLE, at, axis_text
from robustmnist.overview.overview import Overview, SuiteOverview, SweepOverview, of_many_draws
from robustmnist.overview.tolerance import Area
from robustmnist.page.colours import hue
from robustmnist.page.heat_map import Axis, even_marks, heat, heat_key
from robustmnist.page.records import Chart, Key, Table
from robustmnist.report.breakdown.maps import Map, MapGroup, maps
from robustmnist.report.breakdown.strips import StripGroup, strips
from robustmnist.report.breakdown.words import class_caption, worst_caption
from robustmnist.report.breakdown.worst_chart import Tries, worst_chart
from robustmnist.results import wilson
from robustmnist.results.breakdown.worst_case import worst_of_k, worst_over_grid
from robustmnist.results.correctness import hits
from robustmnist.suites import Suite, Sweep
from robustmnist.wording.characters import printable, shorten
from robustmnist.wording.numbers import anchor, percent, share_text

__all__ = ["Breaks", "ClassMaps", "Worst", "breaks_section", "class_table"]


Shares = NDArray[np.float64]
CLASSES = tuple(range(10))
ROW, ACROSS, WIDEST = 12.0, 140.0, 24.0  # px: a row of class against strength, all its columns, one of few columns
TOLD = (1, 2, 5, 10, 20, 50, 100)  # numbers of tries in the table behind the figure


@dataclass(frozen=True)
class Worst:
    """How many images are read right in every one of k tries: a curve for each checkpoint."""

    question: str
    chart: Chart


@dataclass(frozen=True)
class ClassMaps:
    """Class against strength in the hardest sweep of a suite, a heat map for each checkpoint."""

    anchor: str
    title: str
    sweep: str
    caption: str
    maps: tuple[Map, ...]
    table: Table


@dataclass(frozen=True)
class Breaks:
    """Where does it break? Maps, worst of k, classes, digits."""

    maps: tuple[MapGroup, ...]
    worst: tuple[Worst, ...]
    key: Markup
    classes: tuple[ClassMaps, ...]
    strips: tuple[StripGroup, ...]


def breaks_section(overview: Overview) -> Breaks:
    """Return the section of a run; what the run has no sweep for is left out."""
    worst = []
    for place, suite in enumerate(overview.predictions.suites):
        worst += [_worst(overview, place, suite, sweep) for sweep in suite.curves if of_many_draws(sweep)][:1]
    classes = tuple(_classes(overview, suite) for suite in overview.suites)
    return Breaks(maps(overview), tuple(worst), heat_key(), classes, strips(overview))


def _worst(overview: Overview, place: int, suite: Suite, sweep: Sweep) -> Worst:
    table = worst_of_k(overview.predictions, suite.name, sweep.name)
    table = table[table["value"] != sweep.neutral]
    grids = [worst_over_grid(overview.predictions, suite.name, one.name) for one in suite.maps]
    found = []
    for one in overview.clean:
        rows = table[table["checkpoint"] == one.name].sort_values("k")
        worst = tuple(Area(*row) for row in rows[["accuracy", "accuracy_low", "accuracy_high"]].itertuples(index=False))
        points = []
        for grid in grids:
            row = grid[grid["checkpoint"] == one.name].iloc[0]
            shares = Area(*(float(row[key]) for key in ("accuracy", "accuracy_low", "accuracy_high")))
            points.append((int(row["points"]), shares))
        found.append(Tries(one.index, one.name, one.accuracy, float(rows["random"].iloc[0]), worst, tuple(points)))
    title, caption = shorten(suite.title, TITLE), worst_caption(found)
    label = f"Accuracy in the worst of k tries. {caption}"
    chart = Chart(anchor("worst", place), title, worst_chart(found, label), caption, _worst_table(title, found))
    return Worst(printable(suite.question), chart)


def _worst_table(title: str, found: list[Tries]) -> Table:
    most = len(found[0].worst)
    rows = [(f"{k} drawn", *(_text(one.worst[k - 1]) for one in found)) for k in TOLD if k <= most]
    for place, (points, _) in enumerate(found[0].grids):
        rows.append((f"{points} of the grid", *(_text(one.grids[place][1]) for one in found)))
    head = ("poses", *(shorten(one.name, NAME) for one in found))
    return Table(f"{title}: images read right in all of them, in %, with 95 % interval", head, tuple(rows))


def _text(one: Area) -> str:
    return share_text(one.share, one.low, one.high)


def _classes(overview: Overview, suite: SuiteOverview) -> ClassMaps:
    sweep = suite.hardest
    key, labels = (suite.name, sweep.name), overview.predictions.labels
    n = np.bincount(labels, minlength=len(CLASSES)).astype(np.float64)
    member = (labels[:, None] == np.arange(len(CLASSES))).astype(np.float32)
    right = hits(overview.predictions, *key).astype(np.float32) @ member / len(sweep.sweep.variants)  # (M, V, 10)
    with np.errstate(invalid="ignore"):
        shares = np.swapaxes(right / n, 1, 2)
    low, high = (np.swapaxes(end, 1, 2) for end in wilson(right, n))
    caption = class_caption(sweep, shares, low, high)
    values = sweep.values
    cell = min(ACROSS / len(values), WIDEST)
    across = Axis(axis_text(sweep), cell, even_marks(values, cell, sweep.neutral))
    down = Axis("", ROW, tuple(map(str, CLASSES)))
    title, drawn = shorten(sweep.title, TITLE), []
    for one, table in zip(overview.clean, shares, strict=True):
        label = f"Accuracy of {shorten(one.name, NAME)} by class and strength, {title}. {caption}"
        drawn.append(Map(Key(hue(one.index), shorten(one.name, NAME)), heat(table, across, down, label)))
    names = [one.name for one in overview.clean]
    suite_title = shorten(suite.title, TITLE)
    table = class_table(sweep, names, list(shares))
    return ClassMaps(anchor("classes", suite.index), suite_title, title, caption, tuple(drawn), table)


def class_table(sweep: SweepOverview, names: Sequence[str], shares: Sequence[NDArray[np.float64]]) -> Table:
    """Return the accuracies behind heat maps of class against strength, a row per strength and checkpoint."""
    rows = []
    for i, value in enumerate(sweep.values):
        for name, table in zip(names, shares, strict=True):
            cells = (percent(share, sign=False) for share in table[:, i])
            rows.append((f"{at(sweep, value, exact=True)}, {shorten(name, NAME)}", *cells))
    head = ("strength, checkpoint", *map(str, range(10)))
    return Table(f"{shorten(sweep.title, TITLE)}: accuracy per class in %", head, tuple(rows))
