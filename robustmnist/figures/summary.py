"""One page of A4 about a run: who reads how much, where each suite is hardest, the most confident mistakes."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustmnist.figures.curves import draw_curve
from robustmnist.figures.style import STYLE, quiet, word_colour
from robustmnist.overview.gather import gather
from robustmnist.overview.in_words import heading
from robustmnist.overview.overview import Overview, SuiteOverview
from robustmnist.page.colours import LIGHT
from robustmnist.page.figure import own_style
from robustmnist.predictions import Predictions
from robustmnist.predictions.pictures import Shown
from robustmnist.results.mistakes.most_confident import mistakes
from robustmnist.suites import Setting
from robustmnist.wording.numbers import count, percent, share_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

__all__ = ["summary"]

PAGE = (8.27, 11.69)  # inches: A4
ACROSS, MOST_SUITES = 3, 9
HEIGHTS = {1: 3.4, 2: 2.8, 3: 2.3}  # of a row of so many curves, inches
MOST_CHECKPOINTS, MISTAKES = 3, 8


class _Mistake(NamedTuple):
    picture: NDArray[np.uint8]
    label: int
    predicted: int
    confidence: float


def summary(predictions: Predictions, *, title: str | None = None) -> "Figure":
    """Draw a run on one page of A4: clean accuracy, the hardest sweep of each suite, the most confident mistakes.

    Up to nine suites and three checkpoints are shown, the first of the run.

    Args:
        predictions: The run.
        title: What stands above; by default the names of its checkpoints.
    """
    overview = gather(predictions)
    shown = overview.suites[:MOST_SUITES]
    across = min(ACROSS, max(len(shown), 1))
    down = -(-len(shown) // across)
    with own_style({**STYLE, "font.size": 8.0}):
        from matplotlib.figure import Figure

        figure = Figure(figsize=PAGE, layout="constrained")
        several = len(overview.clean[:MOST_CHECKPOINTS])
        heights = [
            0.55 + 0.42 * len(overview.clean),
            max(HEIGHTS[across] * down, 0.2) if shown else 0.2,
            0.35 + 1.05 * several,
        ]
        spare = max(PAGE[1] - sum(heights), 0.1)
        parts: Any = figure.subfigures(4, 1, height_ratios=[*heights, spare])
        head, curves, gallery, _ = parts
        _head(head, overview, title)
        if shown:
            _curves(curves, shown, down, across)
        _gallery(gallery, predictions)
    return figure


def _head(part: "SubFigure", overview: Overview, title: str | None) -> None:
    names = ", ".join(checkpoint.name for checkpoint in overview.clean)
    dataset = overview.predictions.manifest.get("dataset", {}).get("name", "")
    part.text(0.03, 0.88, title if title is not None else f"How robust: {names}", fontsize=15, weight="bold", va="top")
    step = 0.62 / max(len(overview.clean), 1)
    for row, checkpoint in enumerate(overview.clean):
        height = 0.6 - row * step
        part.text(
            0.03, height, checkpoint.name, fontsize=10, weight="bold", color=word_colour(checkpoint.index), va="top"
        )
        accuracy = share_text(checkpoint.accuracy, checkpoint.low, checkpoint.high, decimals=2, sign=True)
        digits = count(len(overview.predictions))
        part.text(0.24, height, f"reads {accuracy} of {digits} clean digits of {dataset}", fontsize=10, va="top")


def _curves(part: "SubFigure", suites: tuple[SuiteOverview, ...], down: int, across: int) -> None:
    panels = list(part.subplots(down, across, squeeze=False, sharey=True).flat)
    for axes, suite in zip(panels, suites, strict=False):
        sweep = suite.hardest
        draw_curve(axes, sweep, names=False, small=across > 1)
        axes.set_title(f"{suite.title}: {heading(sweep)}" if len(suite.sweeps) > 1 else suite.title, fontsize=8)
    for axes in panels[len(suites) :]:
        axes.set_visible(False)
    words = "Accuracy against strength, the hardest sweep of each suite; a ring: a tenth is lost"
    part.suptitle(words, fontsize=9, x=0.03, ha="left")


def _gallery(part: "SubFigure", predictions: Predictions) -> None:
    by_checkpoint = {name: _most_confident(predictions, name) for name in predictions.checkpoints[:MOST_CHECKPOINTS]}
    if not any(by_checkpoint.values()):
        return
    part.suptitle("The most confident mistakes: true class → what was read", fontsize=9, x=0.03, ha="left")
    grid = part.subplots(len(by_checkpoint), MISTAKES, squeeze=False)
    for (name, wrong), row in zip(by_checkpoint.items(), grid, strict=True):
        for column, axes in enumerate(row):
            quiet(axes)
            if column < len(wrong):
                mistake = wrong[column]
                axes.imshow(mistake.picture, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
                text = f"{mistake.label} → {mistake.predicted}, {percent(mistake.confidence, 0)}"
                axes.set_xlabel(text, fontsize=7, color=LIGHT.muted)
        ink = word_colour(predictions.index(name))
        row[0].set_ylabel(name, fontsize=8, color=ink, rotation=0, ha="right", va="center", labelpad=8)


def _most_confident(predictions: Predictions, checkpoint: str) -> list[_Mistake]:
    """Return the most confident mistakes over all suites, each digit once, of which the run kept a picture."""
    if predictions.digits is None:
        return []
    ranked: dict[int, tuple[float, _Mistake]] = {}
    for suite in predictions.suites:
        if not suite.curves:
            continue
        for row in mistakes(predictions, checkpoint, suite.name, MISTAKES).to_dict("records"):
            setting = Setting(suite.name, str(row["sweep"]), float(row["value"]))
            shown = Shown(setting, int(row["variant"]), int(row["row"]))
            picture, odds = predictions.digits.perturbed.get(shown), float(row["log_odds"])
            if picture is not None and odds > ranked.get(shown.row, (-np.inf, None))[0]:
                mistake = _Mistake(picture, int(row["label"]), int(row["predicted"]), float(row["confidence"]))
                ranked[shown.row] = (odds, mistake)
    best = sorted(ranked.values(), key=lambda pair: -pair[0])[:MISTAKES]
    return [mistake for _, mistake in best]
