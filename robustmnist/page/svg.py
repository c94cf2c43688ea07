"""Small pieces of SVG, written by hand: paths and words that the style sheet colours, numbers as short as they can be.

A drawing carries no colour, no font and no id: classes of the style sheet say all that, for either colour scheme. So a
panel of three curves takes two kilobytes and a tenth of a millisecond. Every text goes through escaping.
"""

import unicodedata
from collections.abc import Iterable, Sequence

from markupsafe import Markup

__all__ = [
    "LETTER",
    "Point",
    "area",
    "bars",
    "dots",
    "line",
    "picture",
    "rectangle",
    "short",
    "stroke",
    "width",
    "word",
]

Point = tuple[float, float]
_ANCHORS = {"": "", "middle": "m", "end": "e"}  # classes
LETTER = 6.1  # mean width of a letter of 11 px in the usual sans-serifs, px


def short(value: float) -> str:
    """Return a length in px with one decimal at most.

    >>> short(12.04), short(-0.02), short(0.5)
    ('12', '0', '.5')
    """
    text = f"{value:.1f}".removesuffix(".0")
    if text in ("-0", "0"):
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def line(points: Iterable[Point], name: str) -> Markup:
    """Return a line through `points` with the class `name`."""
    return Markup('<path class="{}" d="M{}"/>').format(name, _coordinates(points))


def area(points: Iterable[Point], name: str) -> Markup:
    """Return the closed shape around `points`, filled by the class `name`."""
    return Markup('<path class="{}" d="M{}z"/>').format(name, _coordinates(points))


def dots(points: Iterable[Point], name: str) -> Markup:
    """Return a dot at each of `points`: strokes of no length, whose round ends the class `name` makes."""
    return _path("".join(f"M{short(x)} {short(y)}h0" for x, y in points), name)


def stroke(strokes: Iterable[tuple[Point, Point]], name: str) -> Markup:
    """Return straight strokes, each from one point to another, as one path of the class `name`."""
    return _path("".join(f"M{_coordinates(ends)}" for ends in strokes), name)


def bars(corners: Iterable[Point], wide: float, tall: float, name: str) -> Markup:
    """Return equal rectangles as strokes of one path; neighbours in a row are drawn as one.

    A stroke takes half the bytes of a rectangle; the drawing that it stands in must be `picture(…, stroke=tall)`.

    Args:
        corners: The upper left corners, row by row and from left to right.
        wide: Width of one rectangle, px.
        tall: Height of one rectangle, px.
        name: The class that gives them a colour.
    """
    runs: list[list[float]] = []  # [x, y, how many]
    for x, y in corners:
        if runs and runs[-1][1] == y and abs(runs[-1][0] + runs[-1][2] * wide - x) < 1e-6:
            runs[-1][2] += 1
        else:
            runs.append([x, y, 1])
    return _path("".join(f"M{short(x)} {short(y + tall / 2)}h{short(k * wide)}" for x, y, k in runs), name)


def rectangle(x: float, y: float, wide: float, tall: float, name: str) -> Markup:
    """Return a rectangle of the class `name`."""
    return _path(f"M{short(x)} {short(y)}h{short(wide)}v{short(tall)}h{short(-wide)}z", name)


def word(x: float, y: float, text: str, name: str = "", anchor: str = "") -> Markup:
    """Return `text` with its base line at (x, y).

    Args:
        x: px from the left.
        y: px from above.
        text: Anything; it is escaped.
        name: A class; without one the text has the colour of ink.
        anchor: ``"middle"`` or ``"end"`` where x is not the start of the text.
    """
    names = " ".join(filter(None, (name, _ANCHORS[anchor])))
    styled = Markup(' class="{}"').format(names) if names else Markup()
    return Markup('<text{} x="{}" y="{}">{}</text>').format(styled, short(x), short(y), text)


def width(text: str) -> float:
    """Return about how wide a text of 11 px is, px."""
    return LETTER * sum(2 if unicodedata.east_asian_width(letter) in "FW" else 1 for letter in text)


def picture(
    wide: float, tall: float, parts: Sequence[Markup], *, label: str = "", name: str = "", stroke: float = 0
) -> Markup:
    """Return the whole drawing.

    Args:
        wide: px.
        tall: px.
        parts: What is drawn, from the back to the front.
        label: What it shows, in words; without a label the picture is hidden from screen readers.
        name: A class.
        stroke: Width of all strokes whose class sets none, px; 0 leaves it at 1.
    """
    aria = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    styled = Markup(' class="{}"').format(name) if name else Markup()
    if stroke:
        styled += Markup(' stroke-width="{}"').format(short(stroke))
    size = short(wide), short(tall)
    return Markup('<svg{} viewBox="0 0 {} {}" width="{}" height="{}" {}>{}</svg>').format(
        styled, *size, *size, aria, Markup().join(parts)
    )


def _path(d: str, name: str) -> Markup:
    return Markup('<path class="{}" d="{}"/>').format(name, d) if d else Markup()


def _coordinates(points: Iterable[Point]) -> str:
    # After a move, pairs are lines.
    return " ".join(f"{short(x)} {short(y)}" for x, y in points)
