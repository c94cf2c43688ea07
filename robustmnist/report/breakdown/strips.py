"""Example digits at rising strength, and what every checkpoint read under each of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustmnist.overview.in_words import NAME, TITLE, axis_text
from robustmnist.overview.overview import Overview, SweepOverview
from robustmnist.page.colours import hue
from robustmnist.page.png import sheet, uri
from robustmnist.page.records import Cell, Key
from robustmnist.predictions import Digits
from robustmnist.report.breakdown.words import strip_caption
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import TIGHT, listing, strength

__all__ = ["Strip", "StripGroup", "StripRow", "columns", "strip_groups"]


MOST, FEWER = 7, 5  # strengths of a strip in a suite's hardest sweep, and in the others; two strips stand side by side
EXAMPLES = 2  # digits in a suite's hardest sweep; one in the others


@dataclass(frozen=True)
class StripRow:
    """One example digit along a sweep: its class, its sheet, and what each checkpoint read at each strength."""

    label: int
    sheet: str
    alt: str
    verdicts: tuple[tuple[Key, tuple[Cell, ...]], ...]


@dataclass(frozen=True)
class Strip:
    """Example digits along a sweep; columns are labels, each marked "clean", "focus" or nothing."""

    title: str
    axis: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[StripRow, ...]
    caption: str


@dataclass(frozen=True)
class StripGroup:
    """The strips of one suite: its hardest sweep's, and the others, which start folded."""

    title: str
    strip: Strip
    more: tuple[Strip, ...]


def strip_groups(
    overview: Overview, digits: Digits, read: Mapping[tuple[int, int], NDArray[np.int64]]
) -> tuple[StripGroup, ...]:
    """Return strips of example digits per suite; none where the run kept no pictures.

    Args:
        overview: The run.
        digits: What pictures the run kept.
        read: By a sweep's index what was read of the first image of each class under the first variant, int64
            (checkpoints, values, classes); −1 for no valid answer.
    """
    groups = []
    for suite in overview.suites:
        strips = {}
        for sweep in suite.sweeps:
            examples = digits.examples.get((sweep.suite.name, sweep.name))
            if examples is not None and len(examples) == len(sweep.values):
                hardest = sweep is suite.hardest
                strips[sweep.index] = _strip(overview, sweep, examples, read[sweep.index], hardest=hardest)
        first = strips.pop(suite.hardest.index, None)
        if first is not None:
            groups.append(StripGroup(shorten(suite.title, TITLE), first, tuple(strips.values())))
    return tuple(groups)


def columns(values: tuple[float, ...], neutral: float, focus: float, most: int = MOST) -> list[int]:
    """Return the indices of some strengths: both ends, neutral, the focus, and what lies farthest from these.

    >>> columns((0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 0, 3)
    [0, 1, 2, 3, 6, 8, 10]
    """
    chosen = {0, len(values) - 1, values.index(neutral), values.index(focus)}
    while len(chosen) < min(most, len(values)):
        rest = [i for i in range(len(values)) if i not in chosen]
        chosen.add(max(rest, key=lambda i: (min(abs(i - j) for j in chosen), -i)))
    return sorted(chosen)


def _strip(
    overview: Overview,
    sweep: SweepOverview,
    examples: NDArray[np.uint8],
    read: NDArray[np.int64],
    *,
    hardest: bool,
) -> Strip:
    values, kept = sweep.values, examples.shape[1]
    many = EXAMPLES if hardest else 1
    shown = columns(values, sweep.neutral, sweep.focus, MOST if hardest else FEWER)
    # Of the kept examples, one of each class, some that lie apart, so that the shapes differ.
    chosen = [kept * (i + 1) // (many + 1) for i in range(min(many, kept))]
    # The pictures are the first image of each class under the first variant: so are the answers.
    classes = np.unique(overview.predictions.labels)
    unit = sweep.unit if sweep.unit in TIGHT else ""
    signed = sweep.two_sided and sweep.neutral == 0
    heads = []
    for i in shown:
        sign = "focus" if values[i] == sweep.focus else "clean" if values[i] == sweep.neutral else ""
        heads.append((strength(float(f"{values[i]:.3g}"), unit, signed=signed), sign))
    rows = []
    for example in chosen:
        label = int(classes[example])
        verdicts = []
        for checkpoint in overview.clean:
            answers = read[checkpoint.index, shown, example].tolist()
            cells = tuple(Cell(str(a) if a >= 0 else "–", level=int(a != label)) for a in answers)
            verdicts.append((Key(hue(checkpoint.index), shorten(checkpoint.name, NAME)), cells))
        alt = f"The same {label} at {listing([text for text, _ in heads])}"
        rows.append(StripRow(label, uri(sheet(examples[shown, example][None])), alt, tuple(verdicts)))
    title = shorten(sweep.title, TITLE)
    return Strip(title, axis_text(sweep), tuple(heads), tuple(rows), strip_caption(sweep))
