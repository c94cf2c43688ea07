"""The tables of the page of curves: medians, and the mean similarity at every strength."""

from collections.abc import Sequence

import numpy as np

from robustmnist.explanation.curves.followed import Followed
from robustmnist.explanation.curves.half_life import HalfLife
from robustmnist.explanation.curves.rows import Curve
from robustmnist.explanation.output.curve_words import NAME, at
from robustmnist.page.records import Table
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import percent, plain

__all__ = ["median_table", "number_table"]

SHOWN = (
    *(("floor", "all"), ("raw", "all"), ("aligned", "all"), ("control", "all")),
    *(("aligned", "kept"), ("aligned", "flipped")),
)


def median_table(title: str, rows: Sequence[HalfLife]) -> Table:
    """Return where maps break beside where digits are misread, a row per checkpoint and side of the sweep."""
    sides = len({row.side for row in rows}) > 1
    head = (
        *("checkpoint", *(["side"] if sides else [])),
        *("maps broken at", "digits misread at", "map first", "floor", "n", "undefined"),
    )
    cells = tuple(
        (
            shorten(row.checkpoint, NAME),
            *([row.side] if sides else []),
            at(row.explanation, row.unit),
            at(row.prediction, row.unit),
            percent(row.first, 0),
            plain(row.floor, 2),
            str(row.n),
            str(row.undefined),
        )
        for row in rows
    )
    return Table(f"{title}: medians over digits, with 95 % intervals (Kaplan-Meier)", head, cells)


def number_table(title: str, mine: Sequence[tuple[Followed, Sequence[Curve]]]) -> Table:
    """Return the numbers behind the charts, a row per strength; digits whose similarity is undefined are counted."""
    head, columns = ["strength"], []
    for each, curves in mine:
        name = shorten(each.checkpoint, NAME)
        for curve in curves:
            if curve.similarity == "cosine" and (curve.kind, curve.group) in SHOWN:
                head.append(f"{name}, {curve.kind}{'' if curve.group == 'all' else f', {curve.group}'}")
                columns.append([_point(point.mean, point.n, point.undefined) for point in curve.points])
        head.append(f"{name}, predictions kept")
        columns.append([percent(float(share), 0) for share in each.kept.mean(axis=1)])
    sweep = mine[0][0].sweep
    rows = tuple((plain(value), *(column[index] for column in columns)) for index, value in enumerate(sweep.values))
    return Table(f"{title}: mean cosine with the clean map, strength in {sweep.unit}", tuple(head), rows)


def _point(mean: float, n: int, undefined: int) -> str:
    if not np.isfinite(mean):
        return "–"
    return f"{plain(mean, 2)}{f' ({undefined} of {n + undefined} undefined)' if undefined else ''}"
