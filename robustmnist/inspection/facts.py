"""The numbers of a data set, gathered once for page, table and figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.data import Dataset
from robustmnist.inspection.hard import Hard, hard_digits
from robustmnist.inspection.neighbours import Neighbours, find_neighbours
from robustmnist.measure import MEASURES

__all__ = ["CLASSES", "InspectionFacts", "gather"]

CLASSES = 10
CHUNK = 1000  # images measured at once
SAMPLES = 12  # digits of each class that are shown

Numbers = NDArray[np.float64]
Answers = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class InspectionFacts:
    """A data set in numbers.

    Attributes:
        dataset: The data set.
        labels: Classes, int64 (n,).
        ids: Its samples' ids, int64 (n,).
        levels: The images in 256 levels, uint8 (n, 28, 28).
        counts: Digits of every class, (10,).
        means: Mean ink of every class's pixels, (10, 28, 28).
        spreads: Standard deviation of every class's pixels, (10, 28, 28).
        pixels: Histogram of all pixels' ink in 32 bins from 0 to 1, shares.
        readings: Measure to one number per digit, NaN where a digit has none.
        samples: Rows of digits drawn from every class, a list each.
        neighbours: Near-duplicates and atypical digits.
        hard: What checkpoints say; None without any.
    """

    dataset: Dataset
    labels: NDArray[np.int64]
    ids: NDArray[np.int64]
    levels: NDArray[np.uint8]
    counts: NDArray[np.int64]
    means: Numbers
    spreads: Numbers
    pixels: Numbers
    readings: Mapping[str, Numbers]
    samples: tuple[tuple[int, ...], ...]
    neighbours: Neighbours
    hard: Hard | None


def gather(
    dataset: Dataset,
    checkpoints: Mapping[str, Answers] | None = None,
    on_progress: Callable[[int, int, int], None] | None = None,
) -> InspectionFacts:
    """Measure a data set.

    Args:
        dataset: Any digits, on any device.
        checkpoints: Name to a function from images to logits; two or more find doubtful labels.
        on_progress: Called with digits measured and all of them, twice.
    """
    labels, ids = dataset.labels.cpu().numpy(), dataset.ids.cpu().numpy()
    readings: dict[str, list[Tensor]] = {name: [] for name in MEASURES}
    levels = np.empty((len(dataset), 28, 28), np.uint8)
    for start in range(0, len(dataset), CHUNK):
        part = dataset.rows(slice(start, start + CHUNK))
        levels[start : start + CHUNK] = (part[:, 0] * 255).round().to(torch.uint8).cpu().numpy()
        for name, measure in MEASURES.items():
            readings[name].append(measure.function(part).double().cpu())
        if on_progress is not None:
            done = min(start + CHUNK, len(dataset))
            on_progress(done, len(dataset), done)
    empty = np.zeros((28, 28))
    by_class = [levels[labels == digit] / 255.0 for digit in range(CLASSES)]
    return InspectionFacts(
        dataset=dataset,
        labels=labels,
        ids=ids,
        levels=levels,
        counts=np.bincount(labels, minlength=CLASSES),
        means=np.stack([part.mean(0) if len(part) else empty for part in by_class]),
        spreads=np.stack([part.std(0) if len(part) else empty for part in by_class]),
        pixels=np.histogram(levels, bins=32, range=(0, 255))[0] / levels.size,
        readings={name: torch.cat(parts).numpy() for name, parts in readings.items()},
        samples=tuple(_drawn(labels, digit) for digit in range(CLASSES)),
        neighbours=find_neighbours(levels, labels),
        hard=hard_digits(dataset, labels, checkpoints) if checkpoints else None,
    )


def _drawn(labels: NDArray[np.int64], digit: int) -> tuple[int, ...]:
    """Return rows spread evenly over those of a class."""
    rows = np.flatnonzero(labels == digit)
    return (
        tuple(int(row) for row in rows[np.linspace(0, len(rows) - 1, min(SAMPLES, len(rows))).astype(int)])
        if len(rows)
        else ()
    )
