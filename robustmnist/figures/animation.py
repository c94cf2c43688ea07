"""An animation: one digit pushed further and further until every checkpoint misreads it."""

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from robustmnist.data import Dataset
from robustmnist.figures.filmstrip import heading, reading
from robustmnist.figures.pushed import Pushed, digits_of, push
from robustmnist.figures.style import STYLE, quiet, word_colour
from robustmnist.page.colours import LIGHT
from robustmnist.page.figure import own_style
from robustmnist.predictions import Predictions
from robustmnist.wording.numbers import strength

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

__all__ = ["animation"]

SIZE = (4.6, 3.0)  # inches
DPI = 100
FRAME, HOLD = 450, 1600  # milliseconds: of a strength, and of the first and the last


def animation(
    predictions: Predictions,
    suite: str,
    sweep: str | None = None,
    digit: int | None = None,
    *,
    dataset: Dataset | None = None,
    title: str | None = None,
) -> bytes:
    """Return a GIF of one digit pushed along a sweep, from as it is until all checkpoints misread it, or to the end.

    It goes to the side on which more checkpoints fail. The same run gives the same bytes. The arguments are those of
    `filmstrip`.
    """
    pushed = push(predictions, dataset if dataset is not None else digits_of(predictions), suite, sweep, digit)
    way = pushed.way()
    with own_style(STYLE):
        frames = [_pixels(_frame(pushed, at, title if title is not None else heading(pushed))) for at in way]
    durations = [HOLD, *([FRAME] * (len(frames) - 2)), HOLD][: len(frames)]
    file = io.BytesIO()
    frames[0].save(
        file, format="GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=False
    )
    return file.getvalue()


def _frame(pushed: Pushed, at: int, title: str) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, dpi=DPI)
    figure.text(0.04, 0.93, title, fontsize=9, color=LIGHT.muted, va="center")
    axes = figure.add_axes((0.04, 0.06, 0.5, 0.5 * SIZE[0] / SIZE[1]))
    axes.imshow(pushed.images[at], cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    quiet(axes)
    figure.text(0.6, 0.76, strength(pushed.sweep.values[at], pushed.sweep.unit), fontsize=16, weight="bold")
    for index, name in enumerate(pushed.checkpoints):
        height = 0.62 - index * min(0.19, 0.56 / len(pushed.checkpoints))
        text, wrong = reading(pushed, index, at)
        figure.text(0.6, height, name, fontsize=9, color=word_colour(index), weight="bold")
        box = {"boxstyle": "square,pad=0.25", "fc": "none", "ec": word_colour(index), "lw": 1.4} if wrong else None
        figure.text(0.6, height - 0.08, text, fontsize=11, bbox=box)
    return figure


def _pixels(figure: "Figure") -> "Image":
    """Return a figure as a picture with at most 256 colours."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3]).convert("P", palette=Image.Palette.ADAPTIVE)
