"""The mistakes that the checkpoints were surest of, each with its clean twin and the strength at which it broke."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from robustmnist.overview.in_words import NAME, TITLE, at
from robustmnist.overview.overview import Overview, SuiteOverview, SweepOverview
from robustmnist.page.colours import hue
from robustmnist.page.png import sheet, uri
from robustmnist.page.records import Key
from robustmnist.predictions import Predictions, Shown
from robustmnist.predictions.pictures import Pair
from robustmnist.report.mistakes.words import Mistake, gallery_caption
from robustmnist.results import clean_mistakes, decide, mistakes
from robustmnist.results.mistakes.pictures import pictures
from robustmnist.suites.sides import sides
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import anchor, percent, plain

__all__ = ["TOP", "Card", "Gallery", "GalleryGroup", "broke_at", "galleries"]


TOP = 25  # mistakes in a gallery
FEWER = 8  # of each suite, where there are several: they start folded


@dataclass(frozen=True)
class Card:
    """A mistake: its place on the sheet (None: no picture), what it is, was taken for, how surely, where, its break."""

    anchor: str
    place: int | None
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


def galleries(overview: Overview) -> tuple[GalleryGroup, ...]:
    """Return the surest mistakes of every checkpoint: over all suites, then, folded, on clean digits and by suite."""
    names = overview.predictions.checkpoints
    groups = []
    if overview.suites:
        found = {name: [_suite(overview, name, suite) for suite in overview.suites] for name in names}
        every = tuple(_gallery(overview, "all", k, _all(found[name])) for k, name in enumerate(names))
        title = shorten(overview.suites[0].suite.title, TITLE) if len(overview.suites) == 1 else "All suites"
        groups.append(GalleryGroup(title, every, extra=False))
    clean = []
    for k, name in enumerate(names):
        table = clean_mistakes(overview.predictions, name, TOP).assign(suite="")
        clean.append(_gallery(overview, "clean", k, table, twins=False))
    groups.append(GalleryGroup("Clean digits", tuple(clean), extra=bool(groups)))
    if len(overview.suites) > 1:
        groups += [
            _few(overview, place, [found[name][place] for name in names]) for place in range(len(overview.suites))
        ]
    return tuple(groups)


def broke_at(
    predictions: Predictions, checkpoint: str, suite: str, sweep: str, variant: int, row: int, value: float
) -> float | None:
    """Return the strength at which an image is first misread on the way from neutral to `value`; None: at neutral.

    Of one variant: the one whose picture is shown. With a single variant it is the first failure of
    `robustmnist.results.critical_severity`.
    """
    found = predictions.sweep(suite, sweep)
    logits = predictions.logits[suite, sweep][predictions.index(checkpoint), :, variant, row]
    answers = decide(logits).predicted == predictions.labels[row]
    side = next(side for side in sides(found) if value in side.strengths and value != found.neutral)
    failed = [float(strength) for strength, place in zip(side.strengths, side.at, strict=True) if not answers[place]]
    return None if failed[0] == found.neutral else failed[0]


def _few(overview: Overview, place: int, tables: list[pd.DataFrame]) -> GalleryGroup:
    suite = overview.suites[place]
    shown = [_gallery(overview, suite.index, k, table[:FEWER]) for k, table in enumerate(tables)]
    return GalleryGroup(shorten(suite.title, TITLE), tuple(shown), extra=True)


def _suite(overview: Overview, name: str, suite: SuiteOverview) -> pd.DataFrame:
    return mistakes(overview.predictions, name, suite.name, TOP).assign(suite=suite.name)


def _all(tables: list[pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat([one for one in tables if len(one)] or tables[:1], ignore_index=True)
    # A digit appears once, with its surest mistake; the order of the suites decides between equals.
    return table.sort_values("log_odds", ascending=False, kind="stable").drop_duplicates("row")[:TOP]


def _pair(overview: Overview, row: Mapping[Any, Any]) -> Pair | None:
    """Return the pictures of a mistake, as it was seen and clean; None where the run kept none."""
    digits, number = pictures(overview.predictions), int(row["row"])
    if not row["suite"]:
        return (digits.clean[number],) * 2 if number in digits.clean else None
    return digits.pair(Shown(str(row["suite"]), str(row["sweep"]), float(row["value"]), int(row["variant"]), number))


def _gallery(overview: Overview, what: int | str, place: int, table: pd.DataFrame, *, twins: bool = True) -> Gallery:
    name, sweeps = overview.clean[place].name, {(one.suite.name, one.sweep.name): one for one in overview.sweeps}
    kept: list[Pair] = []
    cards, told = [], []
    for i, row in enumerate(table.to_dict("records")):
        pair = _pair(overview, row)
        sweep = sweeps.get((str(row["suite"]), str(row["sweep"])))
        where = broke = ""
        if sweep is not None:
            value, variant = float(row["value"]), int(row["variant"])
            where = _where(sweep, value, str(row["variant_label"]), long=what == "all" and len(overview.suites) > 1)
            names = (sweep.suite.name, sweep.name)
            first = broke_at(overview.predictions, name, *names, variant, int(row["row"]), value)
            broke = "misread clean" if first is None else f"broke at {_number(sweep, first)}"
        sure = float(row["confidence"])
        one = Mistake(int(row["label"]), int(row["predicted"]), sure, where)
        told.append(one)
        link = anchor("mistake", what, place, i)
        at_sheet = None if pair is None else len(kept)
        kept += [] if pair is None else [pair]
        cards.append(Card(link, at_sheet, one.label, one.predicted, percent(sure, 2), where, broke, int(row["id"])))
    key = Key(hue(place), shorten(name, NAME))
    rows = list(zip(*kept, strict=True))[: 1 + twins]  # digits as seen, then clean
    picture = uri(sheet(np.array(rows))) if kept else ""
    return Gallery(key, picture, len(kept), twins, tuple(cards), gallery_caption(told, len(cards) - len(kept)))


def _number(sweep: SweepOverview, value: float) -> str:
    # The unit stands in the line above.
    return plain(value, signed=sweep.two_sided and sweep.neutral == 0)


def _where(sweep: SweepOverview, value: float, variant: str, *, long: bool) -> str:
    # Names, not titles: a card is as wide as a digit and its twin.
    names = (sweep.suite.name, sweep.name) if long else (sweep.name,)
    parts = [" ".join(shorten(name, NAME) for name in names), at(sweep, value, exact=True)]
    return ", ".join([*parts, shorten(variant, TITLE)] if variant else parts)
