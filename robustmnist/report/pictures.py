"""The digits of the page: strips along the sweeps and galleries of confident mistakes."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.predictions import Digits
from robustmnist.report.captions import Mistake, gallery_caption, strip_caption
from robustmnist.report.colours import hue
from robustmnist.report.content import Card, Gallery, GalleryGroup, Key, Strip, StripGroup
from robustmnist.report.png import GAP, sheet, uri
from robustmnist.report.study import Study, SuiteStudy, SweepStudy
from robustmnist.report.text import TIGHT, anchor, listing, percent, shorten, strength
from robustmnist.report.words import NAME, TITLE, at, axis_text
from robustmnist.results import clean_mistakes, mistakes

__all__ = ["TOP", "galleries", "strips"]

TOP = 25  # mistakes in a gallery
SIDE = 28 + GAP  # px from one digit of a sheet to the next
WIDE = 19  # digits drawn at twice their size that fit the page side by side
SMALL_ROWS, LARGE_ROWS = 4, 3  # digits of each strip, where drawn at their size and at twice it


def strips(study: Study) -> tuple[StripGroup, ...]:
    """Return a strip of example digits per sweep; none where the run kept no pictures."""
    digits = study.predictions.digits or Digits()
    groups = []
    for suite in study.suites:
        pictures = [(sweep, digits.examples(sweep.suite.name, sweep.sweep.name)) for sweep in suite.sweeps]
        drawn = tuple(_strip(sweep, examples) for sweep, examples in pictures if examples.size)
        if drawn:
            groups.append(StripGroup(shorten(suite.suite.title, TITLE), drawn))
    return tuple(groups)


def galleries(study: Study) -> tuple[GalleryGroup, ...]:
    """Return the most confident mistakes of every checkpoint: on clean digits, then under each suite."""
    predictions = study.predictions
    digits = predictions.digits or Digits()
    clean = []
    for k, name in enumerate(predictions.checkpoints):
        frame = clean_mistakes(predictions, name, TOP)
        clean.append(_gallery(study, None, k, frame, digits.mistakes(name), None))
    groups = [GalleryGroup("Clean digits", tuple(clean))]
    for suite in study.suites:
        shown = []
        for k, name in enumerate(predictions.checkpoints):
            frame = mistakes(predictions, name, suite.suite.name, TOP)
            seen, twins = digits.mistakes(name, suite.suite.name), digits.twins(name, suite.suite.name)
            shown.append(_gallery(study, suite, k, frame, seen, twins))
        groups.append(GalleryGroup(shorten(suite.suite.title, TITLE), tuple(shown)))
    return tuple(groups)


def _strip(sweep: SweepStudy, examples: NDArray[np.uint8]) -> Strip:
    values, kept = sweep.sweep.values, len(examples[0])
    zoom = 2 if len(values) <= WIDE else 1
    rows = min(LARGE_ROWS if zoom == 2 else SMALL_ROWS, kept)
    # Spread over the ten kept examples, so that the shapes differ.
    chosen = [kept * (row + 1) // (rows + 1) for row in range(rows)]
    picture = sheet(examples[:, chosen].transpose(1, 0, 2, 3))
    columns = []
    unit = sweep.sweep.unit if sweep.sweep.unit in TIGHT else ""
    for value in values:
        sign = "focus" if value == sweep.focus else "clean" if value == sweep.sweep.neutral else ""
        columns.append((strength(value, unit, signed=sweep.two_sided and sweep.sweep.neutral == 0), sign))
    title, axis = shorten(sweep.sweep.title, TITLE), axis_text(sweep)
    label = f"{title}: {rows} digits, {axis} {listing([text for text, _ in columns])}"
    width, height, caption = len(values) * SIDE - GAP, rows * SIDE - GAP, strip_caption(sweep)
    return Strip(title, axis, label, uri(picture), width, height, zoom, tuple(columns), caption)


def _gallery(
    study: Study,
    suite: SuiteStudy | None,
    place: int,
    frame: pd.DataFrame,
    seen: NDArray[np.uint8],
    twins: NDArray[np.uint8] | None,
) -> Gallery:
    here = anchor("mistakes", "clean" if suite is None else suite.place, place)
    titles = {} if suite is None else {one.sweep.name: one for one in suite.sweeps}
    cards, told = [], []
    for i, row in enumerate(frame.to_dict("records")):
        where = _where(titles.get(row["sweep"]), float(row["value"]), str(row["variant_label"]))
        sure = float(row["confidence"])
        told.append(Mistake(int(row["label"]), int(row["predicted"]), sure, where))
        cards.append(
            Card(anchor(here, i), i, told[-1].label, told[-1].predicted, percent(sure, 2), where, int(row["id"]))
        )
    key = Key(hue(place), shorten(study.clean[place].name, NAME))
    picture = ""
    # Pictures that do not belong to this list are worse than none.
    if len(seen) == len(cards) > 0 and (twins is None or len(twins) == len(cards)):
        picture = uri(sheet(np.stack([seen] if twins is None else [seen, twins])))
    return Gallery(here, key, picture, twins is not None, tuple(cards), gallery_caption(told))


def _where(sweep: SweepStudy | None, value: float, variant: str) -> str:
    if sweep is None:
        return ""
    # The name, not the title: a card is as wide as a digit and its twin.
    parts = [shorten(sweep.sweep.name, NAME), at(sweep, value, exact=True)]
    return ", ".join([*parts, shorten(variant, TITLE)] if variant else parts)
