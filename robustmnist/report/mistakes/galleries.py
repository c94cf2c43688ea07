"""The mistakes that the checkpoints were surest of, each with its clean twin and the strength at which it broke."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from robustmnist.overview.in_words import NAME, TITLE, at
from robustmnist.overview.overview import Overview, SweepOverview
from robustmnist.page.colours import hue
from robustmnist.page.png import sheet, uri
from robustmnist.page.records import Key
from robustmnist.predictions import Digits, Shown
from robustmnist.predictions.pictures import Pair
from robustmnist.report.mistakes.words import ALL_SUITES, CLEAN_DIGITS, Mistake, broke_text, gallery_caption
from robustmnist.suites import Setting
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import anchor, percent

__all__ = ["TOP", "Card", "Gallery", "GalleryGroup", "galleries"]


TOP = 25  # mistakes in a gallery
FEWER = 8  # of each suite, where there are several: they start folded


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
    """

    anchor: str
    picture: int | None
    label: int
    predicted: int
    confidence: str
    where: str
    broke: str
    sample: int


@dataclass(frozen=True)
class Gallery:
    """The most confident mistakes of one checkpoint; the sheet holds `kept` digits and clean twins, "" where none."""

    key: Key
    sheet: str
    kept: int
    twins: bool
    cards: tuple[Card, ...]
    caption: str


@dataclass(frozen=True)
class GalleryGroup:
    """The galleries of all checkpoints under one heading; `extra` ones start folded."""

    title: str
    galleries: tuple[Gallery, ...]
    extra: bool


def galleries(
    overview: Overview, by_suite: Sequence[Sequence[pd.DataFrame]], clean: Sequence[pd.DataFrame], digits: Digits
) -> tuple[GalleryGroup, ...]:
    """Return the surest mistakes of every checkpoint: over all suites, then, folded, on clean digits and by suite.

    Args:
        overview: The run.
        by_suite: For each checkpoint and each of `overview.suites` its `mistakes`, and beside them the ``suite`` and
            ``first_misread``, the strength at which the digit was misread first (NaN: unperturbed).
        clean: For each checkpoint its `clean_mistakes`.
        digits: What pictures the run kept.
    """
    names, groups = range(len(overview.clean)), []
    if overview.suites:
        every = tuple(_gallery(overview, digits, "all", k, _all(by_suite[k])) for k in names)
        title = shorten(overview.suites[0].title, TITLE) if len(overview.suites) == 1 else ALL_SUITES
        groups.append(GalleryGroup(title, every, extra=False))
    unperturbed = (_gallery(overview, digits, "clean", k, clean[k].assign(suite=""), twins=False) for k in names)
    groups.append(GalleryGroup(CLEAN_DIGITS, tuple(unperturbed), extra=bool(groups)))
    if len(overview.suites) > 1:
        for i, suite in enumerate(overview.suites):
            few = tuple(_gallery(overview, digits, suite.index, k, by_suite[k][i][:FEWER]) for k in names)
            groups.append(GalleryGroup(shorten(suite.title, TITLE), few, extra=True))
    return tuple(groups)


def _all(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat([one for one in tables if len(one)] or tables[:1], ignore_index=True)
    # A digit appears once, with its surest mistake; the order of the suites decides between equals.
    return table.sort_values("log_odds", ascending=False, kind="stable").drop_duplicates("row")[:TOP]


def _pair(digits: Digits, row: Mapping[Any, Any]) -> Pair | None:
    """Return the pictures of a mistake, as it was seen and clean; None where the run kept none."""
    number = int(row["row"])
    if not row["suite"]:
        return (digits.clean[number],) * 2 if number in digits.clean else None
    setting = Setting(str(row["suite"]), str(row["sweep"]), float(row["value"]))
    return digits.pair(Shown(setting, int(row["variant"]), number))


def _gallery(
    overview: Overview, digits: Digits, what: int | str, checkpoint: int, table: pd.DataFrame, *, twins: bool = True
) -> Gallery:
    name, sweeps = overview.clean[checkpoint].name, {(one.suite.name, one.name): one for one in overview.sweeps}
    kept: list[Pair] = []
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
        one = Mistake(int(row["label"]), int(row["predicted"]), confidence, where)
        shown.append(one)
        link = anchor("mistake", what, checkpoint, i)
        at_sheet = None if pair is None else len(kept)
        kept += [] if pair is None else [pair]
        text = percent(confidence, 2)
        cards.append(Card(link, at_sheet, one.label, one.predicted, text, where, broke, int(row["id"])))
    key = Key(hue(checkpoint), shorten(name, NAME))
    rows = list(zip(*kept, strict=True))[: 1 + twins]  # digits as seen, then clean
    picture = uri(sheet(np.array(rows))) if kept else ""
    return Gallery(key, picture, len(kept), twins, tuple(cards), gallery_caption(shown, len(cards) - len(kept)))


def _where(sweep: SweepOverview, value: float, variant: str, *, long: bool) -> str:
    # Names, not titles: a card is as wide as a digit and its twin.
    names = (sweep.suite.name, sweep.name) if long else (sweep.name,)
    parts = [" ".join(shorten(name, NAME) for name in names), at(sweep, value, exact=True)]
    return ", ".join([*parts, shorten(variant, TITLE)] if variant else parts)
