"""What the best epoch answers, as the page shows it: confusion matrix, scores of each class, samples, first layer."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustmnist.page.colours import MATRIX_STEPS
from robustmnist.page.png import sheet, uri
from robustmnist.page.records import Cell, Table
from robustmnist.page.signed import signed_sheet
from robustmnist.statistics.class_scores import class_scores
from robustmnist.statistics.wilson import wilson
from robustmnist.training.evidence.facts import Answered, TrainingFacts
from robustmnist.training.evidence.words import filter_words
from robustmnist.wording.numbers import count, interval, percent

__all__ = ["RIGHT", "WRONG", "Filters", "Sample", "filters", "matrix", "samples", "scores"]

RIGHT, WRONG = 10, 30  # samples that are shown, at most


@dataclass(frozen=True)
class Sample:
    """A digit: its picture, whether it is read right, what it is, what is read, and its id."""

    source: str
    right: bool
    title: str
    note: str


@dataclass(frozen=True)
class Filters:
    """The first layer as one picture."""

    source: str
    width: int
    height: int
    alt: str
    note: str


def matrix(confusion: NDArray[np.int64]) -> tuple[tuple[Cell, ...], ...]:
    """Return the counts as cells, a mistake shaded by the root of its share of the row, so that 1 % shows."""
    steps, totals = len(MATRIX_STEPS) - 1, np.maximum(confusion.sum(1), 1)
    return tuple(
        tuple(
            Cell(
                str(int(times)) if times or true == read else "",
                level=0 if true == read or not times else math.ceil(steps * math.sqrt(times / totals[true])),
            )
            for read, times in enumerate(row)
        )
        for true, row in enumerate(confusion)
    )


def scores(confusion: NDArray[np.int64]) -> Table:
    """Return precision, recall and F1 of every class, and their means over classes and over digits."""
    of_class = class_scores(confusion)
    low, high = wilson(np.diagonal(confusion), of_class.n)
    head = ("class", "digits", "precision, %", "recall, %", "95 % interval", "F1, %")

    def share(value: float) -> str:
        return percent(value, 2, sign=False)

    rows = [
        (
            str(digit),
            count(int(of_class.n[digit])),
            share(of_class.precision[digit]),
            share(of_class.recall[digit]),
            interval(float(low[digit]), float(high[digit])) if of_class.n[digit] else "–",
            share(of_class.f1[digit]),
        )
        for digit in range(len(confusion))
    ]
    total = count(int(of_class.n.sum()))
    rows.append(("mean over classes (macro)", total, "", "", "", share(of_class.macro)))
    rows.append(("mean over digits (weighted)", total, "", "", "", share(of_class.weighted)))
    return Table("Precision, recall and F1 of every class", head, tuple(rows))


def samples(answered: Answered) -> tuple[Sample, ...]:
    """Return the least confident right answer of every class, and the most confident wrong answers."""
    right = [np.flatnonzero(answered.right & (answered.labels == digit)) for digit in range(RIGHT)]
    chosen = [rows[np.argmin(answered.confidence[rows])] for rows in right if len(rows)]
    wrong = np.flatnonzero(~answered.right)
    wrong = wrong[np.argsort(-answered.confidence[wrong], kind="stable")][:WRONG]
    return tuple(_sample(answered, int(row)) for row in [*chosen, *wrong])


def _sample(answered: Answered, row: int) -> Sample:
    right, label, read = bool(answered.right[row]), int(answered.labels[row]), int(answered.predicted[row])
    picture = uri(sheet(answered.images[None, row : row + 1]))
    title = f"✓ {read}" if right else f"✗ {read}, is {label}"
    return Sample(picture, right, title, f"{percent(float(answered.confidence[row]))} · #{answered.ids[row]}")


def filters(facts: TrainingFacts) -> Filters | None:
    """Return the first layer's weights as one picture; None where they make none."""
    maps = facts.filters
    if not len(maps):
        return None
    zoom = 1 if maps.shape[1] >= 28 else 8
    png, width, height = signed_sheet(maps, 16, zoom)
    return Filters(uri(png), width, height, f"The weights of {len(maps)} units of the first layer", filter_words(facts))
