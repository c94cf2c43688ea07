"""Accuracy against strength, large enough for a slide."""

from typing import TYPE_CHECKING

from robustmnist.errors import RunError
from robustmnist.figures.style import STYLE, colour, word_colour
from robustmnist.overview.gather import KEEP, gather
from robustmnist.overview.in_words import axis_text
from robustmnist.overview.overview import SweepOverview
from robustmnist.page.axis import spread
from robustmnist.page.colours import LIGHT
from robustmnist.page.figure import own_style
from robustmnist.predictions import Predictions, only_suites

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["chosen_sweeps", "curves", "draw_curve"]

WIDTH, HEIGHT = 7.2, 4.4  # inches of a single panel
PANEL = 3.4, 2.6  # of one among several
ACROSS = 3


def curves(
    predictions: Predictions, suite: str | None = None, sweep: str | None = None, *, title: str | None = None
) -> "Figure":
    """Draw accuracy against strength for all checkpoints of a run, with 95 % Wilson intervals.

    A ring marks where a tenth of the clean accuracy is lost; the tinted part is natural variation of handwriting.

    Args:
        predictions: The run.
        suite: A suite of the run; by default the first that has curves.
        sweep: One of the suite's sweeps; by default all of them, a panel each.
        title: What stands above; by default the suite's question.

    Raises:
        RunError: If the run does not have them, or the suite has no curve.
    """
    chosen = chosen_sweeps(predictions, suite, sweep)
    with own_style(STYLE):
        from matplotlib.figure import Figure

        many = len(chosen) > 1
        across = min(len(chosen), ACROSS) if many else 1
        down = -(-len(chosen) // across)
        size = (PANEL[0] * across, PANEL[1] * down + 0.4) if many else (WIDTH, HEIGHT)
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(down, across, squeeze=False, sharey=True).flat
        for axes, sweep_overview in zip(panels, chosen, strict=False):
            draw_curve(axes, sweep_overview, names=not many)
            if many:
                axes.set_title(sweep_overview.title, fontsize=9)
        for axes in list(panels)[len(chosen) :]:
            axes.set_visible(False)
        if many:
            handles, labels = figure.axes[0].get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
        figure.suptitle(title if title is not None else chosen[0].suite.question or chosen[0].title, fontsize=12)
    return figure


def chosen_sweeps(predictions: Predictions, suite: str | None, sweep: str | None) -> list[SweepOverview]:
    """Return the curves of a suite, or one of them, with their numbers.

    Raises:
        RunError: If the run does not have them, or the suite has no curve.
    """
    if suite is None:
        suite = next((known.name for known in predictions.suites if known.curves), None)
        if suite is None:
            raise RunError("this run has no curve", remedy="evaluate a suite that has one, such as shift")
    if sweep is not None:
        predictions.sweep(suite, sweep)
    overview = gather(only_suites(predictions, [suite]))
    chosen = [candidate for candidate in overview.sweeps if sweep in (None, candidate.name)]
    if not chosen:
        raise RunError(f"suite '{suite}' has no curve of that kind", remedy="choose a sweep along one strength")
    return chosen


def draw_curve(axes: "Axes", sweep: SweepOverview, *, names: bool, small: bool = False) -> None:
    """Draw all checkpoints' accuracies along one sweep; with `names` each name at its curve's end."""
    if sweep.natural is not None:
        start, end = (min(max(value, min(sweep.values)), max(sweep.values)) for value in sweep.natural)
        axes.axvspan(start, end, color=LIGHT.band, lw=0)
    for curve in sweep.curves:
        shade = colour(curve.index)
        low, high = ([100 * share for share in ends] for ends in (curve.low, curve.high))
        axes.fill_between(sweep.values, low, high, color=shade, alpha=0.2, lw=0)
        points = [100 * share for share in curve.accuracy]
        axes.plot(sweep.values, points, color=shade, lw=1.2 if small else 1.8, label=curve.name)
    for tolerance in sweep.tolerances:
        for fall in tolerance.falls:
            if fall.at is not None:
                level = 100 * KEEP * tolerance.clean
                size = 4 if small else 7
                edge = colour(tolerance.index)
                axes.plot([fall.at], [level], "o", ls="", mfc=LIGHT.paper, mec=edge, ms=size, mew=1.6)
    axes.axvline(sweep.neutral, color=LIGHT.rule, lw=0.8, zorder=0)
    axes.set_xlim(min(sweep.values), max(sweep.values))
    axes.set_ylim(0, 101)
    axes.set_yticks([0, 50, 100], ["0", "50", "100 %"])
    axes.grid(axis="y", color=LIGHT.rule, lw=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(axis_text(sweep))
    if names:
        ends = [100 * curve.accuracy[-1] for curve in sweep.curves]
        for curve, height in zip(sweep.curves, spread([-end for end in ends], 5, -101, 0), strict=True):
            ink = word_colour(curve.index)
            axes.annotate(
                curve.name, (1, -height), (6, 0), ("axes fraction", "data"), "offset points", color=ink, va="center"
            )
