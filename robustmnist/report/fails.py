"""How does it fail? What is taken for what, and the mistakes that were made most surely."""

import numpy as np
from numpy.typing import NDArray

from robustmnist.report.captions import matrix_caption
from robustmnist.report.colours import hue
from robustmnist.report.content import Key
from robustmnist.report.galleries import galleries
from robustmnist.report.sections import Fails, Matrix, MatrixGroup
from robustmnist.report.study import Study, SuiteStudy
from robustmnist.report.tables import matrix_cells
from robustmnist.report.text import shorten
from robustmnist.report.words import NAME, TITLE, focus_text
from robustmnist.results import confusion

__all__ = ["fails_section"]


def fails_section(study: Study) -> Fails:
    """Return the section of a run: clean digits and the hardest suite's matrices are open, the others folded."""
    groups = [_clean(study)]
    first = min(study.suites, key=lambda one: one.hardest.reach, default=None)
    groups += [_suite(study, suite, extra=suite is not first) for suite in study.suites]
    groups.sort(key=lambda one: one.extra)  # stable: the order of the suites stays
    return Fails(tuple(groups), galleries(study))


def _clean(study: Study) -> MatrixGroup:
    tables = [confusion(study.predictions, one.name) for one in study.clean]
    return _group(study, "Clean digits", tables, len(study.predictions), extra=False)


def _suite(study: Study, suite: SuiteStudy, *, extra: bool) -> MatrixGroup:
    sweep = suite.hardest
    setting = (sweep.suite.name, sweep.sweep.name, sweep.focus)
    tables = [confusion(study.predictions, one.name, *setting) for one in study.clean]
    title = focus_text(sweep)
    if len(suite.sweeps) > 1:
        title = f"{shorten(suite.suite.title, TITLE)}: {title}"
    return _group(study, title, tables, len(study.predictions) * len(sweep.sweep.variants), extra=extra)


def _group(study: Study, title: str, tables: list[NDArray[np.int64]], rows: int, *, extra: bool) -> MatrixGroup:
    names = [one.name for one in study.clean]
    invalid = [rows - int(table.sum()) for table in tables]
    drawn = [
        Matrix(Key(hue(one.index), shorten(one.name, NAME)), title, matrix_cells(table))
        for one, table in zip(study.clean, tables, strict=True)
    ]
    return MatrixGroup(title, matrix_caption(names, tables, invalid), tuple(drawn), extra)
