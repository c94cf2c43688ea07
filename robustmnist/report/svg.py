r"""A matplotlib figure as a small piece of SVG that may stand in the page, in either colour scheme.

Matplotlib draws with made-up colours and made-up words; here they become classes of the page's style sheet and the
real words. So no text of a user passes through matplotlib, where ``$\frac{$`` raises, ``_x`` vanishes from a legend, a
lone surrogate cannot be written and a script without a glyph warns; and black text, which matplotlib writes without a
fill, cannot vanish on a dark page.
"""

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.figure import Figure

__all__ = ["INK", "MUTED", "PAPER", "RULE", "drawing", "inline_svg", "series"]

# Colours that stand for classes of the style sheet. A series takes "#f0f0" and its index in hexadecimal.
INK, MUTED, RULE, PAPER = "#f0f101", "#f0f102", "#f0f103", "#f0f104"
_CLASSES = {INK: "ink", MUTED: "muted", RULE: "rule", PAPER: "paper"}
_NAMESPACE = "{http://www.w3.org/2000/svg}"
_NUMBER = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")


def series(index: int) -> str:
    """Return the colour that stands for the hue of series `index`, 0 to 255."""
    return f"#f0f0{index:02x}"


def drawing() -> AbstractContextManager[None]:
    """Return the context in which a figure is drawn and saved: matplotlib's defaults, whatever the user's are."""
    settings: Any = {
        **dict(mpl.rcParamsDefault.find_all(r"^(?!backend|interactive|toolbar|webagg|keymap|timezone)").items()),
        "svg.fonttype": "none",
        "svg.hashsalt": "robustmnist",
        "text.parse_math": False,
        "path.simplify": False,
    }
    return mpl.rc_context(settings)


def inline_svg(figure: Figure, *, label: str, words: Mapping[str, str]) -> Markup:
    """Return `figure` as one ``<svg role="img">`` with classes for colours and `words` for its place-holders.

    Args:
        figure: Drawn with the colours of this module; what it shows lies within its axes (clipping is dropped).
        label: What the figure shows, in words, for those who do not see it.
        words: Place-holder as drawn in the figure to the text that the reader sees; other text stays as it is.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    root = ET.fromstring(buffer.getvalue())
    body = "".join(_draw(element, words) for element in root.iter() if element.tag.startswith(_NAMESPACE))
    return Markup('<svg viewBox="{}" role="img" aria-label="{}">{}</svg>').format(
        _round(root.get("viewBox", "")), label, Markup(body)
    )


def _draw(element: ET.Element, words: Mapping[str, str]) -> str:
    kind = element.tag.removeprefix(_NAMESPACE)
    style = dict(_pair(item) for item in element.get("style", "").split(";") if item.strip())
    if kind == "path" and element.get("d", "").strip():
        return _path(element.get("d", ""), style)
    if kind == "text":
        text = "".join(element.itertext()).strip()
        return _text(element, style, words.get(text, text))
    return ""


def _path(d: str, style: Mapping[str, str]) -> str:
    fill, stroke = style.get("fill", "#000000"), style.get("stroke", "none")
    if fill == "none" and stroke == "none":
        return ""
    names = [_class("f", fill), _class("s", stroke)]
    attributes = f' class="{" ".join(filter(None, names))}"'
    for name, default in (("stroke-width", "1"), ("stroke-linecap", "butt"), ("stroke-dasharray", "none")):
        value = style.get(name, default)
        if stroke != "none" and value not in (default, "square"):
            attributes += f' {name}="{_round(value)}"'
    opacity = style.get("opacity", style.get("fill-opacity", style.get("stroke-opacity")))
    if opacity:
        attributes += f' opacity="{opacity}"'
    return f'<path{attributes} d="{_shape(d)}"/>'


def _text(element: ET.Element, style: Mapping[str, str], text: str) -> str:
    names = _class("t", style.get("fill", INK))
    attributes = f' class="{names}"' if names else ""
    anchor = style.get("text-anchor", "start")
    if anchor != "start":
        attributes += f' text-anchor="{anchor}"'
    place = _place(element)
    return f'<text{attributes} x="{place[0]}" y="{place[1]}">{escape(text)}</text>'


def _place(element: ET.Element) -> tuple[str, str]:
    # Matplotlib puts a text by x and y, or by a translation where it is anchored; nothing here is turned.
    if element.get("x") is not None:
        return _round(element.get("x", "")), _round(element.get("y", ""))
    x, y = _NUMBER.findall(element.get("transform", ""))[:2]
    return _round(x), _round(y)


def _class(prefix: str, colour: str) -> str:
    if colour == "none":
        return ""
    name = _CLASSES.get(colour)
    return f"{prefix}{name or int(colour[-2:], 16)}"


def _shape(d: str) -> str:
    # "M 1.00 2 L 3 4 L 5 6" -> "M1 2 3 4 5 6": after a move, pairs without a letter are lines.
    commands = re.findall(r"([MLCQZz])([^MLCQZz]*)", d)
    shape, last = "", ""
    for letter, numbers in commands:
        points = " ".join(_round(number) for number in _NUMBER.findall(numbers))
        if letter == "L" and last in ("M", "L"):
            shape += f" {points}"
        else:
            shape += f"{letter}{points}"
        last = letter
    return shape


def _round(numbers: str) -> str:
    def short(match: re.Match[str]) -> str:
        text = f"{float(match[0]):.1f}".rstrip("0").rstrip(".")
        return "0" if text in ("-0", "") else text

    return _NUMBER.sub(short, numbers)


def _pair(item: str) -> tuple[str, str]:
    name, _, value = item.partition(":")
    return name.strip(), value.strip()
