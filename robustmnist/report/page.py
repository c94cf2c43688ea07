"""From the numbers of a run to the records that the template shows."""

import numpy as np
from numpy.typing import NDArray

from robustmnist.report.captions import class_caption, curve_caption, matrix_caption
from robustmnist.report.charts import ClassDots, Panel, class_chart, curve_chart
from robustmnist.report.colours import hue
from robustmnist.report.content import Answer, Chart, ChartGroup, Key, Matrix, MatrixGroup, Page
from robustmnist.report.pictures import galleries, strips
from robustmnist.report.provenance import banners, checkpoint_table, command, facts, generator, provenance, suite_table
from robustmnist.report.study import Study, SuiteStudy, SweepStudy
from robustmnist.report.tables import class_table, curve_table, headline_table, matrix_cells
from robustmnist.report.text import anchor, listing, printable, shorten
from robustmnist.report.words import NAME, TITLE, answer, axis_text, focus_text
from robustmnist.results import confusion, per_class

__all__ = ["page"]

MANY = "How far can a digit be disturbed before the classifier fails?"


def page(study: Study) -> Page:
    """Return the report of `study`, section by section."""
    names = [shorten(one.name, NAME) for one in study.clean]
    return Page(
        title=f"robustmnist: {listing(names)}",
        question=printable(study.suites[0].suite.question) if len(study.suites) == 1 else MANY,
        generator=generator(study),
        keys=tuple(_key(study, place) for place in range(len(names))),
        answers=tuple(Answer(_key(study, one.index), answer(study, one)) for one in study.clean),
        banners=banners(study),
        facts=facts(study),
        headline=headline_table(study),
        curves=tuple(_curves(suite) for suite in study.suites),
        strips=strips(study),
        matrices=(
            _clean_matrices(study),
            *(_matrices(study, sweep) for suite in study.suites for sweep in _hardest_first(suite)),
        ),
        classes=tuple(_classes(study, suite) for suite in study.suites),
        galleries=galleries(study),
        provenance=provenance(study),
        checkpoints=checkpoint_table(study),
        suites=suite_table(study),
        command=command(study),
    )


def _key(study: Study, place: int) -> Key:
    return Key(hue(place), shorten(study.clean[place].name, NAME))


def _curves(suite: SuiteStudy) -> ChartGroup:
    charts = []
    for sweep in suite.sweeps:
        caption, title = curve_caption(sweep), shorten(sweep.sweep.title, TITLE)
        axis = axis_text(sweep)
        label = f"Accuracy against {axis}, {title}. {caption}"
        panel = Panel(sweep.sweep.values, sweep.sweep.neutral, _limits(suite, sweep), axis, sweep.curves, label)
        charts.append(Chart(anchor("curve", *sweep.place), title, curve_chart(panel), caption, curve_table(sweep)))
    title, question = shorten(suite.suite.title, TITLE), printable(suite.suite.question)
    return ChartGroup(title, question, tuple(charts))


def _limits(suite: SuiteStudy, sweep: SweepStudy) -> tuple[float, float]:
    # Sweeps of one suite share the axis where they do the same in the same unit to the same sides of neutral.
    def kind(one: SweepStudy) -> tuple[str, str, bool, bool]:
        values, neutral = one.sweep.values, one.sweep.neutral
        return one.sweep.perturbation, one.sweep.unit, min(values) < neutral, max(values) > neutral

    alike = [value for one in suite.sweeps if kind(one) == kind(sweep) for value in one.sweep.values]
    # A sweep of its neutral value alone still needs an axis.
    return min(alike), max(alike) if max(alike) > min(alike) else min(alike) + 1


def _hardest_first(suite: SuiteStudy) -> list[SweepStudy]:
    return [suite.hardest, *(sweep for sweep in suite.sweeps if sweep is not suite.hardest)]


def _clean_matrices(study: Study) -> MatrixGroup:
    predictions = study.predictions
    tables = [confusion(predictions, one.name) for one in study.clean]
    invalid = [len(predictions) - int(table.sum()) for table in tables]
    return _matrix_group(study, "Clean digits", tables, invalid, extra=False)


def _matrices(study: Study, sweep: SweepStudy) -> MatrixGroup:
    setting = (sweep.suite.name, sweep.sweep.name, sweep.focus)
    tables = [confusion(study.predictions, one.name, *setting) for one in study.clean]
    rows = len(study.predictions) * len(sweep.sweep.variants)
    invalid = [rows - int(table.sum()) for table in tables]
    extra = sweep is not study.suites[sweep.place[0]].hardest
    title = focus_text(sweep)
    return _matrix_group(study, title, tables, invalid, extra=extra)


def _matrix_group(
    study: Study, title: str, tables: list[NDArray[np.int64]], invalid: list[int], *, extra: bool
) -> MatrixGroup:
    names = [one.name for one in study.clean]
    drawn = []
    for place, table in enumerate(tables):
        key = _key(study, place)
        drawn.append(Matrix(key, title, matrix_cells(table)))
    return MatrixGroup(title, matrix_caption(names, tables, invalid), tuple(drawn), extra)


def _classes(study: Study, suite: SuiteStudy) -> Chart:
    sweep = suite.hardest
    dots = []
    for one in study.clean:
        rows = per_class(study.predictions, one.name, sweep.suite.name, sweep.sweep.name, sweep.focus)
        clean = per_class(study.predictions, one.name)["accuracy"]
        accuracy, low, high = (tuple(map(float, rows[column])) for column in ("accuracy", "low", "high"))
        dots.append(ClassDots(one.index, one.name, accuracy, low, high, tuple(map(float, clean))))
    title, caption = shorten(suite.suite.title, TITLE), class_caption(sweep, dots)
    label = f"Accuracy per class under {title}. {caption}"
    return Chart(anchor("classes", suite.place), title, class_chart(dots, label), caption, class_table(title, dots))
