"""Accuracy against strength, one panel per sweep.

Every panel of a page has the same size and the same accuracy axis, 0 to 100 %, so that any two can be compared by eye.
The only sweep of a page gets a large one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from robustmnist.overview.tolerance import Curve
from robustmnist.page.axis import spread
from robustmnist.page.colours import hue
from robustmnist.page.svg import Point, area, dots, line, picture, rectangle, stroke, width, word
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import brief

__all__ = ["Panel", "Ring", "curve_chart"]


SMALL, LARGE = (264, 146), (720, 380)  # width and height of a panel, px; four small ones fit side by side
LEFT, TOP, BOTTOM = 38, 12, 34
TICK = 13.0  # from the axis down to the base line of its numbers, px
LINE = 11.5  # least distance of two labels, px
LONGEST = 13  # letters of a checkpoint's name beside its curve
MOST_LABELS = 8  # more do not fit beside a panel; the key at the head of the section names them all


@dataclass(frozen=True)
class Ring:
    """A point of a curve that matters, and the interval of its strength, cut off at the end of the sweep."""

    index: int
    at: float
    share: float
    near: float
    far: float


@dataclass(frozen=True)
class Panel:
    """What `curve_chart` draws.

    Attributes:
        values: The strengths.
        neutral: The strength of the unperturbed digit.
        limits: Where the axis starts and ends.
        axis: What the strengths are, with their unit.
        curves: One for each checkpoint.
        label: What the panel shows, in words.
        rings: Where the checkpoints have lost a tenth.
        natural: The range that is tinted, or None.
        large: Whether it stands alone on its page.
    """

    values: tuple[float, ...]
    neutral: float
    limits: tuple[float, float]
    axis: str
    curves: tuple[Curve, ...]
    label: str
    rings: tuple[Ring, ...] = ()
    natural: tuple[float, float] | None = None
    large: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, px."""
        return LARGE if self.large else SMALL

    def y(self, share: float) -> float:
        """Return the height of a share: 1 at the top, 0 on the axis."""
        return TOP + (1 - share) * (self.foot - TOP)

    @property
    def foot(self) -> float:
        """Where the axis of strengths lies."""
        return self.size[1] - BOTTOM


def curve_chart(panel: Panel) -> Markup:
    """Draw accuracy against strength for all checkpoints: bands, curves, a dot per setting, names at the ends."""
    names = [shorten(curve.name, LONGEST) for curve in panel.curves]
    labelled = 0 < len(names) <= MOST_LABELS
    wide, tall = panel.size
    right = wide - (max(map(width, names)) + 14 if labelled else 8)
    low, high = panel.limits
    y, foot = panel.y, panel.foot

    def x(value: float) -> float:
        return LEFT + (value - low) / (high - low) * (right - LEFT)

    def points(shares: Sequence[float]) -> list[Point]:
        return [(x(value), y(share)) for value, share in zip(panel.values, shares, strict=True)]

    parts = []
    if panel.natural is not None:
        start, end = (x(min(max(value, low), high)) for value in panel.natural)
        parts.append(rectangle(start, TOP, end - start, foot - TOP, "fband"))
    parts += [
        stroke((((LEFT, y(share)), (right, y(share))) for share in (0.5, 1.0)), "srule"),
        line([(x(panel.neutral), TOP), (x(panel.neutral), foot)], "srule"),
        line([(LEFT, y(0)), (right, y(0))], "smuted"),
    ]
    for other in panel.curves:
        parts.append(area([*points(other.low), *reversed(points(other.high))], f"f{hue(other.index)} bd"))
    for other in panel.curves:
        parts.append(line(points(other.accuracy), f"s{hue(other.index)} ln"))
        parts.append(dots(points(other.accuracy), f"s{hue(other.index)} dt"))
    for ring in panel.rings:
        level, centre = y(ring.share), [(x(ring.at), y(ring.share))]
        parts.append(line([(x(ring.near), level), (x(ring.far), level)], f"s{hue(ring.index)}"))
        parts += [dots(centre, f"s{hue(ring.index)} rg"), dots(centre, "spaper ri")]
    for share, text in ((1, "100 %"), (0.5, "50"), (0, "0")):
        parts.append(word(LEFT - 4, y(share) + 3.8, text, "tmuted", "end"))
    for value in _ticks(panel, right):
        parts.append(word(x(value), foot + TICK, brief(value), "tmuted", "middle"))
    parts.append(word((LEFT + right) / 2, tall - 5, panel.axis, "", "middle"))
    if labelled:
        parts += _name_ends(panel, names, x)
    return picture(wide, tall, parts, label=panel.label)


def _ticks(panel: Panel, right: float) -> list[float]:
    # Ticks stand at strengths that were run: the ends, the neutral strength, and as many between as have room.
    (low, high), wide, values = panel.limits, right - LEFT, panel.values
    room = max(width(brief(value)) for value in values) + 6
    kept: list[float] = []
    even = _even(values, panel.neutral, room * (high - low) / wide)
    for value in (values[0], values[-1], panel.neutral, *even, *values):
        if all(abs(value - other) / (high - low) * wide >= room for other in kept):
            kept.append(value)
    return sorted(kept)


def _even(values: Sequence[float], neutral: float, distance: float) -> Sequence[float]:
    # Every k-th value with the smallest k that keeps them apart and lands on neutral and on both ends.
    middle, last = values.index(neutral), len(values) - 1
    for step in range(1, len(values)):
        chosen = values[::step]
        apart = all(b - a >= distance for a, b in pairwise(chosen))
        if apart and middle % step == 0 and last % step == 0:
            return chosen
    return ()


def _name_ends(panel: Panel, names: Sequence[str], x: Callable[[float], float]) -> list[Markup]:
    last = max(range(len(panel.values)), key=lambda i: panel.values[i])
    start, edge = x(panel.values[last]), x(panel.limits[1])
    ends = [panel.y(curve.accuracy[last]) for curve in panel.curves]
    parts = []
    for i, (end, height) in enumerate(zip(ends, spread(ends, LINE, TOP, panel.foot), strict=True)):
        number = hue(panel.curves[i].index)
        if abs(height - end) > 3 or start < edge:  # away from its curve: a thin line leads to it
            parts.append(line([(start + 3, end), (edge + 8, height)], f"s{number} th"))
        parts.append(word(edge + 10, height + 3.8, names[i], f"t{number}"))
    return parts
