"""Is it robust? Every suite in one number, then every curve."""

from robustmnist.report.captions import curve_caption, suite_caption
from robustmnist.report.charts import Panel, Ring, curve_chart
from robustmnist.report.content import Chart
from robustmnist.report.headline import headline
from robustmnist.report.sections import Robust, SuiteCurves
from robustmnist.report.study import KEEP, Study, SuiteStudy, SweepStudy
from robustmnist.report.tables import curve_table, sweep_table
from robustmnist.report.text import anchor, printable, shorten
from robustmnist.report.words import TITLE, axis_text

__all__ = ["robust_section"]


def robust_section(study: Study) -> Robust:
    """Return the section of a run; a run of maps alone has no curve."""
    axis, rows = headline(study)
    curves = tuple(_curves(suite) for suite in study.suites)
    return Robust(axis, rows, curves, any(sweep.natural is not None for sweep in study.sweeps))


def _curves(suite: SuiteStudy) -> SuiteCurves:
    charts = []
    for sweep in suite.sweeps:
        caption, title, axis = curve_caption(sweep), shorten(sweep.sweep.title, TITLE), axis_text(sweep)
        label = f"Accuracy against {axis}, {title}. {caption}"
        limits = _limits(suite, sweep)
        values, neutral = sweep.sweep.values, sweep.sweep.neutral
        panel = Panel(values, neutral, limits, axis, sweep.curves, label, _rings(sweep), sweep.natural)
        charts.append(Chart(anchor("curve", *sweep.place), title, curve_chart(panel), caption, curve_table(sweep)))
    title, question = shorten(suite.suite.title, TITLE), printable(suite.suite.question)
    link, caption = anchor("curves", suite.place), suite_caption(suite)
    return SuiteCurves(link, title, question, caption, tuple(charts), sweep_table(suite))


def _limits(suite: SuiteStudy, sweep: SweepStudy) -> tuple[float, float]:
    # Sweeps of one suite share the axis where they do the same in the same unit to the same sides of neutral.
    def kind(one: SweepStudy) -> tuple[str, str, bool, bool]:
        values, neutral = one.sweep.values, one.sweep.neutral
        return one.sweep.perturbation, one.sweep.unit, min(values) < neutral, max(values) > neutral

    alike = [value for one in suite.sweeps if kind(one) == kind(sweep) for value in one.sweep.values]
    # A sweep of its neutral value alone still needs an axis.
    return min(alike), max(alike) if max(alike) > min(alike) else min(alike) + 1


def _rings(sweep: SweepStudy) -> tuple[Ring, ...]:
    rings = []
    for one in sweep.tolerances:
        for fall in one.falls:
            if fall.at is not None:
                near, far = (fall.at if fall.near is None else fall.near), (fall.end if fall.far is None else fall.far)
                rings.append(Ring(one.index, fall.at, KEEP * one.clean, near, far))
    return tuple(rings)
