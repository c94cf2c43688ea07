"""The figures of a data set as PNG and SVG, for slides and papers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from robustmnist.inspection.facts import InspectionFacts
from robustmnist.inspection.words import measure_title
from robustmnist.measure import MEASURES
from robustmnist.page.figure import own_style, picture
from robustmnist.suites.natural_band import natural_bands

__all__ = ["draw_figures"]

HUES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito, as everywhere
KINDS = ("png", "svg")
STYLE: dict[Any, Any] = {"font.size": 8, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 9}


def draw_figures(several: Sequence[InspectionFacts]) -> dict[str, bytes]:
    """Return file name to content: samples and classes of each data set, labels and measures of all together."""
    drawn: dict[str, bytes] = {}
    with own_style(STYLE):
        for at, facts in enumerate(several):
            end = f"-{at + 1}" if len(several) > 1 else ""
            columns = max(map(len, facts.samples))
            grid = np.zeros((10, columns, 28, 28), np.uint8)
            for digit, chosen in enumerate(facts.samples):
                grid[digit, : len(chosen)] = facts.levels[list(chosen)]
            drawn |= _tiles(grid, f"samples{end}")
            drawn |= _tiles(np.stack([facts.means, facts.spreads]), f"classes{end}")
        drawn |= _measures(several)
        drawn |= _labels(several)
    return drawn


def _tiles(tiles: Any, name: str) -> dict[str, bytes]:
    from matplotlib.figure import Figure

    down, across = tiles.shape[:2]
    figure = Figure(figsize=(0.5 * across, 0.5 * down))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(tiles.transpose(0, 2, 1, 3).reshape(28 * down, 28 * across), cmap="gray_r", interpolation="nearest")
    axes.set_axis_off()
    return {f"{name}.{kind}": picture(figure, kind, dpi=150) for kind in KINDS}


def _labels(several: Sequence[InspectionFacts]) -> dict[str, bytes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 2.6), layout="constrained")
    axes = figure.subplots()
    wide = 0.8 / len(several)
    for at, facts in enumerate(several):
        positions = np.arange(10) + (at - (len(several) - 1) / 2) * wide
        shares = 100 * facts.counts / len(facts.labels)
        axes.bar(positions, shares, wide, color=HUES[at % len(HUES)], label=" " + facts.dataset.name)
    axes.set_xticks(range(10))
    axes.set_xlabel("class")
    axes.set_ylabel("% of digits")
    axes.legend(frameon=False)
    return {f"labels.{kind}": picture(figure, kind, dpi=150) for kind in KINDS}


def _measures(several: Sequence[InspectionFacts]) -> dict[str, bytes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.6), layout="constrained")
    for axes, name in zip(figure.subplots(2, 5).ravel(), MEASURES, strict=True):
        axes.axvspan(*natural_bands()[name]["reading"], color="#efeee8")
        for at, facts in enumerate(several):
            values = facts.readings[name][np.isfinite(facts.readings[name])]
            if len(values):
                axes.hist(
                    values,
                    40,
                    histtype="step",
                    color=HUES[at % len(HUES)],
                    weights=np.full(len(values), 100 / len(values)),
                )
        axes.set_title(measure_title(name), loc="left")
        axes.set_xlabel(MEASURES[name].unit)
    return {f"measures.{kind}": picture(figure, kind, dpi=120) for kind in KINDS}
