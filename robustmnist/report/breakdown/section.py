"""Where does it break? Maps of two strengths, the worst of many tries, class against strength, digits with verdicts."""

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from robustmnist.overview.gather import of_many_draws
from robustmnist.overview.in_words import TITLE
from robustmnist.overview.overview import Overview, SuiteOverview, SweepOverview
from robustmnist.page.anchors import anchor
from robustmnist.page.heat_map import heat_key
from robustmnist.page.records import Chart
from robustmnist.predictions import Digits
from robustmnist.report.breakdown.classes import CLASSES, ClassMaps, class_maps
from robustmnist.report.breakdown.maps import MapGroup, MapNumbers, map_group
from robustmnist.report.breakdown.strips import StripGroup, strip_groups
from robustmnist.report.breakdown.tries import read_tries, tries_table
from robustmnist.report.breakdown.words import CLASS_NOTE, NO_PICTURES, STRIP_NOTE, worst_caption
from robustmnist.report.breakdown.worst_chart import worst_chart
from robustmnist.results import decide, wilson
from robustmnist.results.breakdown.maps import consistency, shift_map
from robustmnist.results.breakdown.worst_case import worst_of_k, worst_over_grid
from robustmnist.results.correctness import hits
from robustmnist.suites import Suite, Sweep
from robustmnist.wording.characters import printable, shorten

__all__ = ["Breaks", "Worst", "breaks_section"]


@dataclass(frozen=True)
class Worst:
    """How many images are read right in every one of k tries: a curve for each checkpoint."""

    question: str
    chart: Chart


@dataclass(frozen=True)
class Breaks:
    """Where does it break? Maps, worst of k, digits, classes; the last two with a note on how to read them."""

    maps: tuple[MapGroup, ...]
    worst: tuple[Worst, ...]
    key: Markup
    class_note: str
    classes: tuple[ClassMaps, ...]
    strip_note: str
    strips: tuple[StripGroup, ...]


def breaks_section(overview: Overview) -> Breaks:
    """Return the section of a run; what the run has no sweep for is left out."""
    suites, worst = overview.predictions.suites, []
    for index, suite in enumerate(suites):
        worst += [_worst(overview, index, suite, sweep) for sweep in suite.curves if of_many_draws(sweep)][:1]
    maps = tuple(
        map_group(overview, (i, j), suite, sweep, _map(overview, suite, sweep))
        for i, suite in enumerate(suites)
        for j, sweep in enumerate(
            sweep_map for sweep_map in suite.maps if len(sweep_map.crossed) == 1
        )  # more strengths: not flat
    )
    digits = overview.predictions.digits or Digits()
    strips = strip_groups(overview, digits, {curve.index: _read(overview, curve) for curve in overview.sweeps})
    return Breaks(
        maps=maps,
        worst=tuple(worst),
        key=heat_key(),
        class_note=CLASS_NOTE,
        classes=tuple(_classes(overview, suite) for suite in overview.suites),
        strip_note=STRIP_NOTE if strips else NO_PICTURES,
        strips=strips,
    )


def _worst(overview: Overview, index: int, suite: Suite, sweep: Sweep) -> Worst:
    table = worst_of_k(overview.predictions, suite.name, sweep.name)
    table = table[table["value"] != sweep.neutral]
    grids = [worst_over_grid(overview.predictions, suite.name, sweep_map.name) for sweep_map in suite.maps]
    tries = [read_tries(checkpoint, table, grids) for checkpoint in overview.clean]
    title, caption = shorten(suite.title, TITLE), worst_caption(tries)
    figure = worst_chart(tries, f"Accuracy in the worst of k tries. {caption}")
    return Worst(
        printable(suite.question), Chart(anchor("worst", index), title, figure, caption, tries_table(title, tries))
    )


def _map(overview: Overview, suite: Suite, sweep: Sweep) -> MapNumbers:
    run, names = overview.predictions, (suite.name, sweep.name)
    classes = np.unique(run.labels).tolist()
    return MapNumbers(
        points=shift_map(run, *names),
        by_class={digit: shift_map(run, *names, digit) for digit in classes},
        agreement=consistency(run, *names),
        worst=worst_over_grid(run, *names),
    )


def _read(overview: Overview, sweep: SweepOverview) -> NDArray[np.int64]:
    """Return what was read of the first image of each class: checkpoints, values, classes; −1 for no valid answer."""
    run = overview.predictions
    _, first = np.unique(run.labels, return_index=True)
    logits = run.logits[sweep.suite.name, sweep.name][:, :, 0]
    return decide(logits[:, :, first].reshape(-1, 10)).predicted.reshape(*logits.shape[:2], -1)


def _classes(overview: Overview, suite: SuiteOverview) -> ClassMaps:
    sweep, labels = suite.hardest, overview.predictions.labels
    n = np.bincount(labels, minlength=len(CLASSES)).astype(np.float64)
    member = (labels[:, None] == np.arange(len(CLASSES))).astype(np.float32)
    many = hits(overview.predictions, suite.name, sweep.name).astype(np.float32)
    right = many @ member / len(sweep.sweep.variants)  # (M, V, 10)
    with np.errstate(invalid="ignore"):
        shares = np.swapaxes(right / n, 1, 2)
    low, high = (np.swapaxes(end, 1, 2) for end in wilson(right, n))
    return class_maps(overview, suite, shares, low, high)
