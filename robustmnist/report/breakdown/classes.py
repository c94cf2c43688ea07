"""Class against strength in the hardest sweep of a suite, a heat map for each checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustmnist.overview.in_words import NAME, TITLE, at, axis_text
from robustmnist.overview.overview import Overview, SuiteOverview, SweepOverview
from robustmnist.page.anchors import anchor
from robustmnist.page.colours import hue
from robustmnist.page.heat_map import Axis, even_labels, heat
from robustmnist.page.records import Key, Table
from robustmnist.report.breakdown.maps import Map
from robustmnist.report.breakdown.words import class_caption
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import percent

__all__ = ["CLASSES", "ClassMaps", "class_maps", "class_table"]

CLASSES = tuple(range(10))
ROW, ACROSS, WIDEST = 12.0, 140.0, 24.0  # px: a row of class against strength, all its columns, one of few columns

Shares = NDArray[np.float64]


@dataclass(frozen=True)
class ClassMaps:
    """Class against strength in the hardest sweep of a suite, a heat map for each checkpoint."""

    anchor: str
    title: str
    sweep: str
    caption: str
    maps: tuple[Map, ...]
    table: Table


def class_maps(overview: Overview, suite: SuiteOverview, shares: Shares, low: Shares, high: Shares) -> ClassMaps:
    """Return the maps of a suite's hardest sweep.

    Args:
        overview: The run.
        suite: The suite.
        shares: Accuracies, float64 (checkpoints, classes, strengths); NaN for a class without images.
        low: The lower ends of their intervals.
        high: The upper ends.
    """
    sweep = suite.hardest
    caption = class_caption(sweep, shares, low, high)
    cell = min(ACROSS / len(sweep.values), WIDEST)
    across = Axis(axis_text(sweep), cell, even_labels(sweep.values, cell, sweep.neutral))
    down = Axis("", ROW, tuple(map(str, CLASSES)))
    title, drawn = shorten(sweep.title, TITLE), []
    for checkpoint, table in zip(overview.clean, shares, strict=True):
        label = f"Accuracy of {shorten(checkpoint.name, NAME)} by class and strength, {title}. {caption}"
        drawn.append(Map(Key(hue(checkpoint.index), shorten(checkpoint.name, NAME)), heat(table, across, down, label)))
    numbers = class_table(sweep, [checkpoint.name for checkpoint in overview.clean], list(shares))
    link, suite_title = anchor("classes", suite.index), shorten(suite.title, TITLE)
    return ClassMaps(link, suite_title, title, caption, tuple(drawn), numbers)


def class_table(sweep: SweepOverview, names: Sequence[str], shares: Sequence[Shares]) -> Table:
    """Return the accuracies behind heat maps of class against strength, a row per strength and checkpoint."""
    rows = []
    for i, value in enumerate(sweep.values):
        for name, table in zip(names, shares, strict=True):
            cells = (percent(share, sign=False) for share in table[:, i])
            rows.append((f"{at(sweep, value, exact=True)}, {shorten(name, NAME)}", *cells))
    head = ("strength, checkpoint", *map(str, CLASSES))
    return Table(f"{shorten(sweep.title, TITLE)}: accuracy per class in %", head, tuple(rows))
