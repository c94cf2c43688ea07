"""The figures of the report, drawn with matplotlib: accuracy against strength, and accuracy per class.

Every panel has the same size and the same accuracy axis, 0 to 100 %, so that any two can be compared by eye.
"""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from robustmnist.report.colours import hue
from robustmnist.report.svg import INK, MUTED, PAPER, RULE, drawing, inline_svg, series
from robustmnist.report.text import plain, shorten

__all__ = ["THRESHOLD", "ClassDots", "Curve", "Panel", "class_chart", "curve_chart", "spread"]

THRESHOLD = 0.9  # the accuracy whose crossing the whole report speaks of
WIDTH, HEIGHT = 372.0, 234.0  # of a panel, in px of the page; three fit side by side
LEFT, TOP, BOTTOM = 54.0, 20.0, 38.0
SIZE = 11.0  # of all text, px
TICKS = -15 / (HEIGHT - TOP - BOTTOM)  # where the strengths stand under the axis
LETTER = 6.1  # mean width of a letter of that size in the usual sans-serifs, px
LINE = 12.0  # least distance of two labels, px
LONGEST = 18  # letters of a checkpoint's name beside its curve
MOST_LABELS = 12  # more do not fit beside a panel; the key at the head of the section names them all


@dataclass(frozen=True)
class Curve:
    """One checkpoint's accuracies along a sweep, with their intervals, in the order of the sweep's values."""

    index: int
    name: str
    accuracy: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Panel:
    """What `curve_chart` draws: the strengths, where the axis ends, what it is called, and the curves."""

    values: tuple[float, ...]
    neutral: float
    limits: tuple[float, float]
    axis: str
    curves: tuple[Curve, ...]
    label: str


@dataclass(frozen=True)
class ClassDots:
    """One checkpoint's accuracy on each class, perturbed with interval and clean."""

    index: int
    name: str
    accuracy: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    clean: tuple[float, ...]


def curve_chart(panel: Panel) -> Markup:
    """Draw accuracy against strength for all checkpoints: bands, curves, a dot per setting, names at the ends."""
    names = [shorten(curve.name, LONGEST) for curve in panel.curves]
    labelled = len(names) <= MOST_LABELS
    right = max(map(_width, names)) + 16 if labelled else 10.0
    words = {"@x": panel.axis, **{f"@{i}": name for i, name in enumerate(names)}}
    with drawing():
        figure, axes = _axes(right)
        low, high = panel.limits
        axes.set_xlim(low, high)
        axes.plot([panel.neutral] * 2, [0, 1], color=RULE, linewidth=1, clip_on=False, zorder=1)
        side = "left" if panel.neutral == low else "right" if panel.neutral == high else "center"
        _write(axes, (panel.neutral - low) / (high - low), 1 + 10 / (HEIGHT - TOP - BOTTOM), "clean", MUTED, side)
        for curve in panel.curves:
            colour = series(hue(curve.index))
            around = [*curve.low, *reversed(curve.high)]
            axes.fill([*panel.values, *reversed(panel.values)], around, color=colour, alpha=0.2, lw=0, clip_on=False)
        for curve in panel.curves:
            colour = series(hue(curve.index))
            axes.plot(panel.values, curve.accuracy, color=colour, linewidth=1.7, clip_on=False)
            _dots(axes, panel.values, curve.accuracy, colour, 3.6)
        _values(axes, panel.values, panel.neutral, low, high)
        if labelled:
            _name_ends(axes, panel, right)
        return inline_svg(figure, label=panel.label, words=words)


def class_chart(dots: Sequence[ClassDots], label: str) -> Markup:
    """Draw accuracy per true class: a dot with its interval per checkpoint, its clean accuracy as a ring."""
    words = {"@x": "true class"}
    with drawing():
        figure, axes = _axes(10.0)
        axes.set_xlim(-0.5, 9.5)
        for digit in range(10):
            _write(axes, (digit + 0.5) / 10, TICKS, str(digit), MUTED, "center")
        step = min(0.22, 0.7 / len(dots))
        for place, one in enumerate(dots):
            colour = series(hue(one.index))
            across = [digit + (place - (len(dots) - 1) / 2) * step for digit in range(10)]
            _strokes(axes, ((x, x, a, b) for x, a, b in zip(across, one.low, one.high, strict=True)), colour)
            _dots(axes, across, one.clean, colour, 5.4)
            _dots(axes, across, one.clean, PAPER, 3.0)
            _dots(axes, across, one.accuracy, colour, 5.4)
        return inline_svg(figure, label=label, words=words)


def spread(heights: Sequence[float], distance: float, low: float, high: float) -> list[float]:
    """Return places for labels as near to `heights` as can be, at least `distance` apart, within low to high.

    Labels that would overlap form a block around their mean height, in the order of their heights. Where there is no
    room for all, the distance shrinks.

    >>> spread([10.0, 11.0, 50.0], 10, 0, 100)
    [5.5, 15.5, 50.0]
    """
    if not heights:
        return []
    distance = min(distance, (high - low) / max(len(heights) - 1, 1))
    order = sorted(range(len(heights)), key=lambda i: (heights[i], i))
    blocks: list[list[float]] = []  # [start, labels]

    def start(mean: float, labels: float) -> float:
        length = (labels - 1) * distance
        return min(max(mean - length / 2, low), high - length)

    means: list[float] = []
    for i in order:
        blocks.append([start(heights[i], 1), 1])
        means.append(heights[i])
        while len(blocks) > 1 and blocks[-1][0] < blocks[-2][0] + blocks[-2][1] * distance - 1e-9:
            size = blocks[-1][1] + blocks[-2][1]
            mean = (means[-1] * blocks[-1][1] + means[-2] * blocks[-2][1]) / size
            blocks[-2:], means[-2:] = [[start(mean, size), size]], [mean]
    places = [first + k * distance for first, size in blocks for k in range(int(size))]
    return [place for _, place in sorted(zip(order, places, strict=True))]


def _axes(right: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72))
    figure.patch.set_visible(False)
    width, height = WIDTH - LEFT - right, HEIGHT - TOP - BOTTOM
    axes = figure.add_axes((LEFT / WIDTH, BOTTOM / HEIGHT, width / WIDTH, height / HEIGHT))
    # Matplotlib's own axes cost more than all the rest of a panel: the few rules and words are drawn here instead.
    axes.set_axis_off()
    axes.set_ylim(0, 1)
    for share, text in ((0, "0"), (0.25, "25"), (0.5, "50"), (0.75, "75"), (THRESHOLD, "90"), (1, "100 %")):
        _write(axes, -5 / width, share - 3.8 / height, text, INK if share == THRESHOLD else MUTED, "right")
        if share == THRESHOLD:
            axes.axhline(share, color=MUTED, linewidth=0.9, dashes=(4, 3), clip_on=False, zorder=0.7)
        else:
            axes.axhline(share, color=RULE if share else MUTED, linewidth=0.8, clip_on=False, zorder=0.5)
    _write(axes, -5 / width, 1 + 10 / height, "accuracy", MUTED, "right")
    _write(axes, 0.5, -(BOTTOM - 6) / height, "@x", INK, "center")
    return figure, axes


def _write(axes: Axes, x: float, y: float, text: str, colour: str, align: str) -> None:
    """Write `text` with its base line at a place told in shares of the axes."""
    axes.text(x, y, text, color=colour, ha=align, va="baseline", fontsize=SIZE, transform=axes.transAxes)


def _values(axes: Axes, values: Sequence[float], neutral: float, low: float, high: float) -> None:
    # Ticks stand at strengths that were run: the ends, the neutral one, and as many between as have room.
    width = axes.get_position().width * WIDTH
    room = max(_width(plain(value)) for value in values) + 8
    kept: list[float] = []
    for value in (values[0], values[-1], neutral, *_even(values, neutral, room * (high - low) / width), *values):
        if all(abs(value - other) / (high - low) * width >= room for other in kept):
            kept.append(value)
    for value in sorted(kept):
        _write(axes, (value - low) / (high - low), TICKS, plain(value), MUTED, "center")


def _even(values: Sequence[float], neutral: float, distance: float) -> Sequence[float]:
    # Every k-th value with the smallest k that keeps them apart and lands on neutral and on both ends.
    middle, last = values.index(neutral), len(values) - 1
    for step in range(1, len(values)):
        chosen = values[::step]
        apart = all(b - a >= distance for a, b in pairwise(chosen))
        if apart and middle % step == 0 and last % step == 0:
            return chosen
    return ()


def _name_ends(axes: Axes, panel: Panel, right: float) -> None:
    height, width = HEIGHT - TOP - BOTTOM, axes.get_position().width * WIDTH
    last = max(range(len(panel.values)), key=lambda i: panel.values[i])
    ends = [curve.accuracy[last] * height for curve in panel.curves]
    low, high = panel.limits
    x = (panel.values[last] - low) / (high - low) * width
    for i, (end, place) in enumerate(zip(ends, spread(ends, LINE, 2.0, height), strict=True)):
        colour = series(hue(panel.curves[i].index))
        if abs(place - end) > 3 or x < width:  # away from its curve: a leader says which one it is
            line = [(x + 3) / width, 1 + 10 / width], [end / height, place / height]
            axes.plot(*line, color=colour, linewidth=0.6, transform=axes.transAxes, clip_on=False)
        _write(axes, 1 + 12 / width, (place - 3.8) / height, f"@{i}", colour, "left")


def _dots(axes: Axes, xs: Sequence[float], ys: Sequence[float], colour: str, size: float) -> None:
    # Strokes of no length with round ends: one path for all dots, a tenth of the bytes of matplotlib's markers.
    _strokes(axes, ((x, x, y, y) for x, y in zip(xs, ys, strict=True)), colour, size, "round")


def _strokes(
    axes: Axes,
    strokes: Iterable[tuple[float, float, float, float]],
    colour: str,
    size: float = 1.0,
    cap: Literal["butt", "round"] = "butt",
) -> None:
    xs, ys = [], []
    for x0, x1, y0, y1 in strokes:
        xs += [x0, x1, math.nan]
        ys += [y0, y1, math.nan]
    axes.plot(xs, ys, color=colour, linewidth=size, solid_capstyle=cap, clip_on=False)


def _width(text: str) -> float:
    return LETTER * sum(2 if unicodedata.east_asian_width(c) in "FW" else 1 for c in text)
