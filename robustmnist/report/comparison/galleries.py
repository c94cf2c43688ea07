"""What one checkpoint misreads and another reads: a few digits of each two, with the answers of both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.overview.in_words import NAME, TITLE, at
from robustmnist.overview.overview import Overview
from robustmnist.page.colours import hue
from robustmnist.page.png import sheet, uri
from robustmnist.page.records import Key
from robustmnist.predictions import Digits, Shown
from robustmnist.report.comparison.gallery_words import CLEAN, Overruled, answer_text, gallery_caption
from robustmnist.suites import Setting
from robustmnist.wording.characters import shorten

__all__ = ["SHOWN", "PairCard", "PairGallery", "pair_gallery"]

SHOWN = 5  # clean digits of a gallery, and as many disturbed ones: together a line of the page at its full width

Picture = NDArray[np.uint8]
Line = tuple[Mapping[Any, Any], Picture | None, str]  # a row of a table, its picture, and what the setting is called


@dataclass(frozen=True)
class PairCard:
    """A digit that only one of two checkpoints reads.

    Attributes:
        picture: Index of its picture on the sheet; None: the run kept none.
        label: The true class.
        wrong: What the checkpoint that misreads it answers, with its confidence.
        right: What the other answers, with its confidence.
        where: The setting.
        sample: The digit's id.
    """

    picture: int | None
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


def pair_gallery(
    overview: Overview, wrong: int, right: int, clean: pd.DataFrame, disturbed: pd.DataFrame, digits: Digits
) -> PairGallery:
    """Return the digits that checkpoint `wrong` misreads and checkpoint `right` reads.

    The surest such mistakes on clean digits come first, then those of the suites: of the surest mistakes of every suite
    at strengths up to its sweep's focus, of which a run keeps pictures, those that the other reads right at the same
    setting. Of the disturbed ones a digit appears once.

    Args:
        overview: The run.
        wrong: Index of the checkpoint that errs.
        right: Index of the checkpoint that does not.
        clean: `wrong_and_right` on clean digits.
        disturbed: `mistakes_read_right` of all suites, with the ``suite``.
        digits: What pictures the run kept.
    """
    shown: list[Line] = [(row, digits.clean.get(int(row["row"])), "") for row in clean.head(SHOWN).to_dict("records")]
    shown += _disturbed(overview, disturbed, digits)
    pictures: list[Picture] = []
    cards, mistakes = [], []
    for row, picture, where in shown:
        confidence, other = float(row["confidence_wrong"]), float(row["confidence_right"])
        overruled = Overruled(int(row["label"]), int(row["predicted"]), confidence, other, where)
        mistakes.append(overruled)
        at_sheet = None if picture is None else len(pictures)
        pictures += [] if picture is None else [picture]
        answers = answer_text(overruled.predicted, confidence), answer_text(overruled.label, other)
        cards.append(PairCard(at_sheet, overruled.label, *answers, where or CLEAN, int(row["id"])))
    keys = tuple(Key(hue(k), shorten(overview.clean[k].name, NAME)) for k in (wrong, right))
    caption = gallery_caption(keys[0].name, keys[1].name, len(clean), mistakes, len(cards) - len(pictures))
    drawn = uri(sheet(np.stack(pictures)[None])) if pictures else ""
    return PairGallery(keys[0], keys[1], drawn, len(pictures), tuple(cards), caption)


def _disturbed(overview: Overview, table: pd.DataFrame, digits: Digits) -> list[Line]:
    """Return the most confident mistakes that the other does not make: row, picture and setting of each."""
    sweeps = {(other.suite.name, other.name): other for other in overview.sweeps}
    table = table.rename(columns={"confidence": "confidence_wrong"})
    ranked = table.sort_values("log_odds", ascending=False, kind="stable").drop_duplicates("row")
    shown: list[Line] = []
    for row in ranked.to_dict("records"):
        setting = Setting(str(row["suite"]), str(row["sweep"]), float(row["value"]))
        sweep = sweeps.get(setting[:2])
        if sweep is None:  # of many tries at one strength: the page draws no curve of it
            continue
        where = f"{shorten(setting.suite, NAME)} {shorten(setting.sweep, NAME)}, {at(sweep, setting.value, exact=True)}"
        if row["variant_label"]:
            where += f", {shorten(row['variant_label'], TITLE)}"
        picture = digits.perturbed.get(Shown(setting, int(row["variant"]), int(row["row"])))
        shown.append((row, picture, where))
        if len(shown) == SHOWN:
            break
    return shown
