"""The most confident mistakes, each with its clean twin, the strength at which it broke, and, where known, why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.overview.in_words import NAME, TITLE, at
from robustmnist.overview.overview import Overview, SweepOverview
from robustmnist.page.anchors import anchor
from robustmnist.page.colours import hue
from robustmnist.page.map_picture import common_scale, heat, png, smoothed
from robustmnist.page.png import sheet, uri
from robustmnist.page.records import Key
from robustmnist.predictions import Digits, Shown
from robustmnist.predictions.pictures import Pair
from robustmnist.predictions.reasons import Reason
from robustmnist.report.mistakes.words import (
    ALL_SUITES,
    CLEAN_DIGITS,
    Mistake,
    broke_text,
    gallery_caption,
    why_lines,
)
from robustmnist.suites import Setting
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import percent

__all__ = ["Card", "Gallery", "GalleryGroup", "Tables", "galleries"]


@dataclass(frozen=True)
class Card:
    """A mistake.

    Attributes:
        anchor: Of the card on the page.
        picture: Index of its picture on the sheet; None: the run kept none.
        label: The true class.
        predicted: What was read.
        confidence: In that class.
        where: The setting; empty for a clean digit.
        broke: The strength at which the digit was first misread, in words.
        sample: The digit's id.
        change: Index of its change map among those of the gallery; None: it was not explained.
        why: What the margin was lost to, and the way back, a line each.
    """

    anchor: str
    picture: int | None
    label: int
    predicted: int
    confidence: str
    where: str
    broke: str
    sample: int
    change: int | None = None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Tables:
    """The mistakes of one checkpoint: `robustmnist.results.mistakes.shown.ShownMistakes` and what is known beside.

    Attributes:
        every: Over all suites, with ``first_misread``, the strength at which the digit was misread first (NaN:
            unperturbed).
        clean: On clean digits.
        by_suite: Of each suite, by its name, with ``first_misread``.
        why: Why a mistake was made, by the row of any of the tables; None where that was not asked.
    """

    every: pd.DataFrame
    clean: pd.DataFrame
    by_suite: Mapping[str, pd.DataFrame]
    why: Callable[[Mapping[Any, Any]], Reason | None]


@dataclass(frozen=True)
class Gallery:
    """The most confident mistakes of one checkpoint.

    The sheet holds `kept` digits and clean twins, "" where none; `maps` holds change maps, "" where none.
    """

    key: Key
    sheet: str
    kept: int
    twins: bool
    cards: tuple[Card, ...]
    caption: str
    maps: str = ""


@dataclass(frozen=True)
class GalleryGroup:
    """The galleries of all checkpoints under one heading; `extra` ones start folded."""

    title: str
    galleries: tuple[Gallery, ...]
    extra: bool


def galleries(overview: Overview, tables: Sequence[Tables], digits: Digits) -> tuple[GalleryGroup, ...]:
    """Return the mistakes of every checkpoint: over all suites, then, folded, on clean digits and by suite.

    Args:
        overview: The run.
        tables: For each checkpoint its mistakes.
        digits: What pictures the run kept.
    """
    names, groups = range(len(overview.clean)), []
    if overview.suites:
        every = tuple(_gallery(overview, digits, "all", k, tables[k].every, tables[k].why) for k in names)
        title = shorten(overview.suites[0].title, TITLE) if len(overview.suites) == 1 else ALL_SUITES
        groups.append(GalleryGroup(title, every, extra=False))
    unperturbed = (_gallery(overview, digits, "clean", k, tables[k].clean, tables[k].why, twins=False) for k in names)
    groups.append(GalleryGroup(CLEAN_DIGITS, tuple(unperturbed), extra=bool(groups)))
    if len(overview.suites) > 1:
        for suite in overview.suites:
            few = tuple(
                _gallery(overview, digits, suite.index, k, tables[k].by_suite[suite.name], tables[k].why) for k in names
            )
            groups.append(GalleryGroup(shorten(suite.title, TITLE), few, extra=True))
    return tuple(groups)


def _pair(digits: Digits, row: Mapping[Any, Any]) -> Pair | None:
    """Return the pictures of a mistake, as it was seen and clean; None where the run kept none."""
    number = int(row["row"])
    if not row["suite"]:
        return (digits.clean[number],) * 2 if number in digits.clean else None
    setting = Setting(str(row["suite"]), str(row["sweep"]), float(row["value"]))
    return digits.pair(Shown(setting, int(row["variant"]), number))


def _gallery(
    overview: Overview,
    digits: Digits,
    what: int | str,
    checkpoint: int,
    table: pd.DataFrame,
    why: Callable[[Mapping[Any, Any]], Reason | None],
    *,
    twins: bool = True,
) -> Gallery:
    name, sweeps = overview.clean[checkpoint].name, {(other.suite.name, other.name): other for other in overview.sweeps}
    kept: list[Pair] = []
    changes: list[NDArray[np.float32]] = []
    cards, shown = [], []
    for i, row in enumerate(table.to_dict("records")):
        pair = _pair(digits, row)
        sweep = sweeps.get((str(row["suite"]), str(row["sweep"])))
        where = broke = ""
        if sweep is not None:
            long = what == "all" and len(overview.suites) > 1
            where = _where(sweep, float(row["value"]), str(row["variant_label"]), long=long)
            broke = broke_text(sweep, float(row["first_misread"]))
        confidence = float(row["confidence"])
        mistake = Mistake(int(row["label"]), int(row["predicted"]), confidence, where)
        shown.append(mistake)
        link = anchor("mistake", what, checkpoint, i)
        at_sheet = None if pair is None else len(kept)
        kept += [] if pair is None else [pair]
        text = percent(confidence, 2)
        reason = why(row)
        lines = why_lines(reason) if reason else ()
        change = None
        if reason is not None and reason.change is not None:
            change = len(changes)
            changes.append(reason.change)
        number = int(row["id"])
        cards.append(Card(link, at_sheet, mistake.label, mistake.predicted, text, where, broke, number, change, lines))
    key = Key(hue(checkpoint), shorten(name, NAME))
    rows = list(zip(*kept, strict=True))[: 1 + twins]  # digits as seen, then clean
    picture = uri(sheet(np.array(rows))) if kept else ""
    caption = gallery_caption(shown, len(cards) - len(kept))
    return Gallery(key, picture, len(kept), twins, tuple(cards), caption, _maps(changes))


def _maps(changes: Sequence[NDArray[np.float32]]) -> str:
    """Return change maps side by side on one scale, smoothed as on the page of an explanation."""
    if not changes:
        return ""
    drawn = [smoothed(change) for change in changes]
    scale = common_scale(drawn)
    return uri(png(np.concatenate([heat(each / scale) for each in drawn], axis=1)))


def _where(sweep: SweepOverview, value: float, variant: str, *, long: bool) -> str:
    # Names, not titles: a card is as wide as a digit and its twin.
    names = (sweep.suite.name, sweep.name) if long else (sweep.name,)
    parts = [" ".join(shorten(name, NAME) for name in names), at(sweep, value, exact=True)]
    return ", ".join([*parts, shorten(variant, TITLE)] if variant else parts)
