"""The digits that a report shows, perturbed a second time: a few hundred out of millions."""

from collections import defaultdict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.data import Dataset
from robustmnist.predictions import Digits, Predictions, Shown
from robustmnist.results import clean_mistakes, mistakes
from robustmnist.suites import Setting, Suite, Sweep, prepared

__all__ = ["make_pictures"]

Pictures = NDArray[np.uint8]


def make_pictures(predictions: Predictions, dataset: Dataset, seed: int | None) -> Digits:
    """Return the example digits of every sweep, and every checkpoint's most confident mistakes, perturbed and clean.

    Args:
        predictions: Of `dataset`, row by row.
        dataset: On any device.
        seed: As given to `robustmnist.evaluate`.
    """
    digits = Digits()
    _, first = np.unique(predictions.labels, return_index=True)
    rows = {int(row) for name in predictions.checkpoints for row in clean_mistakes(predictions, name)["row"]}
    for suite in predictions.suites:
        own = suite.seed if seed is None else seed
        for sweep in suite.curves:
            digits.examples[suite.name, sweep.name] = _pictures(dataset, first, sweep, sweep.values, 0, own)
        sweeps = {sweep.name: sweep for sweep in suite.sweeps}
        for (setting, variant), mistaken in _mistaken(predictions, suite).items():
            seen = _pictures(dataset, np.array(mistaken), sweeps[setting.sweep], (setting.value,), variant, own)[0]
            digits.perturbed.update(
                (Shown(setting, variant, row), picture) for row, picture in zip(mistaken, seen, strict=True)
            )
            rows.update(mistaken)
    clean = _grey(dataset.rows(_index(dataset, np.array(sorted(rows), np.int64))))
    digits.clean.update(zip(sorted(rows), clean, strict=True))
    return digits


def _mistaken(predictions: Predictions, suite: Suite) -> dict[tuple[Setting, int], list[int]]:
    """Return the rows of all checkpoints' most confident mistakes at each setting and variant."""
    rows: dict[tuple[Setting, int], set[int]] = defaultdict(set)
    for checkpoint in predictions.checkpoints:
        table = mistakes(predictions, checkpoint, suite.name)
        for sweep, value, variant, row in table[["sweep", "value", "variant", "row"]].itertuples(index=False):
            rows[Setting(suite.name, str(sweep), float(value)), int(variant)].add(int(row))
    return {key: sorted(mistaken) for key, mistaken in rows.items()}


def _pictures(
    dataset: Dataset, rows: NDArray[np.int64], sweep: Sweep, values: tuple[float, ...], variant: int, seed: int
) -> Pictures:
    """Return some rows of the data set under some values of one variant, (V, E, 28, 28)."""
    index = _index(dataset, rows)
    images, ids = dataset.rows(index), dataset.ids[index]
    perturbed = prepared(sweep, sweep.variants[variant], images, ids=ids, seed=dataset.seed(seed))
    seen = torch.stack([perturbed(value) for value in values])
    return _grey(seen.flatten(0, 1)).reshape(len(values), len(rows), *seen.shape[-2:])


def _index(dataset: Dataset, rows: NDArray[np.int64]) -> Tensor:
    return torch.from_numpy(rows.copy()).to(dataset.device)


def _grey(images: Tensor) -> Pictures:
    """Return images (B, 1, 28, 28) in [0, 1] as grey levels (B, 28, 28)."""
    grey: Pictures = (images[:, 0] * 255).round().to(torch.uint8).cpu().numpy()
    return grey
