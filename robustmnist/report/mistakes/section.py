"""How does it fail? What is taken for what, and the mistakes that were made most surely."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.overview.in_words import NAME, TITLE, focus_text
from robustmnist.overview.overview import Overview, SuiteOverview
from robustmnist.page.colours import MATRIX_STEPS, hue
from robustmnist.page.records import Cell, Key
from robustmnist.predictions import Predictions
from robustmnist.report.mistakes.galleries import TOP, GalleryGroup, galleries
from robustmnist.report.mistakes.words import CLEAN_DIGITS, GALLERY_NOTE, MATRIX_NOTE, matrix_caption
from robustmnist.results import clean_mistakes, confusion, mistakes
from robustmnist.results.mistakes.first_misread import first_misread
from robustmnist.results.mistakes.pictures import pictures
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


def fails_section(overview: Overview) -> Fails:
    """Return the section of a run: clean digits and the hardest suite's matrices are open, the others folded."""
    groups = [_clean(overview)]
    first = min(overview.suites, key=lambda one: one.hardest.reach, default=None)
    groups += [_suite(overview, suite, extra=suite is not first) for suite in overview.suites]
    groups.sort(key=lambda one: one.extra)  # stable: the order of the suites stays
    run, names = overview.predictions, [one.name for one in overview.clean]
    by_suite = [[_mistakes(run, name, suite.name) for suite in overview.suites] for name in names]
    clean = [clean_mistakes(run, name, TOP) for name in names]
    return Fails(MATRIX_NOTE, tuple(groups), GALLERY_NOTE, galleries(overview, by_suite, clean, pictures(run)))


def _mistakes(predictions: Predictions, checkpoint: str, suite: str) -> pd.DataFrame:
    table = mistakes(predictions, checkpoint, suite, TOP)
    lines = table[["sweep", "variant", "row", "value"]].itertuples(index=False, name=None)
    first = [first_misread(predictions, checkpoint, suite, *line) for line in lines]
    return table.assign(suite=suite, first_misread=np.array(first, np.float64))


def _clean(overview: Overview) -> MatrixGroup:
    tables = [confusion(overview.predictions, one.name) for one in overview.clean]
    return _group(overview, CLEAN_DIGITS, tables, len(overview.predictions), extra=False)


def _suite(overview: Overview, suite: SuiteOverview, *, extra: bool) -> MatrixGroup:
    sweep = suite.hardest
    tables = [confusion(overview.predictions, one.name, *sweep.setting) for one in overview.clean]
    title = focus_text(sweep)
    if len(suite.sweeps) > 1:
        title = f"{shorten(suite.title, TITLE)}: {title}"
    return _group(overview, title, tables, len(overview.predictions) * len(sweep.sweep.variants), extra=extra)


def _group(overview: Overview, title: str, tables: list[NDArray[np.int64]], rows: int, *, extra: bool) -> MatrixGroup:
    names = [one.name for one in overview.clean]
    invalid = [rows - int(table.sum()) for table in tables]
    drawn = [
        Matrix(Key(hue(one.index), shorten(one.name, NAME)), title, matrix_cells(table))
        for one, table in zip(overview.clean, tables, strict=True)
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
