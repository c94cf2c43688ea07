"""Numbers with their intervals as dots and whiskers, a row for each thing and a hue for each checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from robustmnist.page.axis import ticks
from robustmnist.page.svg import LETTER, dots, line, picture, stroke, width, word
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import plain

__all__ = ["Dot", "Row", "dot_plot"]

WIDTH = 372  # px, as every panel of the page
STEP, GAP, TOP, BOTTOM = 9, 12, 8, 36  # px: between two dots of a row, between two rows, above and below
LONGEST = 22  # letters of a row's name


@dataclass(frozen=True)
class Dot:
    """A number with its interval and the hue of its checkpoint."""

    hue: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """What the dots are about, in a word or two."""

    name: str
    dots: tuple[Dot, ...]


def dot_plot(rows: Sequence[Row], axis: str, label: str, *, zero: bool = False) -> Markup:
    """Draw the dots of each row one under the other, with their intervals.

    Args:
        rows: From above.
        axis: What is counted, with its unit.
        label: What is shown, for those who do not see it.
        zero: Whether 0 is marked by an upright rule and always in sight.
    """
    left = round(max(width(shorten(row.name, LONGEST)) for row in rows)) + 12
    numbers = [n for row in rows for dot in row.dots for n in (dot.low, dot.high)] + ([0.0] if zero else [])
    low, high = min(numbers), max(numbers)
    margin = 0.04 * ((high - low) or 1.0)
    low, high, right = low - margin, high + margin, WIDTH - 12

    def x(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    heights = [max(len(row.dots), 1) * STEP + GAP for row in rows]
    bottom = TOP + sum(heights)
    tick_values = ticks(low, high, 6)
    parts = [
        stroke((((x(tick), TOP), (x(tick), bottom)) for tick in tick_values), "srule"),
        *(word(x(tick), bottom + 14, plain(tick), "tmuted", "middle") for tick in tick_values),
        word(min((left + right) / 2, WIDTH - len(axis) * LETTER / 2), bottom + 31, axis, "", "middle"),
    ]
    if zero:
        parts.append(line([(x(0), TOP), (x(0), bottom)], "smuted"))
    y = float(TOP)
    for row, height in zip(rows, heights, strict=True):
        parts.append(word(left - 10, y + height / 2 + 4, shorten(row.name, LONGEST), "", "end"))
        for index, dot in enumerate(row.dots):
            at = y + GAP / 2 + (index + 0.5) * STEP
            parts.append(line([(x(dot.low), at), (x(dot.high), at)], f"s{dot.hue} reach"))
            parts.append(dots([(x(dot.value), at)], f"s{dot.hue} knob"))
        y += height
    return picture(WIDTH, bottom + BOTTOM, parts, label=label)
