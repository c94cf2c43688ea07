"""One cell of a study from start to end: train, evaluate, keep what is small."""

import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from robustmnist.ablation.cell import Cell, write_cell
from robustmnist.data import Dataset, load_dataset
from robustmnist.errors import RecipeError
from robustmnist.evaluation.alone import logits_alone
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.predictions import Predictions
from robustmnist.results import critical_influences, critical_strengths, quality
from robustmnist.results.correctness import accuracies, clean_right
from robustmnist.results.robustness.areas import image_areas
from robustmnist.suites import Suite
from robustmnist.system.device import describe_device
from robustmnist.training import Recipe, train

__all__ = ["make_cell", "silent", "test_digits"]

RESAMPLES = 20  # only the critical strengths themselves are kept, not these intervals over digits
DECIMALS = 6  # decimals of what is kept


def test_digits(dataset: str, limit: int, data_dir: Path | None, device: torch.device) -> Dataset:
    """Return the digits that every cell is evaluated on."""
    return load_dataset(dataset, data_dir=data_dir, device=device, notify=silent).sample(limit or None)


def make_cell(
    path: Path,
    variant: str,
    recipe: Recipe,
    suites: Sequence[Suite],
    digits: Dataset,
    identity: Mapping[str, Any],
    device: torch.device,
    data_dir: Path | None,
) -> None:
    """Train `recipe`, evaluate its best epoch, and write the cell; a training that diverges makes a cell without a net.

    Args:
        path: Of the cell, without ending.
        variant: Its name.
        recipe: With the cell's seed.
        suites: What it is evaluated on.
        digits: The test digits, on `device`.
        identity: What the numbers depend on, kept with them.
        device: Where.
        data_dir: Where MNIST is.
    """
    facts: dict[str, Any] = {"format": 1, "variant": variant, "seed": recipe.seed, "identity": dict(identity)}
    facts |= {"n": len(digits), "device": describe_device(device)}
    with tempfile.TemporaryDirectory(prefix="robustmnist-") as folder:
        try:
            run = train(recipe, device=str(device), out=Path(folder) / "run", data_dir=data_dir, notify=silent)
        except RecipeError as cause:
            if "diverged" not in cause.what:
                raise
            nothing = np.zeros(len(digits))
            failed = {"diverged": True, "accuracy": 0.0, "areas": {suite.name: 0.0 for suite in suites}}
            write_cell(path, Cell(facts | failed, nothing > 0, {suite.name: nothing for suite in suites}))
            return
        checkpoint = load_checkpoint(run.best, device=device)
        card, metrics = run.card, run.metrics
    predictions = logits_alone({variant: checkpoint}, digits, suites, device)
    areas = {suite.name: _digit_areas(predictions, suite) for suite in suites}
    facts |= {
        "diverged": False,
        "parameters": card.parameters,
        "epochs": metrics["epochs"],
        "best_epoch": metrics["best"]["epoch"],
        "seconds": metrics["training_seconds"],
        "validation_accuracy": metrics["best"]["validation_accuracy"],
        "areas": {name: round(float(area.mean()), DECIMALS) for name, area in areas.items()},
        "sweeps": _sweeps(predictions),
        "critical": (critical := _critical(predictions)),
        **_scores(predictions),
    }
    write_cell(path, Cell(facts, clean_right(predictions)[0], areas, _influences(predictions, critical)))


def silent(_: str) -> None:
    """Say nothing."""


def _digit_areas(predictions: Predictions, suite: Suite) -> Any:
    return np.mean([image_areas(predictions, suite.name, sweep.name)[0] for sweep in suite.curves], axis=0)


def _scores(predictions: Predictions) -> dict[str, float]:
    """Return accuracy, likelihood and calibration on clean digits, and calibration over all perturbed settings."""
    table = quality(predictions, resamples=0)
    clean, perturbed = table[table["suite"] == ""].iloc[0], table[(table["suite"] != "") & ~table["neutral"]]
    scores = {name: float(clean[name]) for name in ("accuracy", "nll")}
    scores |= {"ece": float(clean["ece_width"]), "ece_perturbed": float(perturbed["ece_width"].mean())}
    return {name: round(value, DECIMALS) for name, value in scores.items()}


def _sweeps(predictions: Predictions) -> list[dict[str, Any]]:
    return [
        {
            "suite": suite.name,
            "sweep": sweep.name,
            "unit": sweep.unit,
            "values": list(sweep.values),
            "accuracy": [round(float(share), DECIMALS) for share in accuracies(predictions, suite.name, sweep.name)[0]],
        }
        for suite in predictions.suites
        for sweep in suite.curves
    ]


def _critical(predictions: Predictions) -> list[dict[str, Any]]:
    kept = ("suite", "sweep", "side", "unit", "end", "critical", "beyond")
    rows = critical_strengths(predictions, RESAMPLES)[list(kept)].to_dict("records")
    return [{str(name): _plain(value) for name, value in row.items()} for row in rows]


def _influences(predictions: Predictions, critical: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
    by_side = critical_influences(predictions)
    return np.stack([by_side[row["suite"], row["sweep"], row["side"]][0] for row in critical])


def _plain(value: Any) -> Any:
    """Return a value of JSON: None for NaN, numbers of Python for those of NumPy."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, float | np.floating | int | np.integer):
        return round(float(value), DECIMALS) if math.isfinite(value) else None
    return value
