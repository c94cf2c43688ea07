"""The picture that README shows: accuracy against strength, once for light and once for dark pages."""

import pandas as pd

from robustmnist.page.colours import Scheme
from robustmnist.page.figure import own_style, picture
from robustmnist.predictions import Predictions
from robustmnist.results.focus import KEEP

__all__ = ["curves"]

# Suite, sweep and title of each panel.
PANELS = (("shift", "radius", "moved"), ("rotation", "angle", "turned"), ("noise", "gaussian", "Gaussian noise"))
AXES = {"px": "px", "°": "degrees", "×": "factor", "sd of ink": "standard deviation, 1 = full ink"}


def curves(predictions: Predictions, summary: pd.DataFrame, scheme: Scheme) -> str:
    """Return the SVG that README shows: accuracy against strength in three panels, bands, names beside the curves."""
    with own_style({"font.family": "sans-serif", "font.size": 10.0}):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(9.6, 3.0), layout="constrained")
        figure.patch.set_visible(False)
        for axes, (suite, sweep, title) in zip(figure.subplots(1, len(PANELS), sharey=True), PANELS, strict=True):
            rows = summary[(summary["suite"] == suite) & (summary["sweep"] == sweep)]
            for colour, name in zip(scheme.lines, predictions.checkpoints, strict=False):
                curve = rows[rows["checkpoint"] == name]
                # Where the curve crosses it a tenth of this checkpoint's clean accuracy is lost.
                floor = 100 * KEEP * float(curve[curve["neutral"]]["accuracy"].iloc[0])
                axes.axhline(floor, color=colour, lw=0.8, dashes=(4, 3))
                axes.fill_between(
                    curve["value"],
                    100 * curve["accuracy_low"],
                    100 * curve["accuracy_high"],
                    color=colour,
                    alpha=0.25,
                    lw=0,
                )
                axes.plot(curve["value"], 100 * curve["accuracy"], color=colour, lw=1.8, label=name)
            axes.set(title=title, xlabel=AXES[predictions.sweep(suite, sweep).unit], ylim=(0, 101), facecolor="none")
            axes.set_xlim(rows["value"].min(), rows["value"].max())
            axes.tick_params(colors=scheme.muted, length=3)
            axes.title.set_color(scheme.ink)
            axes.xaxis.label.set_color(scheme.muted)
            axes.spines[["top", "right"]].set_visible(False)
            axes.spines[["left", "bottom"]].set_color(scheme.rule)
            if axes.get_subplotspec().is_first_col():
                axes.set_ylabel("accuracy, %", color=scheme.muted)
                axes.legend(
                    frameon=False, labelcolor=list(scheme.words[: len(predictions.checkpoints)]), loc="lower left"
                )
        return picture(figure, "svg", dpi=100).decode()
