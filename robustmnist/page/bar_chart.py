"""Bars side by side: counts of classes, histograms, one or more series in hues of their own."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from robustmnist.page.axis import ticks
from robustmnist.page.svg import Point, line, picture, rectangle, stroke, word
from robustmnist.wording.numbers import brief

__all__ = ["Bars", "Histogram", "bar_chart", "histogram_chart"]

WIDTH, HEIGHT = 372, 200  # px
TOP, BOTTOM, LEFT, RIGHT = 22, 38, 44, 10
GAP = 0.25  # share of a group that stays empty


@dataclass(frozen=True)
class Bars:
    """A series of bars: the number of its hue and the heights, one per group."""

    hue: int
    heights: tuple[float, ...]


@dataclass(frozen=True)
class Histogram:
    """A histogram as an outline: the number of its hue and the share in every bin."""

    hue: int
    shares: tuple[float, ...]


def bar_chart(series: Sequence[Bars], groups: Sequence[str], axis: str, across: str, label: str) -> Markup:
    """Draw a group of bars for each name, from 0 up.

    Args:
        series: One bar of each stands in every group.
        groups: The names of the groups, under them.
        axis: What the heights are.
        across: What the groups are.
        label: What is shown, in words.
    """
    top = max((height for bars in series for height in bars.heights), default=0.0) or 1.0
    base, end = HEIGHT - BOTTOM, WIDTH - RIGHT
    group = (end - LEFT) / max(len(groups), 1)
    wide = group * (1 - GAP) / max(len(series), 1)
    parts = _frame(top, axis, across, end)
    for at, bars in enumerate(series):
        for column, height in enumerate(bars.heights):
            tall = height / top * (base - TOP)
            x = LEFT + column * group + group * GAP / 2 + at * wide
            if tall > 0:
                parts.append(rectangle(x, base - tall, wide, tall, f"f{bars.hue}"))
    parts += [word(LEFT + (at + 0.5) * group, base + 15, name, "tmuted", "middle") for at, name in enumerate(groups)]
    return picture(WIDTH, HEIGHT, parts, label=label)


def histogram_chart(
    series: Sequence[Histogram],
    ends: tuple[float, float],
    axis: str,
    across: str,
    label: str,
    *,
    band: tuple[float, float] | None = None,
) -> Markup:
    """Draw histograms over each other as outlines.

    Args:
        series: With as many bins each.
        ends: Where the first bin starts and the last ends.
        axis: What the heights are.
        across: What is counted, with its unit.
        label: What is shown, in words.
        band: A range that is tinted.
    """
    low, high = ends
    top = max((share for bars in series for share in bars.shares), default=0.0) or 1.0
    base, end = HEIGHT - BOTTOM, WIDTH - RIGHT

    def x(value: float) -> float:
        return LEFT + (value - low) / (high - low) * (end - LEFT)

    parts: list[Markup] = []
    if band is not None:
        first, last = (x(min(max(value, low), high)) for value in band)
        parts.append(rectangle(first, TOP, last - first, base - TOP, "fband"))
    parts += _frame(top, axis, across, end)
    for bars in series:
        step = (high - low) / len(bars.shares)
        outline: list[Point] = [(LEFT, base)]
        for at, share in enumerate(bars.shares):
            y = base - share / top * (base - TOP)
            outline += [(x(low + at * step), y), (x(low + (at + 1) * step), y)]
        parts.append(line([*outline, (end, base)], f"s{bars.hue} ln"))
    parts += [word(x(tick), base + 15, brief(tick), "tmuted", "middle") for tick in ticks(low, high, 6)]
    return picture(WIDTH, HEIGHT, parts, label=label)


def _frame(top: float, axis: str, across: str, end: float) -> list[Markup]:
    base = HEIGHT - BOTTOM

    def y(value: float) -> float:
        return base - value / top * (base - TOP)

    values = ticks(0.0, top, 5)
    return [
        stroke((((LEFT, y(tick)), (end, y(tick))) for tick in values if tick), "srule"),
        line([(LEFT, base), (end, base)], "smuted"),
        *(word(LEFT - 6, y(tick) + 4, brief(tick), "tmuted", "end") for tick in values),
        word(0, 11, axis),
        word((LEFT + end) / 2, HEIGHT - 6, across, "", "middle"),
    ]
