"""Crossed sweeps as heat maps: every checkpoint beside the others, then class by class."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray

from robustmnist.overview.gather import KEEP
from robustmnist.overview.in_words import NAME, TITLE
from robustmnist.overview.overview import Overview
from robustmnist.page.anchors import anchor
from robustmnist.page.colours import hue
from robustmnist.page.heat_map import Axis, even_labels, heat
from robustmnist.page.records import Key, Table
from robustmnist.report.breakdown.words import map_caption
from robustmnist.suites import Suite, Sweep
from robustmnist.wording.characters import printable, shorten
from robustmnist.wording.numbers import count, percent, plain, share_text

__all__ = ["Map", "MapGroup", "MapNumbers", "map_group"]


Shares = NDArray[np.float64]
SIDE, CELL = 300.0, 16.0  # px: a map is at most so wide, its cells at most so large
SMALL = 84.0  # side of a map of one class, px


@dataclass(frozen=True)
class Map:
    """The heat map of one checkpoint."""

    key: Key
    figure: Markup


@dataclass(frozen=True)
class MapGroup:
    """The map of a crossed sweep, each checkpoint's beside the others', then class by class, folded."""

    anchor: str
    title: str
    question: str
    caption: str
    maps: tuple[Map, ...]
    classes: tuple[tuple[str, tuple[Map, ...]], ...]
    tables: tuple[Table, ...]


class _Grid(NamedTuple):
    """A checkpoint's accuracy over a map: rows are the crossed strength, columns the sweep's own."""

    name: str
    shares: Shares
    floor: float


@dataclass(frozen=True)
class MapNumbers:
    """What a map shows, from results.

    Attributes:
        points: `shift_map`.
        by_class: The same of one class alone, by class.
        agreement: `consistency`.
        worst: `worst_over_grid`.
    """

    points: pd.DataFrame
    by_class: Mapping[int, pd.DataFrame]
    agreement: pd.DataFrame
    worst: pd.DataFrame


def map_group(overview: Overview, index: tuple[int, int], suite: Suite, sweep: Sweep, numbers: MapNumbers) -> MapGroup:
    """Return the group of a sweep that crosses two strengths; `index`: the suite's in the run, the map's in it."""
    grids = _grids(overview, sweep, numbers.points)
    names = [grid.name for grid in grids]
    agree = numbers.agreement.set_index("checkpoint").loc[names]
    caption = map_caption(sweep, names, [grid.shares for grid in grids], [grid.floor for grid in grids], agree)
    title, rows = shorten(sweep.title, TITLE), grids[0].shares.shape
    across, down = _axes(sweep, min(CELL, SIDE / max(rows)), labelled=True)
    keys = [Key(hue(k), shorten(name, NAME)) for k, name in enumerate(names)]
    drawn = tuple(
        Map(key, heat(grid.shares, across, down, f"{title}, accuracy of {key.name}. {caption}", held=grid.floor))
        for key, grid in zip(keys, grids, strict=True)
    )
    small = _axes(sweep, SMALL / max(rows), labelled=False)
    classes = []
    for digit, points in numbers.by_class.items():
        parts = zip(keys, _grids(overview, sweep, points), strict=True)
        figures = (
            Map(key, heat(part.shares, *small, f"Accuracy of {key.name} on class {digit}")) for key, part in parts
        )
        classes.append((str(digit), tuple(figures)))
    tables = (_summary(overview, suite, sweep, grids, numbers.worst, agree), *(_table(sweep, grid) for grid in grids))
    # The suite's own anchor leads to its first map.
    link = anchor("maps", *(index if index[1] else index[:1]))
    return MapGroup(link, title, printable(suite.question), caption, drawn, tuple(classes), tables)


def _grids(overview: Overview, sweep: Sweep, points: pd.DataFrame) -> list[_Grid]:
    other = next(iter(sweep.crossed))
    grids = []
    for checkpoint in overview.clean:
        rows = points[points["checkpoint"] == checkpoint.name]
        shares = rows.pivot(index=other, columns=sweep.parameter, values="accuracy").to_numpy(np.float64)
        grids.append(_Grid(checkpoint.name, shares, KEEP * checkpoint.accuracy))
    return grids


def _axes(sweep: Sweep, cell: float, *, labelled: bool) -> tuple[Axis, Axis]:
    other, neutral = next(iter(sweep.crossed.items()))
    own, crossed = sweep.values, tuple(sorted(float(value) for value in sweep.over[other]))
    if not labelled:
        return Axis("", cell, ("",) * len(own)), Axis("", cell, ("",) * len(crossed))
    unit = shorten(sweep.unit, NAME)
    return (
        Axis(f"{shorten(sweep.parameter, NAME)}, {unit}", cell, even_labels(own, cell, sweep.neutral)),
        Axis(f"{shorten(other, NAME)}, {unit}", cell, even_labels(crossed, cell, neutral)),
    )


def _summary(
    overview: Overview, suite: Suite, sweep: Sweep, grids: list[_Grid], worst: pd.DataFrame, agree: pd.DataFrame
) -> Table:
    score = next(suite_score for suite_score in overview.scores if suite_score.suite is suite)
    # The suite's number is this map's where the suite has nothing else.
    means = [share_text(area.share, area.low, area.high) for area in score.shares] if len(suite.sweeps) == 1 else None
    rows = []
    for k, (grid, low, same) in enumerate(zip(grids, worst.to_dict("records"), agree.to_dict("records"), strict=True)):
        held = int((grid.shares >= grid.floor).sum())
        rows.append(
            (
                shorten(grid.name, NAME),
                means[k] if means else percent(float(grid.shares.mean()), sign=False),
                f"{count(held)} of {count(grid.shares.size)}",
                share_text(float(low["accuracy"]), float(low["accuracy_low"]), float(low["accuracy_high"])),
                share_text(*(float(same[f"consistency{end}"]) for end in ("", "_low", "_high"))),
            )
        )
    head = (
        "checkpoint",
        "mean over the map, %",
        "points kept",
        "right at every point, %",
        "same answer at two points, %",
    )
    return Table(f"{shorten(sweep.title, TITLE)}: the map in numbers", head, tuple(rows))


def _table(sweep: Sweep, grid: _Grid) -> Table:
    other = next(iter(sweep.crossed))
    crossed = sorted(float(value) for value in sweep.over[other])
    rows = [
        (plain(value), *(percent(share, sign=False) for share in line))
        for value, line in zip(crossed, grid.shares.tolist(), strict=True)
    ]
    head = (f"{shorten(other, NAME)} ╲ {shorten(sweep.parameter, NAME)}", *(plain(value) for value in sweep.values))
    return Table(f"{shorten(grid.name, NAME)}: accuracy in % at every point", head, tuple(rows))
