"""What the page about a training is made of: the tables of its folder and what its best epoch answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustmnist.data import Dataset
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.statistics.decisions import decide
from robustmnist.training.evidence.tables import read_columns
from robustmnist.training.recipe import Recipe
from robustmnist.training.run_folder import RunFolder

__all__ = ["Answered", "TrainingFacts", "gather_facts"]

CLASSES = 10
FILTERS = 64  # at most, of a first layer


@dataclass(frozen=True)
class Answered:
    """What a checkpoint answers on digits: true and read classes, confidence (n,), pictures uint8 (n, 28, 28), ids."""

    labels: NDArray[np.int64]
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float64]
    images: NDArray[np.uint8]
    ids: NDArray[np.int64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which digits are read right."""
        right: NDArray[np.bool_] = self.labels == self.predicted
        return right

    @property
    def confusion(self) -> NDArray[np.int64]:
        """How often each class (rows) is read as each (columns), (10, 10)."""
        cells = np.bincount(self.labels * CLASSES + self.predicted, minlength=CLASSES**2)
        return cells.reshape(CLASSES, CLASSES)


@dataclass(frozen=True)
class TrainingFacts:
    """All that the page shows.

    Attributes:
        recipe: Of the run.
        metrics: How it ended, as in metrics.json.
        history: history.csv, column to numbers, one per epoch.
        steps: steps.csv, column to numbers, one per step.
        layers: Layer to ``(epochs, gradient norms, weight norms)``.
        answered: Of the best epoch, on the digits that choose it.
        digits: What these digits are.
        filters: Of its first layer, (n, height, width): kernels, or the weights of all pixels of a unit.
        units: How many there are in all.
        device: On which it was trained.
        warnings: What a reader must know of the digits, a sentence each.
    """

    recipe: Recipe
    metrics: dict[str, Any]
    history: dict[str, list[float]]
    steps: dict[str, list[float]]
    layers: dict[str, tuple[list[float], list[float], list[float]]]
    answered: Answered
    digits: str
    filters: NDArray[np.float32]
    units: int
    device: str
    warnings: tuple[str, ...] = ()


def gather_facts(
    run: RunFolder,
    validation: Dataset,
    metrics: dict[str, Any] | None = None,
    codes: Sequence[str] = (),
    warnings: Sequence[str] = (),
) -> TrainingFacts:
    """Read a run's folder and ask its best checkpoint for its answers on the validation digits.

    Args:
        run: The folder.
        validation: The digits.
        metrics: What metrics.json is to hold; by default what it holds.
        codes: Code that the run's model may run, ``net.py:Net``.
        warnings: What is to be said of the digits.
    """
    best = load_checkpoint(run.best, device=validation.device, code=codes)
    answers = decide(best.deployed(validation.images).cpu().numpy())
    pictures = np.rint(validation.images[:, 0].cpu().numpy() * 255).astype(np.uint8)
    labels, ids = validation.labels.cpu().numpy(), validation.ids.cpu().numpy()
    filters = _first_filters(best.model.state_dict())
    return TrainingFacts(
        recipe=run.recipe,
        metrics=run.metrics if metrics is None else metrics,
        history=_numbers(read_columns(run.path / "history.csv")),
        steps=_numbers(read_columns(run.steps)),
        layers=_by_layer(read_columns(run.layers)),
        answered=Answered(labels, answers.predicted.astype(np.int64), answers.confidence, pictures, ids),
        digits=f"{len(validation):,} validation digits of {validation.name}",
        filters=filters[:FILTERS],
        units=len(filters),
        device=run.card.device,
        warnings=tuple(warnings),
    )


def _numbers(columns: dict[str, list[str]]) -> dict[str, list[float]]:
    return {name: [float(cell) for cell in cells] for name, cells in columns.items()}


def _by_layer(columns: dict[str, list[str]]) -> dict[str, tuple[list[float], list[float], list[float]]]:
    layers: dict[str, tuple[list[float], list[float], list[float]]] = {}
    for epoch, name, gradient, weight in zip(*columns.values(), strict=True) if columns else ():
        epochs, gradients, weights = layers.setdefault(name, ([], [], []))
        epochs.append(float(epoch))
        gradients.append(float(gradient))
        weights.append(float(weight))
    return layers


def _first_filters(weights: dict[str, Any]) -> NDArray[np.float32]:
    """Return the first layer's weights as maps: kernels of a convolution, pixels of a unit; none where neither fits."""
    first = next((value for value in weights.values() if value.ndim > 1), None)
    if first is None or (first.ndim == 2 and first.shape[1] != 28 * 28):
        return np.zeros((0, 1, 1), np.float32)
    maps: NDArray[np.float32] = first.float().cpu().numpy()
    return maps.reshape(len(maps), 28, 28) if maps.ndim == 2 else maps[:, 0]
