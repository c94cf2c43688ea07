"""Lines against one axis or two: losses, rates and norms over steps and epochs, or any numbers over any others."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from robustmnist.page.axis import ticks
from robustmnist.page.svg import LETTER, Point, dots, line, picture, stroke, word
from robustmnist.wording.numbers import brief

__all__ = ["Axis", "Line", "line_chart", "thinned"]

WIDTH, HEIGHT = 372, 234  # px, as the other large panels of a page
TOP, BOTTOM, LEFT, RIGHT = 22, 38, 44, 12
MOST_DOTS = 40  # more points than these are drawn as a line alone

Scale = Callable[[float], float]


@dataclass(frozen=True)
class Line:
    """A line: the number of its hue, its points, whether the right axis counts, and whether it is drawn thin."""

    hue: int
    x: tuple[float, ...]
    y: tuple[float, ...]
    right: bool = False
    thin: bool = False


@dataclass(frozen=True)
class Axis:
    """A vertical axis: what it measures, whether logarithmic, and ends to keep to; None leaves them to the lines."""

    name: str
    log: bool = False
    low: float | None = None
    high: float | None = None


def line_chart(
    lines: Sequence[Line],
    axis: Axis,
    across: str,
    label: str,
    *,
    right: Axis | None = None,
    log_across: bool = False,
    whole: bool = False,
    upright: Sequence[float] = (),
) -> Markup:
    """Draw lines over one horizontal axis; values that are not finite, or not positive on a logarithm, are left out.

    Args:
        lines: From the back to the front.
        axis: The left axis.
        across: What the horizontal axis measures.
        label: What is shown, in words.
        right: A second vertical axis, for the lines that say ``right``.
        log_across: Whether the horizontal axis is logarithmic.
        whole: Whether only whole numbers are named along the horizontal axis.
        upright: Where thin upright lines stand.
    """
    end = WIDTH - (LEFT if right else RIGHT)
    base = HEIGHT - BOTTOM
    xs = [x for curve in lines for x in curve.x if math.isfinite(x) and (x > 0 or not log_across)]
    x, tick_values = _scale(Axis("", log_across), xs, LEFT, end, 6)
    tick_values = [tick for tick in tick_values if not whole or tick == round(tick)]
    heights: dict[bool, Scale] = {}
    parts: list[Markup] = []
    for at_right, scaled in ((False, axis), (True, right)):
        if scaled is None:
            continue
        values = [y for drawn in lines if drawn.right == at_right for y in drawn.y if _shown(y, scaled.log)]
        y, levels = _scale(scaled, values, base, TOP, 5)
        heights[at_right] = y
        edge, side = (end + 6, "") if at_right else (LEFT - 6, "end")
        if not at_right:
            parts.append(stroke((((LEFT, y(level)), (end, y(level))) for level in levels), "srule"))
        parts += [word(edge, y(level) + 4, brief(level), "tmuted", side) for level in levels]
        parts.append(word(end + LEFT if at_right else 0, 11, scaled.name, "", "end" if at_right else ""))
    parts.append(line([(LEFT, base), (end, base)], "smuted"))
    parts += [line([(x(at), TOP), (x(at), base)], "smuted") for at in upright]
    parts += [word(x(tick), base + 15, brief(tick), "tmuted", "middle") for tick in tick_values]
    parts.append(word((LEFT + end) / 2, HEIGHT - 6, across, "", "middle"))
    for curve in lines:
        log = (right if curve.right and right else axis).log
        y = heights[curve.right and right is not None]
        points: list[Point] = [
            (x(a), y(b)) for a, b in zip(curve.x, curve.y, strict=True) if math.isfinite(a) and _shown(b, log)
        ]
        if points:
            parts.append(line(points, f"s{curve.hue} {'th' if curve.thin else 'ln'}"))
        if points and len(points) <= MOST_DOTS and not curve.thin:
            parts.append(dots(points, f"s{curve.hue} dt"))
    return picture(WIDTH, HEIGHT, parts, label=label)


def thinned(x: Sequence[float], y: Sequence[float], most: int = 300) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return at most `most` points: the means of equal runs of neighbours, the last run perhaps shorter.

    >>> thinned([1, 2, 3, 4], [0, 2, 4, 6], 2)
    ((1.5, 3.5), (1.0, 5.0))
    """
    run = -(-len(x) // most) if x else 1
    starts = range(0, len(x), run)

    def means(values: Sequence[float]) -> tuple[float, ...]:
        return tuple(float(sum(values[at : at + run]) / len(values[at : at + run])) for at in starts)

    return means(x), means(y)


def _shown(value: float, log: bool) -> bool:
    return math.isfinite(value) and (value > 0 or not log)


def _scale(axis: Axis, values: Sequence[float], start: float, end: float, most: int) -> tuple[Scale, list[float]]:
    """Return the map from values to px, and the round values that are named along the axis."""
    low = min(values, default=0.0) if axis.low is None else axis.low
    high = max(values, default=1.0) if axis.high is None else axis.high
    if axis.log:
        low, high = (low, high) if 0 < low < high else (max(low, 1e-12) * 0.8, max(low, 1e-12) * 1.25)
        wide = math.log(high / low)
        return lambda value: start + math.log(max(value, 1e-300) / low) / wide * (end - start), _decades(
            low, high, min(most, int(abs(end - start) / (5 * LETTER)))
        )
    if not high > low:
        low, high = low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
    return lambda value: start + (value - low) / (high - low) * (end - start), ticks(low, high, most)


def _decades(low: float, high: float, most: int) -> list[float]:
    """Return round values of a logarithmic axis: 1, 2 and 5 times powers of ten where they fit, else fewer of them.

    Where not even two lie within the axis, they are evenly spaced.
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        values = [factor * 10.0**power for power in powers for factor in factors]
        kept = [value for value in values if low * 0.999 <= value <= high * 1.001]
        if len(kept) <= most:
            return kept if len(kept) > 1 else ticks(low, high, most)
    return kept[:: -(-len(kept) // most)]
