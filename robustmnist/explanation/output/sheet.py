"""The sheet: one PNG that shows digit, attribution and overlay for each case, clean and perturbed."""

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from robustmnist.explanation.cases import Case, Explanation, Map
from robustmnist.explanation.methods.method import Method
from robustmnist.explanation.methods.registry import find_method
from robustmnist.explanation.output.request import Setup
from robustmnist.explanation.output.scales import scale_text
from robustmnist.explanation.output.words import answer_text
from robustmnist.page.colours import LIGHT
from robustmnist.page.figure import own_style, picture
from robustmnist.page.map_picture import common_scale, digit, heat, on_paper, overlay
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_sheet"]

# All lengths are pixels of the PNG at 200 dots per inch: pictures are placed on whole pixels, so that they stay crisp.
DPI = 200
ZOOM = 6
CELL = 28 * ZOOM
GAP, GUTTER, MARGIN = 10, 44, 40
HEAD, CAPTION, FOOT = 150, 40, 176  # the head without the line that says which half is perturbed
GROUPS = 28
LINE = CAPTION + CELL + GAP
TRIPLE = 3 * CELL + 2 * GAP
WIDTH = 2 * MARGIN + 2 * TRIPLE + GUTTER
RULE = 205  # grey of frames and rules
COLUMNS = ("digit", "attribution", "overlay")


def draw_sheet(explanation: Explanation, method: str, setup: Setup) -> bytes:
    """Draw the maps of one method as a PNG; the same explanation gives the same bytes.

    With a perturbation, a line is one digit: clean on the left, perturbed on the right, on one colour scale. Without,
    a line holds two digits.
    """
    twins = setup.condition is not None
    lines = len(explanation.cases) if twins else -(-len(explanation.cases) // 2)
    top = HEAD + (GROUPS if twins else 0)
    height = top + lines * LINE + FOOT
    with own_style({"font.size": 7, "text.color": LIGHT.ink}):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor="white")
        page = _Page(figure, height)
        _head(page, explanation, find_method(method), setup)
        for index, case in enumerate(explanation.cases):
            line, side = (index, 0) if twins else divmod(index, 2)
            _case(page, case, method, side, top + line * LINE)
        _foot(page, explanation, method, setup, height - FOOT)
        return picture(figure, "png", dpi=DPI)


class _Page:
    """A figure addressed in pixels from its upper left corner."""

    def __init__(self, figure: "Figure", height: int) -> None:
        self.figure = figure
        self.height = height

    def text(self, x: int, y: int, words: str, **style: Any) -> None:
        self.figure.text(x / WIDTH, 1 - y / self.height, words, va="baseline", **style)

    def picture(self, x: int, y: int, pixels: NDArray[np.uint8]) -> None:
        """Place a picture with its upper left corner at (x, y), in a frame of one pixel outside it."""
        framed = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), constant_values=RULE)
        self.figure.figimage(framed, x - 1, self.height - y - len(pixels) - 1, origin="upper")

    def rule(self, y: int) -> None:
        line = np.full((1, WIDTH - 2 * MARGIN, 3), RULE, np.uint8)
        self.figure.figimage(line, MARGIN, self.height - y - 1, origin="upper")


def _head(page: _Page, explanation: Explanation, method: Method, setup: Setup) -> None:
    page.text(MARGIN, 56, f"{shorten(explanation.checkpoint, 32)} · {method.title}", size=11, weight="bold")
    page.text(MARGIN, 90, shorten(f"{setup.perturbed} · {setup.data} · {setup.choice}", 105), color=LIGHT.muted)
    page.rule(108)
    names = 108 + (32 if setup.condition is None else 32 + GROUPS)
    if setup.condition is not None:
        for side, group in enumerate(("clean", shorten(setup.perturbed, 50))):
            page.text(_left(side), 138, group, weight="bold")
    for side in range(1 if setup.condition is None and len(explanation.cases) == 1 else 2):
        for column, name in enumerate(COLUMNS):
            middle = _left(side) + column * (CELL + GAP) + CELL // 2
            page.text(middle, names, name, ha="center", color=LIGHT.muted)


def _case(page: _Page, case: Case, method: str, side: int, top: int) -> None:
    scale = common_scale([view.maps[method] for view in case.views])
    words = top + CAPTION - 12
    page.text(_left(side), words, f"#{case.id}", color=LIGHT.muted)
    page.text(_left(side) + 84, words, f"true {case.label}")
    for offset, view in enumerate(case.views):
        left = _left(side + offset)
        wrong = view.answer.predicted != case.label
        colour, weight = (LIGHT.words[1], "bold") if wrong else (LIGHT.ink, "normal")
        page.text(left + (0 if offset else 148), words, f"→ {answer_text(view.answer)}", color=colour, weight=weight)
        for column, pixels in enumerate(_pictures(view.image, view.maps[method] / scale)):
            page.picture(left + column * (CELL + GAP), top + CAPTION, pixels)
    end = _left(side + len(case.views) - 1) + TRIPLE
    sign = "±" if find_method(method).signed else ""
    page.text(end, words, f"scale {sign}{scale_text(scale)}", ha="right", color=LIGHT.muted)


def _pictures(image: Map, shares: Map) -> Iterator[NDArray[np.uint8]]:
    square = np.ones((ZOOM, ZOOM, 1), np.uint8)
    yield np.kron(on_paper(digit(image)), square)
    yield np.kron(on_paper(heat(shares)), square)
    yield on_paper(overlay(image, shares, ZOOM))


def _foot(page: _Page, explanation: Explanation, name: str, setup: Setup, top: int) -> None:
    method = find_method(name)
    page.rule(top + 10)
    left, right = _left(0), _left(0) + TRIPLE
    ramp = np.linspace(-1 if method.signed else 0, 1, TRIPLE, dtype=np.float32)
    page.picture(left, top + 36, on_paper(heat(np.tile(ramp, (18, 1)))))
    low, high = ("−scale", "+scale") if method.signed else ("0", "scale")
    for y, names in ((top + 80, (low, "0" if method.signed else "", high)), (top + 106, _meaning(method))):
        for x, align, name in zip((left, (left + right) // 2, right), ("left", "center", "right"), names, strict=True):
            page.text(x, y, name, ha=align, color=LIGHT.muted)
    shared = ", one for both views" if setup.condition else ""
    gap = f" Completeness gap at most {percent(explanation.gaps[name], 2)}." if name in explanation.gaps else ""
    words = (
        f"{method.source}, for {setup.explained}. Colour: {method.reading}. The scale stands above each digit{shared}; "
        f"1 % of the pixels may lie beyond it.{gap} Outline: ink of one half or more."
    )
    for line, part in enumerate(textwrap.wrap(words, 58)):
        page.text(_left(1), top + 48 + 23 * line, part, size=6, color=LIGHT.muted)


def _meaning(method: Method) -> tuple[str, str, str]:
    return ("against the target", method.unit, "for the target") if method.signed else ("", method.unit, "")


def _left(side: int) -> int:
    return MARGIN + side * (TRIPLE + GUTTER)
