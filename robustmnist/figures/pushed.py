"""One digit along a sweep: what it looks like at each strength, and what each checkpoint read there."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robustmnist.data import Dataset, load_dataset
from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.statistics.decisions import decide
from robustmnist.suites import Sweep, prepared

__all__ = ["Pushed", "digits_of", "push"]


@dataclass(frozen=True, eq=False)
class Pushed:
    """A digit along the values of a sweep.

    Attributes:
        id: The digit's id in its data set.
        label: Its true class.
        sweep: The sweep; of several variants the first.
        images: float32 (V, 28, 28), ink in [0, 1].
        checkpoints: M names.
        read: int64 (M, V), the predicted class, -1 for an answer that is invalid.
        confidence: float64 (M, V), the probability that the checkpoint gave to it.
    """

    id: int
    label: int
    sweep: Sweep
    images: NDArray[np.float32]
    checkpoints: tuple[str, ...]
    read: NDArray[np.int64]
    confidence: NDArray[np.float64]

    @property
    def neutral(self) -> int:
        """Index of the value that leaves the digit as it is."""
        return self.sweep.values.index(self.sweep.neutral)

    def way(self) -> list[int]:
        """Return indices of values from neutral to the side on which more checkpoints misread, as far as needed.

        The way ends at the first strength from which on all checkpoints misread the digit, or at the end of the sweep.
        """
        sides = [list(range(self.neutral, -1, -1)), list(range(self.neutral, len(self.images)))]
        wrong = self.read != self.label
        side = max(sides, key=lambda way: (int(wrong[:, way].sum()), len(way)))
        all_wrong = [step for step, at in enumerate(side) if wrong[:, at].all()]
        return side[: all_wrong[0] + 1] if all_wrong else side


def digits_of(
    predictions: Predictions, *, data_dir: Path | None = None, notify: Callable[[str], None] | None = None
) -> Dataset:
    """Return the data set that a run was made on, read again from where it is kept.

    Raises:
        RunError: If it cannot be read by its name, or has other digits now.
    """
    record = predictions.manifest.get("dataset", {})
    name, part = str(record.get("name", "")), str(record.get("part", "test"))
    if not name:
        raise RunError("does not say which data set it is of", where="the run", remedy="hand the digits over")
    dataset = load_dataset(name, part=part, data_dir=data_dir, notify=notify)
    now = dataset.provenance.as_dict()
    # Digits that were set upright by --fix, or brought to another form, come from the same files.
    if any((now.get(key) or "") != (record.get(key) or "") for key in ("sha256", "mended", "prepared", "lineage")):
        what = "has other digits than the run was made on"
        raise RunError(what, where=name, remedy="hand over the digits of the run, in Python")
    return dataset


def push(
    predictions: Predictions, dataset: Dataset, suite: str, sweep: str | None = None, digit: int | None = None
) -> Pushed:
    """Return what a digit of a run looks like along a sweep, and what was read.

    Args:
        predictions: The run.
        dataset: Its digits.
        suite: A suite of the run.
        sweep: One of its sweeps along one strength; by default the first.
        digit: The digit's id; by default the first that all checkpoints read right as it is and all misread somewhere.

    Raises:
        RunError: If the run has no such suite, sweep or digit.
    """
    known = predictions.suite(suite).curves
    if not known:
        raise RunError(f"suite '{suite}' has no sweep along one strength", remedy="use another suite")
    chosen = predictions.sweep(suite, sweep or known[0].name)
    if chosen not in known:
        raise RunError(f"sweep '{suite}.{chosen.name}' is a map", remedy=f"use {known[0].name}")
    logits = predictions.logits[suite, chosen.name]
    row = _row(predictions, digit) if digit is not None else _telling(predictions, suite, chosen)
    answers = [decide(np.asarray(logits[index, :, 0, row])) for index in range(len(predictions.checkpoints))]
    number = int(predictions.ids[row])
    single = dataset.select([number])
    if int(single.labels[0]) != int(predictions.labels[row]):
        what = f"has another digit {number} than the run: {int(single.labels[0])}, not {int(predictions.labels[row])}"
        raise RunError(what, where=dataset.name, remedy="hand over the digits of the run")
    # A run without a seed of its own took each suite's.
    given = predictions.manifest.get("seed")
    seed = single.seed(predictions.suite(suite).seed if given is None else int(given))
    perturbed = prepared(chosen, chosen.variants[0], single.images, ids=single.ids, seed=seed)
    images = np.stack([perturbed(value)[0, 0].cpu().numpy() for value in chosen.values])
    return Pushed(
        id=number,
        label=int(predictions.labels[row]),
        sweep=chosen,
        images=images,
        checkpoints=predictions.checkpoints,
        read=np.stack([answer.predicted for answer in answers]).astype(np.int64),
        confidence=np.stack([answer.confidence for answer in answers]).astype(np.float64),
    )


def _row(predictions: Predictions, digit: int) -> int:
    rows = np.flatnonzero(predictions.ids == digit)
    if not len(rows):
        few = ", ".join(str(number) for number in predictions.ids[:5])
        raise RunError(f"digit {digit} is not in this run", remedy=f"use one of its ids, such as {few}")
    return int(rows[0])


def _telling(predictions: Predictions, suite: str, sweep: Sweep) -> int:
    """Return the row of the first digit that shows something: read right as it is, misread by all somewhere."""
    at = sweep.values.index(sweep.neutral)
    right, lost = (np.ones(len(predictions), bool) for _ in range(2))
    for index in range(len(predictions.checkpoints)):
        table = predictions.logits[suite, sweep.name][index, :, 0].argmax(2) == predictions.labels
        right &= table[at]
        lost &= ~table.all(0)
    rows = np.flatnonzero(right & lost) if (right & lost).any() else np.flatnonzero(right)
    return int(rows[0]) if len(rows) else 0
