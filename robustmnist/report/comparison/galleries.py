"""What one checkpoint misreads and another reads: a few digits of each two, with what both said."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count as numbers
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.overview.in_words import NAME, TITLE, at
from robustmnist.overview.overview import Overview
from robustmnist.page.colours import hue
from robustmnist.page.png import sheet, uri
from robustmnist.page.records import Key
from robustmnist.predictions import Shown
from robustmnist.results import mistakes_read_right, wrong_and_right
from robustmnist.results.mistakes.pictures import pictures
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import count, percent

__all__ = ["Overruled", "PairCard", "PairGallery", "gallery_caption", "pair_galleries"]

SHOWN = 5  # clean digits of a gallery, and as many disturbed ones: together a line of the page at its full width

Picture = NDArray[np.uint8]
Found = tuple[Mapping[Any, Any], Picture | None, str]  # a row of a table, its picture, and what the setting is called


@dataclass(frozen=True)
class Overruled:
    """A mistake that another checkpoint does not make, in words: classes, both confidences, the setting ("": clean)."""

    label: int
    predicted: int
    confidence: float
    confidence_right: float
    where: str


@dataclass(frozen=True)
class PairCard:
    """A digit: its place on the sheet (None: no picture), true class, both answers with confidence, where, its id."""

    place: int | None
    label: int
    wrong: str
    right: str
    where: str
    sample: int


@dataclass(frozen=True)
class PairGallery:
    """What `wrong` misreads and `right` reads; the sheet holds `kept` digits side by side, "" where there is none."""

    wrong: Key
    right: Key
    sheet: str
    kept: int
    cards: tuple[PairCard, ...]
    caption: str


def pair_galleries(overview: Overview, a: int, b: int) -> tuple[PairGallery, PairGallery]:
    """Return what the checkpoint at the place `a` misreads and the one at `b` reads, and the other way round.

    Each shows the surest such mistakes on clean digits, then those of the suites: of the surest mistakes of every suite
    at strengths up to its sweep's focus, of which a run keeps pictures, those that the other reads right at the same
    setting. Of the disturbed ones a digit appears once.
    """
    return _gallery(overview, a, b), _gallery(overview, b, a)


def gallery_caption(wrong: str, right: str, clean: int, shown: Sequence[Overruled], missing: int = 0) -> str:
    """Say how many clean digits only one of the two reads, which mistake was the surest, and what has no picture.

    Args:
        wrong: Who errs.
        right: Who does not.
        clean: How many clean digits `wrong` misreads and `right` reads.
        shown: The mistakes that are shown, the surest of them anywhere.
        missing: Of how many the run kept no picture.
    """
    text = f"Of clean digits, {right} reads {count(clean)} that {wrong} gets wrong."
    if shown:
        # NaN, an answer that is none, is never the surest.
        most = max(shown, key=lambda one: -1.0 if math.isnan(one.confidence) else one.confidence)
        sure, other = percent(most.confidence, 2), percent(most.confidence_right, 2)
        read = f"read as {most.predicted} with {sure}" if most.predicted >= 0 else "without a valid answer"
        where = most.where or "clean"
        text += f" The surest shown: a {most.label} {read} ({where}), to which {right} gives {other}."
    if missing:
        which = "any of these" if missing == len(shown) else f"{count(missing)} of these {count(len(shown))}"
        text += f" The run kept no picture of {which}."
    return text


def _gallery(overview: Overview, wrong: int, right: int) -> PairGallery:
    run = overview.predictions
    names = run.checkpoints[wrong], run.checkpoints[right]
    clean = wrong_and_right(run, *names)
    kept = pictures(run).clean
    found: list[Found] = [(row, kept.get(int(row["row"])), "") for row in clean.head(SHOWN).to_dict("records")]
    found += _disturbed(overview, *names)
    cards, told, shown = [], [], []
    places = numbers()
    for row, picture, where in found:
        if picture is not None:
            shown.append(picture)
        sure, other = float(row["confidence_wrong"]), float(row["confidence_right"])
        one = Overruled(int(row["label"]), int(row["predicted"]), sure, other, where)
        told.append(one)
        said = f"{one.predicted}, {percent(sure, 2)}" if one.predicted >= 0 else "no valid answer"
        place = next(places) if picture is not None else None
        card = PairCard(place, one.label, said, f"{one.label}, {percent(other, 2)}", where or "clean", int(row["id"]))
        cards.append(card)
    keys = tuple(Key(hue(k), shorten(name, NAME)) for k, name in zip((wrong, right), names, strict=True))
    caption = gallery_caption(keys[0].name, keys[1].name, len(clean), told, len(cards) - len(shown))
    drawn = uri(sheet(np.stack(shown)[None])) if shown else ""
    return PairGallery(keys[0], keys[1], drawn, len(shown), tuple(cards), caption)


def _disturbed(overview: Overview, wrong: str, right: str) -> list[Found]:
    """Return the surest mistakes under all suites that `right` does not make: row, picture and setting of each."""
    run, digits = overview.predictions, pictures(overview.predictions)
    sweeps = {(one.suite.name, one.sweep.name): one for one in overview.sweeps}
    tables = [
        mistakes_read_right(run, wrong, right, one.suite.name).assign(suite=one.suite.name) for one in overview.suites
    ]
    every = pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
    every = every.rename(columns={"confidence": "confidence_wrong"})
    ranked = every.sort_values("log_odds", ascending=False, kind="stable").drop_duplicates("row")
    found: list[Found] = []
    for row in ranked.to_dict("records"):
        suite = str(row["suite"])
        sweep = sweeps.get((suite, str(row["sweep"])))
        if sweep is None:  # of many tries at one strength: the page draws no curve of it
            continue
        shown = Shown(suite, str(row["sweep"]), float(row["value"]), int(row["variant"]), int(row["row"]))
        where = f"{shorten(suite, NAME)} {shorten(sweep.name, NAME)}, {at(sweep, float(row['value']), exact=True)}"
        if row["variant_label"]:
            where += f", {shorten(row['variant_label'], TITLE)}"
        found.append((row, digits.perturbed.get(shown), where))
        if len(found) == SHOWN:
            break
    return found
