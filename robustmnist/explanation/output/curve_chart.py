"""Similarity against strength: the maps of each checkpoint over a sweep, its floor, and how many predictions stay."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from robustmnist.page.axis import ticks
from robustmnist.page.colours import hue
from robustmnist.page.svg import Point, area, dots, line, picture, stroke, word
from robustmnist.wording.numbers import brief

__all__ = ["Line", "Panel", "panel_chart"]

WIDTH, HEIGHT = 320, 178  # px
LEFT, RIGHT, TOP, BOTTOM = 34, 10, 12, 34
WIDE, TALL = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
TICKS = 7  # along the strengths at most


@dataclass(frozen=True)
class Line:
    """One curve.

    Attributes:
        index: Of the checkpoint, which decides the hue.
        mean: A value per strength; NaN where there is none.
        low: Lower end of the band; empty for a line without one.
        high: Upper end.
        thin: Whether it is drawn thin and without dots: a floor or a control.
    """

    index: int
    mean: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    thin: bool = False


@dataclass(frozen=True)
class Panel:
    """A chart: strengths, their axis in words, the lines, and what the chart shows for those who do not see it."""

    values: tuple[float, ...]
    axis: str
    lines: tuple[Line, ...]
    label: str
    lowest: float = 0.0


def panel_chart(panel: Panel) -> Markup:
    """Draw the lines over the strengths, 1 at the top."""
    low, high = panel.values[0], panel.values[-1]

    def x(value: float) -> float:
        return LEFT + (value - low) / (high - low) * WIDE

    def y(share: float) -> float:
        return TOP + (1 - max(share, panel.lowest)) / (1 - panel.lowest) * TALL

    def points(shares: Sequence[float]) -> list[Point]:
        pairs = zip(panel.values, shares, strict=True)
        return [(x(value), y(share)) for value, share in pairs if share == share]

    levels = [level for level in (-0.5, 0.0, 0.5, 1.0) if level >= panel.lowest]
    parts = [stroke((((LEFT, y(level)), (LEFT + WIDE, y(level))) for level in levels), "srule")]
    for curve in panel.lines:
        if curve.low:
            parts.append(area([*points(curve.low), *reversed(points(curve.high))], f"f{hue(curve.index)} bd"))
    for curve in panel.lines:
        name = f"s{hue(curve.index)}"
        parts.append(line(points(curve.mean), name if curve.thin else f"{name} ln"))
        if not curve.thin:
            parts.append(dots(points(curve.mean), f"{name} dt"))
    parts += [word(LEFT - 4, y(level) + 3.8, brief(level), "tmuted", "end") for level in levels]
    parts += [word(x(value), TOP + TALL + 13, brief(value), "tmuted", "middle") for value in ticks(low, high, TICKS)]
    parts.append(word(LEFT + WIDE / 2, HEIGHT - 4, panel.axis, "", "middle"))
    return picture(WIDTH, HEIGHT, parts, label=panel.label)
