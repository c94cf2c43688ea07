"""The training curves of a run as PNG and SVG, the same bytes for the same history."""

from collections.abc import Mapping, Sequence
from typing import Any

from robustmnist.page.figure import own_style, picture

__all__ = ["draw_curves"]

# Two colours that stay apart for the colour-blind. Source: Okabe and Ito, Color Universal Design, 2008.
TRAIN, VALIDATION = "#0072b2", "#d55e00"


def draw_curves(history: Sequence[Mapping[str, Any]], title: str) -> dict[str, bytes]:
    """Return ``{"png": ..., "svg": ...}``: loss, error, learning rate and gradient norm over the epochs.

    The error (1 − accuracy) is drawn on a logarithmic scale: near 100 % it is what still moves.

    Args:
        history: The rows of ``history.csv``, one per epoch.
        title: What stands above.
    """

    def series(key: str) -> list[float]:
        return [row[key] for row in history]

    epochs = [row["epoch"] for row in history]
    style: dict[Any, Any] = {
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
    }
    with own_style(style):
        from matplotlib.figure import Figure
        from matplotlib.ticker import LogLocator, NullFormatter

        figure = Figure(figsize=(9, 5.2), layout="constrained")
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
        (loss, error), (rate, norm) = figure.subplots(2, 2, sharex=True)
        for label, key, color in (("training", "train", TRAIN), ("validation", "validation", VALIDATION)):
            look: dict[str, Any] = {"label": label, "color": color, "marker": "o", "markersize": 3}
            loss.plot(epochs, series(f"{key}_loss"), **look)
            # A network without a mistake has no place on a logarithmic scale: it is drawn at one in 100,000.
            error.plot(epochs, [100 * max(1 - value, 1e-5) for value in series(f"{key}_accuracy")], **look)
        rate.plot(epochs, series("learning_rate"), color=TRAIN, marker="o", markersize=3)
        norm.plot(epochs, series("gradient_norm"), color=TRAIN, marker="o", markersize=3)
        error.set_yscale("log")
        # Plain numbers: the usual powers of ten are set as formulas, which names with dollar signs forbid.
        error.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        error.yaxis.set_major_formatter("{x:g}")
        error.yaxis.set_minor_formatter(NullFormatter())
        loss.legend(frameon=False)
        for axes, text in (
            (loss, "Loss (training: regularised)"),
            (error, "Error, %"),
            (rate, "Learning rate"),
            (norm, "Gradient norm"),
        ):
            axes.set_title(text)
            axes.grid(alpha=0.25)
            axes.xaxis.get_major_locator().set_params(integer=True)
        for axes in (rate, norm):
            axes.set_xlabel("epoch")
        return {kind: picture(figure, kind, dpi=120) for kind in ("png", "svg")}
