"""Reliability diagrams and risk-coverage curves."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from robustmnist.page.axis import spread, ticks
from robustmnist.page.svg import LETTER, Point, area, dots, line, picture, rectangle, stroke, word
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import plain

__all__ = ["Bins", "Risk", "reliability_chart", "risk_chart"]

PLOT = 124  # side of a reliability diagram's square, px
BARS = 26  # height of the counts under it
MIDDLE = 46  # between the numbers of the axis of confidence, whose last one is wide
LEFT, RIGHT, TOP, BOTTOM = 30, 6, 16, 18
WIDTH, HEIGHT = 372, 234  # of a risk-coverage panel: as every panel of the page
LONGEST = 14  # letters of a checkpoint's name beside its curve
LINE = 12  # least distance of two labels


@dataclass(frozen=True)
class Bins:
    """Bins of confidence: answers, mean confidence, accuracy with its interval; NaN where a bin is empty."""

    n: tuple[int, ...]
    confidence: tuple[float, ...]
    accuracy: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Risk:
    """A risk-coverage curve with its interval, its checkpoint's name and the number of its hue."""

    name: str
    hue: int
    coverage: tuple[float, ...]
    risk: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


def reliability_chart(bins: Bins, hue: int, label: str) -> Markup:
    """Draw accuracy against confidence, a dot per bin with its interval; the diagonal is a checkpoint that is honest.

    Under it a bar per bin, its height the square root of the share of answers in it, so that a bin of one in a hundred
    still shows.
    """
    bottom = TOP + PLOT
    base = bottom + 4 + BARS

    def x(share: float) -> float:
        return LEFT + share * PLOT

    def y(share: float) -> float:
        return bottom - share * PLOT

    points = _finite(zip(map(x, bins.confidence), map(y, bins.accuracy), strict=True))
    known = [n for n in zip(bins.n, bins.confidence, bins.low, bins.high, strict=True) if n[0]]
    total, step = max(sum(bins.n), 1), PLOT / len(bins.n)
    middles = [(LEFT + (i + 0.5) * step, n) for i, n in enumerate(bins.n) if n]
    parts = [
        rectangle(LEFT, TOP, PLOT, PLOT, "srule"),
        line([(LEFT, bottom), (LEFT + PLOT, TOP)], "smuted"),
        stroke((((x(c), y(a)), (x(c), y(b))) for _, c, a, b in known), f"s{hue} whisker"),
        dots(points, f"s{hue} knot"),
        stroke((((at, base), (at, base - BARS * math.sqrt(n / total))) for at, n in middles), f"s{hue} bar"),
        line([(LEFT, base), (LEFT + PLOT, base)], "smuted"),
        word(LEFT, TOP - 5, "right", "tmuted", "middle"),
        word(LEFT - 5, TOP + 8, "100", "tmuted", "end"),
        word(LEFT - 5, bottom - PLOT / 2 + 4, "50", "tmuted", "end"),
        word(LEFT - 5, bottom + 1, "0", "tmuted", "end"),
        word(LEFT, base + 13, "0", "tmuted", "middle"),
        word(LEFT + MIDDLE, base + 13, "confidence", "", "middle"),
        word(LEFT + PLOT, base + 13, "100 %", "tmuted", "end"),
    ]
    return picture(LEFT + PLOT + RIGHT, base + BOTTOM, parts, label=label)


def risk_chart(curves: Sequence[Risk], label: str) -> Markup:
    """Draw the share of wrong answers against coverage: all answers right, the most confident ones left."""
    names = [shorten(curve.name, LONGEST) for curve in curves]
    left, top, bottom = 42, 20, HEIGHT - 38
    right = WIDTH - round(max(map(len, names)) * LETTER) - 12
    highest = max((risk for curve in curves for risk in curve.high if math.isfinite(risk)), default=0.0) or 0.01

    def x(coverage: float) -> float:
        return left + coverage * (right - left)

    def y(risk: float) -> float:
        return bottom - risk / highest * (bottom - top)

    tick_values = ticks(0.0, highest, 5)
    shares = ((0.0, "0"), (0.5, "50"), (1.0, "100 %"))
    parts = [
        stroke((((left, y(tick)), (right, y(tick))) for tick in tick_values if tick), "srule"),
        line([(left, bottom), (right, bottom)], "smuted"),
        *(word(left - 5, y(tick) + 4, plain(100 * tick), "tmuted", "end") for tick in tick_values),
        word(left, top - 8, "wrong, %", "tmuted", "middle"),
        *(word(x(share), bottom + 15, text, "tmuted", "middle") for share, text in shares),
        word((left + right) / 2, HEIGHT - 6, "share of answers given, most confident first", "", "middle"),
    ]
    for curve in curves:
        ends = (zip(map(x, curve.coverage), map(y, end), strict=True) for end in (curve.low, curve.high))
        lower, upper = (_finite(end) for end in ends)
        if lower:
            parts.append(area([*lower, *reversed(upper)], f"f{curve.hue} haze"))
    for curve in curves:
        points = _finite(zip(map(x, curve.coverage), map(y, curve.risk), strict=True))
        if points:
            parts.append(line(points, f"s{curve.hue} reach"))
    named = [(y(curve.risk[-1]), curve.hue, name) for curve, name in zip(curves, names, strict=True) if curve.risk]
    for height, (_, hue, name) in zip(spread([end for end, _, _ in named], LINE, top, bottom), named, strict=True):
        parts.append(word(right + 8, height + 4, name, f"t{hue}"))
    return picture(WIDTH, HEIGHT, parts, label=label)


def _finite(points: Iterable[Point]) -> list[Point]:
    return [(a, b) for a, b in points if math.isfinite(a) and math.isfinite(b)]
