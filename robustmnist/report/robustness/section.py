"""Is it robust? Every suite in one number, then every curve."""

from dataclasses import dataclass, replace

from markupsafe import Markup

from robustmnist.overview.gather import KEEP
from robustmnist.overview.in_words import TITLE, axis_text
from robustmnist.overview.overview import Overview, SuiteOverview, SweepOverview
from robustmnist.page.anchors import anchor
from robustmnist.page.records import Chart
from robustmnist.report.robustness.caption_words import (
    HEADLINE_CAPTION,
    HEADLINE_NOTE,
    curve_caption,
    curve_note,
    suite_caption,
)
from robustmnist.report.robustness.curve_chart import Panel, Ring, curve_chart
from robustmnist.report.robustness.headline import HeadlineRow, headline
from robustmnist.report.robustness.tables import SweepTable, curve_table, sweep_table
from robustmnist.wording.characters import printable, shorten

__all__ = ["Robust", "SuiteCurves", "robust_section"]


@dataclass(frozen=True)
class SuiteCurves:
    """The curves of one suite on shared axes, with caption and numbers; `large`: whether it is the only sweep."""

    anchor: str
    title: str
    question: str
    caption: str
    charts: tuple[Chart, ...]
    table: SweepTable
    large: bool


@dataclass(frozen=True)
class Robust:
    """Is it robust? The headline on its axis, then all curves, both with a note on how to read them."""

    axis: Markup
    headline_caption: str
    headline: tuple[HeadlineRow, ...]
    headline_note: str
    curve_note: str
    curves: tuple[SuiteCurves, ...]


def robust_section(overview: Overview) -> Robust:
    """Return the section of a run; a run of maps alone has no curve."""
    axis, rows = headline(overview)
    alone = sum(len(suite.sweeps) for suite in overview.suites) == 1
    curves = tuple(_curves(suite, large=alone) for suite in overview.suites)
    note = curve_note(natural=any(sweep.natural is not None for sweep in overview.sweeps))
    return Robust(axis, HEADLINE_CAPTION, rows, HEADLINE_NOTE, note, curves)


def _curves(suite: SuiteOverview, *, large: bool) -> SuiteCurves:
    charts = []
    for sweep in suite.sweeps:
        caption, title, axis = curve_caption(sweep), shorten(sweep.title, TITLE), axis_text(sweep)
        label = f"Accuracy against {axis}, {title}. {caption}"
        limits = _limits(suite, sweep)
        values, neutral = sweep.values, sweep.neutral
        panel = Panel(values, neutral, limits, axis, sweep.curves, label, _rings(sweep), sweep.natural, large)
        figure = _in_two_sizes(panel) if large else curve_chart(panel)
        charts.append(Chart(anchor("curve", *sweep.index), title, figure, caption, curve_table(sweep)))
    title, question = shorten(suite.title, TITLE), printable(suite.question)
    link, caption = anchor("curves", suite.index), suite_caption(suite)
    return SuiteCurves(link, title, question, caption, tuple(charts), sweep_table(suite), large)


def _in_two_sizes(panel: Panel) -> Markup:
    """Return a large chart, and the small one that a narrow window shows, where a large one could not be read."""
    small = replace(panel, large=False)
    return Markup('<div class="roomy">{}</div><div class="narrow">{}</div>').format(
        curve_chart(panel), curve_chart(small)
    )


def _limits(suite: SuiteOverview, sweep: SweepOverview) -> tuple[float, float]:
    # Sweeps of one suite share the axis where they do the same in the same unit to the same sides of neutral.
    def kind(sweep: SweepOverview) -> tuple[str, str, bool, bool]:
        values, neutral = sweep.values, sweep.neutral
        return sweep.sweep.perturbation, sweep.unit, min(values) < neutral, max(values) > neutral

    alike = [value for other in suite.sweeps if kind(other) == kind(sweep) for value in other.values]
    # A sweep of its neutral value alone still needs an axis.
    return min(alike), max(alike) if max(alike) > min(alike) else min(alike) + 1


def _rings(sweep: SweepOverview) -> tuple[Ring, ...]:
    rings = []
    for tolerance in sweep.tolerances:
        for fall in tolerance.falls:
            if fall.at is not None:
                near, far = (fall.at if fall.near is None else fall.near), (fall.end if fall.far is None else fall.far)
                rings.append(Ring(tolerance.index, fall.at, KEEP * tolerance.clean, near, far))
    return tuple(rings)
