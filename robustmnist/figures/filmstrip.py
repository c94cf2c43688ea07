"""A film strip: one digit at rising strength, and under each picture what every checkpoint read."""

from typing import TYPE_CHECKING

from robustmnist.data import Dataset
from robustmnist.figures.pushed import Pushed, digits_of, push
from robustmnist.figures.style import STYLE, quiet, word_colour
from robustmnist.page.colours import LIGHT
from robustmnist.page.figure import own_style
from robustmnist.predictions import Predictions
from robustmnist.wording.digits import digit_text
from robustmnist.wording.numbers import percent, strength

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["filmstrip", "reading"]

MOST = 9  # pictures side by side
SIDE = 0.92  # inches of a picture
LINE = 0.24  # inches of a line of text
NAMES = 1.5  # inches for the names of the checkpoints


def filmstrip(
    predictions: Predictions,
    suite: str,
    sweep: str | None = None,
    digit: int | None = None,
    *,
    dataset: Dataset | None = None,
    title: str | None = None,
) -> "Figure":
    """Draw one digit at up to nine strengths of a sweep, with what each checkpoint read and how confident it was.

    A wrong answer stands in a box.

    Args:
        predictions: The run.
        suite: A suite of it.
        sweep: One of its sweeps; by default the first.
        digit: The digit's id; by default the first that all checkpoints read right as it is and all misread somewhere.
        dataset: The digits of the run; by default they are read again by their name.
        title: What stands above; by default the sweep's title and the digit.

    Raises:
        RunError: If the run has no such suite, sweep or digit.
    """
    pushed = push(predictions, dataset if dataset is not None else digits_of(predictions), suite, sweep, digit)
    shown = _spaced(len(pushed.images), pushed.neutral)
    rows = len(pushed.checkpoints)
    with own_style(STYLE):
        from matplotlib.figure import Figure

        size = (NAMES + SIDE * len(shown), 0.35 + SIDE + LINE * (rows + 1))
        figure = Figure(figsize=size)
        figure.suptitle(
            title if title is not None else heading(pushed), x=0.02, y=0.99, ha="left", va="top", fontsize=11
        )
        wide, tall = size
        foot = LINE * (rows + 1) / tall
        for column, at in enumerate(shown):
            left = (NAMES + SIDE * column) / wide
            axes = figure.add_axes((left, foot, 0.92 * SIDE / wide, 0.92 * SIDE / tall))
            axes.imshow(pushed.images[at], cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
            quiet(axes)
            middle = left + 0.46 * SIDE / wide
            ink = LIGHT.ink if at == pushed.neutral else LIGHT.muted
            text = strength(pushed.sweep.values[at], pushed.sweep.unit)
            figure.text(middle, foot - 0.6 * LINE / tall, text, ha="center", va="center", fontsize=8, color=ink)
            for index in range(rows):
                height = foot - (index + 1.6) * LINE / tall
                text, wrong = reading(pushed, index, at)
                box = {"boxstyle": "square,pad=0.2", "fc": "none", "ec": word_colour(index), "lw": 1} if wrong else None
                figure.text(middle, height, text, ha="center", va="center", fontsize=8, bbox=box)
        for index, name in enumerate(pushed.checkpoints):
            height = foot - (index + 1.6) * LINE / tall
            figure.text(0.02, height, name, va="center", fontsize=9, color=word_colour(index), weight="bold")
    return figure


def heading(pushed: Pushed) -> str:
    """Return which digit is pushed how: "Turn counter-clockwise: digit 17, a 7"."""
    return f"{pushed.sweep.title}: digit {pushed.id}, {digit_text(pushed.label)}"


def reading(pushed: Pushed, index: int, at: int) -> tuple[str, bool]:
    """Return what a checkpoint read at one value, with its confidence, and whether that is wrong."""
    read = int(pushed.read[index, at])
    if read < 0:
        return "no answer", True
    return f"{read}  {percent(float(pushed.confidence[index, at]), 0)}", read != pushed.label


def _spaced(count: int, neutral: int) -> list[int]:
    """Return at most `MOST` indices, both ends and the neutral strength among them, as evenly spaced as that allows."""
    if count <= MOST:
        return list(range(count))
    steps = (step for step in range(1, count) if len({0, count - 1, *range(neutral % step, count, step)}) <= MOST)
    step = next(steps)
    return sorted({0, count - 1, *range(neutral % step, count, step)})
