"""The page of maps followed over a sweep."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from robustmnist.explanation.curves.followed import Followed
from robustmnist.explanation.curves.half_life import HalfLife, Pair
from robustmnist.explanation.curves.rows import Curve
from robustmnist.explanation.output.curve_chart import Line, Panel, panel_chart
from robustmnist.explanation.output.curve_words import HOW, at, half_life_sentence, pair_sentence, title_of
from robustmnist.page.colours import hue
from robustmnist.page.records import Answer, Fact, Key, Table
from robustmnist.page.template import fill, style
from robustmnist.system.installation import __version__, versions
from robustmnist.wording.characters import printable, shorten
from robustmnist.wording.numbers import percent, plain

if TYPE_CHECKING:
    from robustmnist.data import Dataset

__all__ = ["CHARTS", "method_section", "render_curves"]

NAME = 32  # letters of a checkpoint's name
# Charts stand closer to their titles than sections of text do.
CHARTS = ".small h3{margin:.6rem 0 .1rem;font-size:.875rem}.small{margin-bottom:.6rem}details .scroll{margin-top:.6rem}"


@dataclass(frozen=True)
class _Chart:
    title: str
    figure: Markup


@dataclass(frozen=True)
class MethodSection:
    """What the page shows of one method."""

    title: str
    answers: tuple[Answer, ...]
    pairs: tuple[str, ...]
    charts: tuple[_Chart, ...]
    table: Table
    numbers: Table


@dataclass(frozen=True)
class _Page:
    title: str
    generator: str
    meta: tuple[tuple[str, str], ...]
    keys: tuple[Key, ...]
    how: str
    sections: tuple[MethodSection, ...]
    facts: tuple[Fact, ...]
    command: str


def render_curves(
    followed: Sequence[Followed],
    curves: Sequence[Sequence[Curve]],
    half: Sequence[HalfLife],
    pairs: Sequence[Pair],
    data: "Dataset",
    *,
    command: str,
    seed: int,
) -> str:
    """Return the page as HTML; the same numbers give the same bytes."""
    names = list(dict.fromkeys(one.checkpoint for one in followed))
    sweep, origin = followed[0].sweep, data.provenance
    digits = printable(f"{origin.name} {origin.part}, {origin.choice or f'{origin.n:,} digits'}")
    page = _Page(
        title="Does the explanation break before the prediction?",
        generator=f"robustmnist {__version__}",
        meta=(("sweep", printable(f"{followed[0].suite}: {sweep.title}")), ("digits", digits)),
        keys=tuple(Key(hue(index), shorten(name, NAME)) for index, name in enumerate(names)),
        how=HOW,
        sections=tuple(
            method_section(method, names, followed, curves, half, pairs)
            for method in dict.fromkeys(one.method for one in followed)
        ),
        facts=(
            Fact("data", digits),
            *(
                Fact(f"sha256 of {shorten(name, NAME)}", value, code=True)
                for name, value in sorted(origin.sha256.items())
            ),
            Fact("perturbation", sweep.perturbation),
            Fact("seed", str(seed)),
            Fact("versions", ", ".join(f"{name} {value}" for name, value in versions("numpy", "torch").items())),
        ),
        command=command,
    )
    return fill("curves.html.jinja", page, package="robustmnist.explanation.output", sheet=f"{style()}\n{CHARTS}")


def method_section(
    method: str,
    names: Sequence[str],
    followed: Sequence[Followed],
    curves: Sequence[Sequence[Curve]],
    half: Sequence[HalfLife],
    pairs: Sequence[Pair],
) -> MethodSection:
    """Return what the page shows of one method: answers, charts and tables."""
    mine = [(one, found) for one, found in zip(followed, curves, strict=True) if one.method == method]
    rows = [row for row in half if row.method == method]
    title, sweep = title_of(method), mine[0][0].sweep
    sides = len({row.side for row in rows}) > 1
    kind = mine[0][0].best_kind
    kinds = [(kind, "all"), *([("raw", "all")] if kind != "raw" else []), (kind, "kept"), (kind, "flipped")]
    words = {
        (kind, "all"): "Turned back" if kind == "aligned" else "Pixel by pixel",
        ("raw", "all"): "Pixel by pixel",
        (kind, "kept"): "Where the prediction stays",
        (kind, "flipped"): "Where the prediction flips",
    }
    charts = [_similarity(method, mine, names, key, words[key]) for key in kinds]
    head = (
        "checkpoint",
        *(["side"] if sides else []),
        "maps broken at",
        "digits misread at",
        "map first",
        "floor",
        "n",
        "undefined",
    )
    table = Table(
        f"{title}: medians over digits, with 95 % intervals",
        head,
        tuple(
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
        ),
    )
    return MethodSection(
        title,
        tuple(
            Answer(
                Key(hue(names.index(row.checkpoint)), shorten(row.checkpoint, NAME)),
                f"{f'{row.side} neutral, ' if sides else ''}{half_life_sentence(row)}",
            )
            for row in rows
        ),
        tuple(
            f"{f'{pair.side.capitalize()} neutral: ' if sides else ''}{pair_sentence(pair)}"
            for pair in pairs
            if pair.method == method
        ),
        (*charts, _kept(mine, names)),
        table,
        _numbers(title, mine, sweep.unit),
    )


def _similarity(
    method: str,
    mine: Sequence[tuple[Followed, Sequence[Curve]]],
    names: Sequence[str],
    key: tuple[str, str],
    title: str,
) -> _Chart:
    lines = []
    for one, found in mine:
        index = names.index(one.checkpoint)
        for curve in found:
            if curve.similarity != "cosine":
                continue
            means, lows, highs = (
                tuple(getattr(point, end) for point in curve.points) for end in ("mean", "low", "high")
            )
            if (curve.kind, curve.group) == key:
                lines.append(Line(index, means, lows, highs))
            elif curve.kind == "floor":
                lines.append(Line(index, means, thin=True))
    sweep = mine[0][0].sweep
    label = f"{title_of(method)}, {title.lower()}: cosine with the clean map over {sweep.title.lower()}, by checkpoint"
    axis = f"{sweep.parameter}, {sweep.unit}" if sweep.unit != sweep.parameter else sweep.parameter
    return _Chart(title, panel_chart(Panel(sweep.values, printable(axis), tuple(lines), printable(label))))


def _kept(mine: Sequence[tuple[Followed, Sequence[Curve]]], names: Sequence[str]) -> _Chart:
    lines = tuple(
        Line(names.index(one.checkpoint), tuple(float(share) for share in one.kept.mean(axis=1))) for one, _ in mine
    )
    sweep = mine[0][0].sweep
    axis = f"{sweep.parameter}, {sweep.unit}" if sweep.unit != sweep.parameter else sweep.parameter
    label = f"Share of predictions that stay over {sweep.title.lower()}, by checkpoint"
    return _Chart(
        "Share of predictions that stay", panel_chart(Panel(sweep.values, printable(axis), lines, printable(label)))
    )


def _numbers(title: str, mine: Sequence[tuple[Followed, Sequence[Curve]]], unit: str) -> Table:
    head = ["strength"]
    columns: list[list[str]] = []
    for one, found in mine:
        name = shorten(one.checkpoint, NAME)
        for curve in found:
            if curve.similarity == "cosine" and (curve.kind, curve.group) in (
                ("floor", "all"),
                ("raw", "all"),
                ("aligned", "all"),
                ("control", "all"),
                ("aligned", "kept"),
                ("aligned", "flipped"),
            ):
                head.append(f"{name}, {curve.kind}{'' if curve.group == 'all' else f', {curve.group}'}")
                columns.append([_point(point.mean, point.n, point.undefined) for point in curve.points])
        head.append(f"{name}, predictions kept")
        columns.append([percent(float(share), 0) for share in one.kept.mean(axis=1)])
    values = mine[0][0].sweep.values
    rows = tuple((plain(value), *(column[index] for column in columns)) for index, value in enumerate(values))
    return Table(f"{title}: mean cosine with the clean map, strength in {unit}", tuple(head), rows)


def _point(mean: float, n: int, undefined: int) -> str:
    if not np.isfinite(mean):
        return "–"
    return f"{plain(mean, 2)}{f' ({undefined} of {n + undefined} undefined)' if undefined else ''}"
