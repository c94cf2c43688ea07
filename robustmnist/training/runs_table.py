"""Several training runs as one table: in what their recipes differ, how well they read, how much they withstand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustmnist.errors import RobustMnistError
from robustmnist.predictions import read_predictions
from robustmnist.results import suite_areas
from robustmnist.training.run_folder import RunFolder
from robustmnist.training.state import flat

__all__ = ["RunRow", "is_evaluation", "is_run", "runs_table"]

WORDS = ("name", "title", "description")  # of a recipe, which decide nothing
RESAMPLES = 200  # only areas are shown, not their intervals


@dataclass(frozen=True)
class RunRow:
    """A run of the table.

    Attributes:
        path: Its folder.
        status: ``complete``, ``interrupted``, ``diverged`` or ``begun``.
        differs: Values of the recipe in which the runs differ, by key.
        epochs: Ended.
        seconds: Of training.
        validation: Accuracy of the best epoch; None before one has ended.
        test: Its accuracy on the test digits with the ends of its interval; None where it was not tested.
        areas: Suite to the mean area under its curves; empty where it was not evaluated.
    """

    path: Path
    status: str
    differs: dict[str, Any]
    epochs: int
    seconds: float
    validation: float | None
    test: tuple[float, float, float] | None
    areas: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        named = None if self.test is None else dict(zip(("accuracy", "low", "high"), self.test, strict=True))
        return vars(self) | {"path": str(self.path), "test": named}


def is_run(path: Path) -> bool:
    """Return whether a training run lies in the folder `path`."""
    return (path / "recipe.toml").is_file()


def is_evaluation(path: Path) -> bool:
    """Return whether a finished evaluation lies in the folder `path`."""
    return (path / "run.json").is_file()


def runs_table(runs: Sequence[Path], evaluations: Sequence[Path] = ()) -> list[RunRow]:
    """Return a row per training run, in the order given.

    Args:
        runs: Folders of training runs.
        evaluations: Folders of evaluations; a run's robustness is read from those of its best checkpoint, the last
            one of each suite.

    Raises:
        RunError: If a folder cannot be read.
    """
    folders = [RunFolder(path) for path in runs]
    recipes = [_decisive(folder.recipe.as_dict()) for folder in folders]
    keys = [key for key in dict.fromkeys(key for recipe in recipes for key in recipe) if _varies(recipes, key)]
    areas = _areas(evaluations)
    return [
        _row(folder, {key: recipe.get(key) for key in keys}, areas)
        for folder, recipe in zip(folders, recipes, strict=True)
    ]


def _row(folder: RunFolder, differs: dict[str, Any], areas: Mapping[str, dict[str, float]]) -> RunRow:
    metrics = folder.metrics
    best = metrics.get("best") or {}
    test = best.get("test")
    return RunRow(
        path=folder.path,
        status=metrics.get("status", "begun"),
        differs=differs,
        epochs=metrics.get("epochs", 0),
        seconds=metrics.get("training_seconds", 0.0),
        validation=best.get("validation_accuracy"),
        test=(test["accuracy"], test["low"], test["high"]) if test else None,
        areas=areas.get(folder.card.sha256, {}) if best else {},
    )


def _decisive(recipe: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in flat(recipe).items() if key not in WORDS}


def _varies(recipes: Sequence[Mapping[str, Any]], key: str) -> bool:
    return any(recipe.get(key) != recipes[0].get(key) for recipe in recipes)


def _areas(evaluations: Sequence[Path]) -> dict[str, dict[str, float]]:
    """Return the suite areas of every evaluated checkpoint by the hash of its weights."""
    by_sha256: dict[str, dict[str, float]] = {}
    for path in evaluations:
        try:
            predictions = read_predictions(path)
        except RobustMnistError:  # an evaluation of another version: the table is about the trainings
            continue
        hashes = {record["name"]: record.get("sha256") for record in predictions.manifest["checkpoints"]}
        for row in suite_areas(predictions, RESAMPLES).to_dict("records"):
            if sha256 := hashes.get(row["checkpoint"]):
                by_sha256.setdefault(sha256, {})[row["suite"]] = float(row["area"])
    return by_sha256
