"""Differences between two checkpoints as a figure: a row per suite, its interval, and its sweeps as faint dots."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from robustmnist.page.axis import ticks
from robustmnist.page.svg import LETTER, dots, line, picture, stroke, word
from robustmnist.report.comparison.words import Difference
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import plain

__all__ = ["Side", "forest"]

WIDTH = 372  # px, as every panel of the page
PITCH, TOP, BOTTOM = 19, 24, 36
LONGEST = 18  # letters of a suite's name beside its row
MOST_LABEL = 16  # letters of a checkpoint's name over its side


@dataclass(frozen=True)
class Side:
    """A checkpoint and the number of its hue."""

    name: str
    hue: int


def forest(a: Side, b: Side, rows: Sequence[Difference], sweeps: Sequence[Sequence[float]], caption: str) -> Markup:
    """Draw the difference of areas, `b` minus `a`, of each suite with its 95 % interval; zero is the upright rule.

    A row takes the hue of the better checkpoint, and is grey where the two are not shown to differ.

    Args:
        a: The checkpoint that is better to the left of zero.
        b: The checkpoint that is better to the right.
        rows: A difference per suite.
        sweeps: Per suite the differences of its sweeps.
        caption: What is to be seen, for those who do not see it.
    """
    left = round(max(len(shorten(difference.suite, LONGEST)) for difference in rows) * LETTER) + 12
    right, bottom = WIDTH - 10, TOP + PITCH * len(rows)
    numbers = [
        0.0,
        *(number for difference in rows for number in (difference.low, difference.high)),
        *(n for row in sweeps for n in row),
    ]
    low, high = min(numbers), max(numbers)
    margin = 0.04 * ((high - low) or 1.0)
    low, high = low - margin, high + margin

    def x(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    tick_values = ticks(low, high, 6)
    parts = [
        stroke((((x(tick), TOP), (x(tick), bottom)) for tick in tick_values if tick), "srule"),
        line([(x(0), TOP - 4), (x(0), bottom)], "smuted"),
        *(word(x(tick), bottom + 14, plain(tick), "tmuted", "middle") for tick in tick_values),
        word((left + right) / 2, bottom + 31, "difference of area under the curve", "", "middle"),
    ]
    for sign, side, anchor in ((-1, a, "end"), (1, b, "")):
        text = shorten(side.name, MOST_LABEL)
        shown = f"← {text} better" if sign < 0 else f"{text} better →"
        # A side with no room for its words stays without: the words of the other side are enough.
        if len(shown) * LETTER <= (x(0) if sign < 0 else WIDTH - x(0)) - 6:
            parts.append(word(x(0) + 6 * sign, TOP - 10, shown, f"t{side.hue}", anchor))
    for row, (difference, those) in enumerate(zip(rows, sweeps, strict=True)):
        y = TOP + PITCH * (row + 0.5)
        colour = f"s{(b if difference.value > 0 else a).hue}" if difference.significant else "smuted"
        parts += [
            dots(((x(that), y) for that in those) if len(those) > 1 else (), f"{colour} mote"),
            line([(x(difference.low), y), (x(difference.high), y)], f"{colour} reach"),
            dots([(x(difference.value), y)], f"{colour} knob"),
            word(left - 10, y + 4, shorten(difference.suite, LONGEST), "", "end"),
        ]
    label = f"Difference of the area under the curve, {b.name} minus {a.name}, per suite. {caption}"
    return picture(WIDTH, bottom + BOTTOM, parts, label=label)
