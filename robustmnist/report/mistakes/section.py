"""How does it fail? What is taken for what, and the mistakes that were made most surely."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.overview.in_words import NAME, TITLE, focus_text
from robustmnist.overview.overview import Overview, SuiteOverview
from robustmnist.page.colours import MATRIX_STEPS, hue
from robustmnist.page.records import Cell, Key
from robustmnist.predictions import Predictions
from robustmnist.predictions.reasons import Question, Reason, Reasons, done_to
from robustmnist.report.mistakes.galleries import GalleryGroup, Tables, galleries
from robustmnist.report.mistakes.words import CLEAN_DIGITS, GALLERY_NOTE, MATRIX_NOTE, WHY_NOTE, matrix_caption
from robustmnist.results import confusion
from robustmnist.results.mistakes.first_misread import first_misread
from robustmnist.results.mistakes.pictures import pictures
from robustmnist.results.mistakes.shown import shown_mistakes
from robustmnist.wording.characters import shorten

__all__ = ["Fails", "Matrix", "MatrixGroup", "fails_section", "matrix_cells"]


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix of one checkpoint at one setting: ten rows of ten counts."""

    key: Key
    setting: str
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class MatrixGroup:
    """The matrices of all checkpoints at one setting, side by side; `extra` ones start folded."""

    title: str
    caption: str
    matrices: tuple[Matrix, ...]
    extra: bool


@dataclass(frozen=True)
class Fails:
    """How does it fail? Confusion matrices, galleries, each with a note on how to read them."""

    matrix_note: str
    matrices: tuple[MatrixGroup, ...]
    gallery_note: str
    galleries: tuple[GalleryGroup, ...]
    why_note: str


def fails_section(overview: Overview, reasons: Reasons | None = None) -> Fails:
    """Return the section of a run: clean digits and the hardest suite's matrices are open, the others folded.

    Args:
        overview: The run.
        reasons: Why digits were misread, as far as that was asked.
    """
    groups = [_clean(overview)]
    first = min(overview.suites, key=lambda other: other.hardest.reach, default=None)
    groups += [_suite(overview, suite, extra=suite is not first) for suite in overview.suites]
    groups.sort(key=lambda group: group.extra)  # stable: the order of the suites stays
    run = overview.predictions
    shown = galleries(
        overview, [_tables(run, checkpoint.name, reasons or {}) for checkpoint in overview.clean], pictures(run)
    )
    why = any(card.why for group in shown for gallery in group.galleries for card in gallery.cards)
    return Fails(MATRIX_NOTE, tuple(groups), GALLERY_NOTE, shown, WHY_NOTE if why else "")


def _tables(run: Predictions, checkpoint: str, reasons: Reasons) -> Tables:
    shown = shown_mistakes(run, checkpoint)
    record = run.manifest["checkpoints"][run.index(checkpoint)] if reasons else {}

    def broken(table: pd.DataFrame) -> pd.DataFrame:
        lines = table[["suite", "sweep", "variant", "row", "value"]].itertuples(index=False, name=None)
        first = [first_misread(run, checkpoint, *line) for line in lines]
        return table.assign(first_misread=np.array(first, np.float64))

    def why(row: Mapping[Any, Any]) -> Reason | None:
        if not reasons:
            return None
        reason = reasons.get(Question(str(record["sha256"]), _done(run, row), int(row["id"])))
        return reason if reason is not None and reason.predicted == int(row["predicted"]) else None

    by_suite = {name: broken(table) for name, table in shown.by_suite.items()}
    return Tables(broken(shown.every), shown.clean, by_suite, why)


def _done(run: Predictions, row: Mapping[Any, Any]) -> str:
    """Return what was done to the digit of a mistake, as explanations name it."""
    if not row["suite"]:
        return ""
    seeds, suite, sweep = run.manifest["seed"], str(row["suite"]), run.sweep(row["suite"], row["sweep"])
    seed = seeds[suite] if isinstance(seeds, Mapping) else seeds
    return done_to(sweep, sweep.variants[int(row["variant"])], float(row["value"]), int(seed))


def _clean(overview: Overview) -> MatrixGroup:
    tables = [confusion(overview.predictions, checkpoint.name) for checkpoint in overview.clean]
    return _group(overview, CLEAN_DIGITS, tables, len(overview.predictions), extra=False)


def _suite(overview: Overview, suite: SuiteOverview, *, extra: bool) -> MatrixGroup:
    sweep = suite.hardest
    tables = [confusion(overview.predictions, checkpoint.name, *sweep.setting) for checkpoint in overview.clean]
    title = focus_text(sweep)
    if len(suite.sweeps) > 1:
        title = f"{shorten(suite.title, TITLE)}: {title}"
    return _group(overview, title, tables, len(overview.predictions) * len(sweep.sweep.variants), extra=extra)


def _group(overview: Overview, title: str, tables: list[NDArray[np.int64]], rows: int, *, extra: bool) -> MatrixGroup:
    names = [checkpoint.name for checkpoint in overview.clean]
    invalid = [rows - int(table.sum()) for table in tables]
    drawn = [
        Matrix(Key(hue(checkpoint.index), shorten(checkpoint.name, NAME)), title, matrix_cells(table))
        for checkpoint, table in zip(overview.clean, tables, strict=True)
    ]
    return MatrixGroup(title, matrix_caption(names, tables, invalid), tuple(drawn), extra)


def matrix_cells(table: NDArray[np.int64]) -> tuple[tuple[Cell, ...], ...]:
    """Return a confusion matrix as cells, a mistake shaded by the root of its share of the row, so that 1 % shows."""
    steps = len(MATRIX_STEPS) - 1
    totals = table.sum(axis=1)
    rows = []
    for true, counts in enumerate(table):
        cells = []
        for read, times in enumerate(counts):
            shade = 0 if true == read or not times else math.ceil(steps * math.sqrt(times / totals[true]))
            cells.append(Cell(str(int(times)) if times or true == read else "", level=shade))
        rows.append(tuple(cells))
    return tuple(rows)
