"""The digits of the page: each is drawn once, with the maps of all checkpoints beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from robustmnist.explanation.cases import Case, Explanation, Map
from robustmnist.explanation.inside.learnt import Learnt
from robustmnist.explanation.methods.registry import find_method
from robustmnist.explanation.output.along_words import along_text
from robustmnist.explanation.output.learnt import Strip, digit_strips
from robustmnist.explanation.output.request import Setup
from robustmnist.explanation.output.scales import CHANGE, scales
from robustmnist.explanation.output.spark import spark
from robustmnist.explanation.output.words import answer_text, back_text, case_facts, doubt_text, lost_text, pieces_texts
from robustmnist.page.map_picture import common_scale, digit, heat, png, smoothed
from robustmnist.page.png import uri
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import strength

__all__ = ["SHOWN", "DigitRow", "digit_rows"]

SHOWN = 3  # CSS pixels per pixel of a map
NAME = 40
INK_LEVELS = 31  # of a drawn digit


@dataclass(frozen=True)
class Picture:
    """A picture within a sheet: its column there, that of the digit below it, and what it shows in words."""

    index: int
    ground: int
    alt: str


@dataclass(frozen=True)
class Column:
    """Maps of one method: the clean one above the perturbed one; `doubt` says why not to believe them, if so."""

    title: str
    pictures: tuple[Picture, ...]
    doubt: str = ""


@dataclass(frozen=True)
class FrameCell:
    """The digit at one strength, and the map of what was lost since the strength before."""

    value: str
    answer: str
    wrong: bool
    ground: int
    alt: str
    lost: str
    map: Picture | None


@dataclass(frozen=True)
class Reader:
    """One checkpoint's row: answers, facts, maps and the way."""

    checkpoint: str
    target: str
    answers: tuple[tuple[str, str, bool], ...]
    facts: tuple[tuple[str, str], ...]
    lost: str
    back: str
    pieces: tuple[str, ...]
    sheet: str
    columns: tuple[Column, ...]
    frames: tuple[FrameCell, ...]
    spark: Markup
    strips: tuple[Strip, ...]


@dataclass(frozen=True)
class DigitRow:
    """One digit: its pictures, a sheet of all strengths, and a row for each checkpoint."""

    id: int
    label: int
    sheet: str
    views: tuple[tuple[str, int, str], ...]
    readers: tuple[Reader, ...]


def digit_rows(explanations: list[Explanation], setup: Setup, learnt: Sequence[Learnt] = ()) -> tuple[DigitRow, ...]:
    """Return the digits in the order in which they were chosen."""
    if not explanations:
        return ()
    full = [scales(explanation) for explanation in explanations]
    rows = []
    for number, first in enumerate(explanations[0].cases):
        images = _images(first)
        last = len(images) - 1
        names = ["clean", setup.value] if first.perturbed else ["clean"]
        views = tuple(
            (name, index, f"The digit, {name}, a {first.label}") for name, index in zip(names, (0, last), strict=False)
        )
        readers = tuple(
            _reader(explanation, number, scale, last, setup, digit_strips(learnt[index], number) if learnt else ())
            for index, (explanation, scale) in enumerate(zip(explanations, full, strict=True))
        )
        rows.append(
            DigitRow(first.id, first.label, _sheet([digit(image, INK_LEVELS) for image in images]), views, readers)
        )
    return tuple(rows)


def _images(case: Case) -> list[Map]:
    """Return the digit at each strength that is drawn, clean first, perturbed last."""
    if case.fall is None:
        return [view.image for view in case.views]
    return [frame.image for frame in case.fall.frames]


def _reader(
    explanation: Explanation, row: int, full: dict[str, float], last: int, setup: Setup, strips: tuple[Strip, ...]
) -> Reader:
    case = explanation.cases[row]
    maps: list[NDArray[np.uint8]] = []

    def drawn(values: Map, scale: float, ground: int, alt: str, *, smooth: bool) -> Picture:
        maps.append(heat((smoothed(values) if smooth else values) / scale))
        return Picture(len(maps) - 1, ground, alt)

    names = ["clean", setup.value]
    columns = []
    if case.change is not None:
        words = f"{CHANGE}, pixel by pixel"
        columns.append(Column(CHANGE, (drawn(case.change, full[CHANGE], last, words, smooth=True),)))
    for name in explanation.methods:
        method = find_method(name)
        pictures = []
        for view, where, ground in zip(case.views, names, (0, last), strict=False):
            values = view.maps[name]
            scale = common_scale([values]) if method.kind == "activity" else full[name]
            pictures.append(drawn(values, scale, ground, f"{method.title}, {where}", smooth=method.pixelwise))
        columns.append(Column(method.title, tuple(pictures), doubt_text(explanation, name)))
    frames = []
    if case.fall is not None:
        steps = zip(case.fall.frames, (None, *case.fall.maps), (0.0, *case.fall.lost), strict=True)
        for index, (frame, part, lost) in enumerate(steps):
            value = strength(frame.value, setup.unit, None)
            shown = None
            if part is not None:
                shown = drawn(part, full[CHANGE], index, f"{CHANGE} up to {value}", smooth=True)
            frames.append(
                FrameCell(
                    value,
                    str(frame.answer.predicted) if frame.answer.valid else "invalid",
                    frame.answer.predicted != case.label,
                    index,
                    f"The digit at {value}",
                    "" if part is None else f"{-lost:+.1f}".replace("-", "−"),
                    shown,
                )
            )
    answers = tuple(
        (where, answer_text(view.answer), view.answer.predicted != case.label)
        for view, where in zip(case.views, names, strict=False)
    )
    return Reader(
        shorten(explanation.checkpoint, NAME),
        case.target,
        answers,
        tuple(case_facts(case, explanation, setup)),
        "; ".join(filter(None, (lost_text(case), along_text(case, setup)))),
        back_text(case),
        tuple(pieces_texts(case, explanation.methods)),
        _sheet(maps) if maps else "",
        tuple(columns),
        tuple(frames),
        spark(case.fall) if case.fall else Markup(),
        strips,
    )


def _sheet(pictures: list[NDArray[np.uint8]]) -> str:
    """Return pictures side by side as one data address: what is common to them is stored once."""
    return uri(png(np.concatenate(pictures, axis=1)))
