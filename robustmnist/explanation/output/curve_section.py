"""What the page of curves shows of one method: answers, charts, tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from robustmnist.explanation.curves.followed import Followed
from robustmnist.explanation.curves.half_life import HalfLife, Pair
from robustmnist.explanation.curves.rows import Curve
from robustmnist.explanation.output.curve_chart import Line, Panel, panel_chart
from robustmnist.explanation.output.curve_tables import median_table, number_table
from robustmnist.explanation.output.curve_words import NAME, half_life_sentence, pair_sentence, title_of
from robustmnist.page.colours import hue
from robustmnist.page.records import Answer, Key, Table
from robustmnist.wording.characters import printable, shorten

if TYPE_CHECKING:
    from robustmnist.suites import Sweep

__all__ = ["MethodSection", "method_section"]

Mine = Sequence[tuple[Followed, Sequence[Curve]]]  # what was followed by one method, with its curves


@dataclass(frozen=True)
class Chart:
    """A chart with its title."""

    title: str
    figure: Markup


@dataclass(frozen=True)
class MethodSection:
    """What the page shows of one method."""

    title: str
    answers: tuple[Answer, ...]
    pairs: tuple[str, ...]
    charts: tuple[Chart, ...]
    table: Table
    numbers: Table


def method_section(
    method: str,
    names: Sequence[str],
    followed: Sequence[Followed],
    curves: Sequence[Sequence[Curve]],
    half: Sequence[HalfLife],
    pairs: Sequence[Pair],
) -> MethodSection:
    """Return what the page shows of one method.

    Args:
        method: A key of the registry of methods.
        names: The checkpoints in the order of their hues.
        followed: What was followed, of all methods.
        curves: The curves of each of these.
        half: Where maps break and digits are misread, of all methods.
        pairs: Checkpoints compared, of all methods.
    """
    mine = [(each, its) for each, its in zip(followed, curves, strict=True) if each.method == method]
    rows = [row for row in half if row.method == method]
    title, kind = title_of(method), mine[0][0].best_kind
    sides = len({row.side for row in rows}) > 1
    turned = [("aligned", "all", "Turned back")] if kind == "aligned" else []
    kinds = [
        *(*turned, ("raw", "all", "Pixel by pixel")),
        *((kind, "kept", "Where the prediction stays"), (kind, "flipped", "Where the prediction flips")),
    ]
    answers = tuple(
        Answer(
            Key(hue(names.index(row.checkpoint)), shorten(row.checkpoint, NAME)),
            f"{f'{row.side} neutral, ' if sides else ''}{half_life_sentence(row)}",
        )
        for row in rows
    )
    sentences = tuple(
        f"{f'{pair.side.capitalize()} neutral: ' if sides else ''}{pair_sentence(pair)}"
        for pair in pairs
        if pair.method == method
    )
    charts = (*(_similarity(title, mine, names, *key) for key in kinds), _kept(mine, names))
    return MethodSection(title, answers, sentences, charts, median_table(title, rows), number_table(title, mine))


def _similarity(
    method: str,
    mine: Sequence[tuple[Followed, Sequence[Curve]]],
    names: Sequence[str],
    kind: str,
    group: str,
    title: str,
) -> Chart:
    lines = []
    for each, curves in mine:
        index = names.index(each.checkpoint)
        for curve in curves:
            if curve.similarity != "cosine":
                continue
            means, lows, highs = (
                tuple(getattr(point, end) for point in curve.points) for end in ("mean", "low", "high")
            )
            if (curve.kind, curve.group) == (kind, group):
                lines.append(Line(index, means, lows, highs))
            elif curve.kind == "floor":
                lines.append(Line(index, means, thin=True))
    sweep = mine[0][0].sweep
    label = f"{method}, {title.lower()}: cosine with the clean map over {sweep.title.lower()}, by checkpoint"
    return Chart(title, panel_chart(Panel(sweep.values, _axis(sweep), tuple(lines), printable(label))))


def _kept(mine: Mine, names: Sequence[str]) -> Chart:
    lines = tuple(
        Line(names.index(each.checkpoint), tuple(float(share) for share in each.kept.mean(axis=1))) for each, _ in mine
    )
    sweep, title = mine[0][0].sweep, "Share of predictions that stay"
    label = f"{title} over {sweep.title.lower()}, by checkpoint"
    return Chart(title, panel_chart(Panel(sweep.values, _axis(sweep), lines, printable(label))))


def _axis(sweep: "Sweep") -> str:
    return printable(f"{sweep.parameter}, {sweep.unit}" if sweep.unit != sweep.parameter else sweep.parameter)
