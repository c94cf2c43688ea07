"""The digits that a report shows, perturbed again: a few hundred out of millions."""

from collections import defaultdict

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.data import Dataset
from robustmnist.perturb import prepare
from robustmnist.predictions import Predictions
from robustmnist.results import clean_mistakes, mistakes
from robustmnist.suites import Suite, Sweep

__all__ = ["make_pictures"]

Pictures = NDArray[np.uint8]


def make_pictures(predictions: Predictions, dataset: Dataset, seed: int | None) -> dict[str, Pictures]:
    """Return what `robustmnist.predictions.Digits` holds: example digits of every sweep, the surest mistakes and twins.

    Args:
        predictions: Of `dataset`, row by row.
        dataset: On any device.
        seed: As given to `robustmnist.evaluate`.
    """
    pictures = {}
    _, first = np.unique(predictions.labels, return_index=True)
    for suite in predictions.suites:
        for sweep in suite.curves:
            shown = _pictures(dataset, first, sweep, sweep.values, 0, suite.seed if seed is None else seed)
            pictures[f"examples/{suite.name}/{sweep.name}"] = shown
    for checkpoint in predictions.checkpoints:
        rows = clean_mistakes(predictions, checkpoint)["row"].to_numpy(np.int64)
        for kind in ("mistakes", "twins"):
            pictures[f"{kind}/{checkpoint}/clean"] = _clean(dataset, rows)
        for suite in predictions.suites:
            table = mistakes(predictions, checkpoint, suite.name)
            seen = _mistaken(dataset, table, suite, suite.seed if seed is None else seed)
            pictures[f"mistakes/{checkpoint}/{suite.name}"] = seen
            pictures[f"twins/{checkpoint}/{suite.name}"] = _clean(dataset, table["row"].to_numpy(np.int64))
    return pictures


def _mistaken(dataset: Dataset, table: pd.DataFrame, suite: Suite, seed: int) -> Pictures:
    """Return the digits of a table of mistakes as the checkpoint saw them, (K, 28, 28)."""
    sweeps = {sweep.name: sweep for sweep in suite.sweeps}
    settings: dict[tuple[str, float, int], list[int]] = defaultdict(list)
    for place in range(len(table)):
        line = table.iloc[place]
        settings[str(line["sweep"]), float(line["value"]), int(line["variant"])].append(place)
    rows = table["row"].to_numpy(np.int64)
    seen = np.zeros((len(table), 28, 28), np.uint8)
    for (name, value, variant), places in settings.items():
        seen[places] = _pictures(dataset, rows[places], sweeps[name], (value,), variant, seed)[0]
    return seen


def _pictures(
    dataset: Dataset, rows: NDArray[np.int64], sweep: Sweep, values: tuple[float, ...], variant: int, seed: int
) -> Pictures:
    """Return some rows of the data set under some values of one variant, (V, E, 28, 28)."""
    index = _index(dataset, rows)
    chosen = sweep.variants[variant]
    images, ids = dataset.images[index], dataset.ids[index]
    perturbed = prepare(sweep.perturbation, images, ids=ids, seed=seed, draw=chosen.draw)
    seen = torch.stack([perturbed(**sweep.arguments(value, chosen)) for value in values])
    return _grey(seen.flatten(0, 1)).reshape(len(values), len(rows), *seen.shape[-2:])


def _clean(dataset: Dataset, rows: NDArray[np.int64]) -> Pictures:
    return _grey(dataset.images[_index(dataset, rows)])


def _index(dataset: Dataset, rows: NDArray[np.int64]) -> Tensor:
    return torch.from_numpy(rows.copy()).to(dataset.images.device)


def _grey(images: Tensor) -> Pictures:
    """Return images (B, 1, 28, 28) in [0, 1] as grey levels (B, 28, 28)."""
    grey: Pictures = (images[:, 0] * 255).round().to(torch.uint8).cpu().numpy()
    return grey
