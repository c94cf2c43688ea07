"""The folder of a training run: what lies in it and how it is written.

recipe.toml         the exact recipe, every value spelled out
best.*, last.*      checkpoints, recipe included: the epoch that did best on the validation digits, and the latest one
history.csv         one row per epoch
steps.csv           one row per step: learning rate, loss, accuracy, gradient norm
layers.csv          one row per layer and epoch: gradient norm, mean over the steps, and weight norm
training.html       all of that as one page, with what the best epoch answers on the validation digits
metrics.json        how far it went and how well the best epoch reads
curves.png, .svg    the history drawn
state.safetensors   everything that ``--resume`` needs
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustmnist.errors import RecipeError, RunError
from robustmnist.models.checkpoints.card import Card
from robustmnist.models.checkpoints.card_file import card_path, read_card
from robustmnist.system.files import clear_leftovers, disk_errors, write_atomic
from robustmnist.system.folders import holds_nothing, locked
from robustmnist.system.validation import parse_toml
from robustmnist.training.metrics import read_metrics
from robustmnist.training.read import check_recipe
from robustmnist.training.recipe import Recipe

__all__ = ["COLUMNS", "RunFolder"]

COLUMNS = (
    "epoch",
    "train_loss",
    "train_accuracy",
    "validation_loss",
    "validation_accuracy",
    "learning_rate",
    "gradient_norm",
    "seconds",
)


@dataclass(frozen=True)
class RunFolder:
    """A training run on disk.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def best(self) -> Path:
        """The best checkpoint, without ending: what `load_checkpoint` and ``--checkpoint`` take."""
        return self.path / "best"

    @property
    def last(self) -> Path:
        """The latest checkpoint, without ending."""
        return self.path / "last"

    @property
    def card(self) -> Card:
        """The best checkpoint's card; CheckpointError where there is none yet."""
        return read_card(card_path(self.best))

    @property
    def state(self) -> Path:
        """The file that a resumed training starts from."""
        return self.path / "state.safetensors"

    @property
    def recipe(self) -> Recipe:
        """The recipe as it was when the run began; RunError where there is none."""
        path = self.path / "recipe.toml"
        with suppress(OSError):  # of a file that may not be looked at, reading it says why
            if not path.is_file():
                raise RunError(
                    "is not a training run: it has no recipe.toml", where=self.path, remedy="name a run's folder"
                )
        return check_recipe(parse_toml(path, RecipeError), where=path)

    @property
    def metrics(self) -> dict[str, Any]:
        """What metrics.json holds; empty before the first epoch has ended."""
        return read_metrics(self.path / "metrics.json")

    @property
    def steps(self) -> Path:
        """The table with a row per step."""
        return self.path / "steps.csv"

    @property
    def layers(self) -> Path:
        """The table with a row per layer and epoch."""
        return self.path / "layers.csv"

    @property
    def page(self) -> Path:
        """The page about the training."""
        return self.path / "training.html"

    def check_absent(self) -> None:
        """Raise RunError if the folder holds anything already."""
        if self.path.exists() and not self.path.is_dir():
            raise RunError("is not a folder", where=self.path, remedy="choose another")
        if self.path.exists() and not holds_nothing(self.path):
            raise RunError("is there already and not empty", where=self.path, remedy="choose another or use --resume")

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Keep other processes from writing to the folder while the block runs; remove what a kill left in it.

        Raises:
            RunError: If another process is training there, or the folder cannot be made or written to.
            RobustMnistError: If the disk is full.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as cause:
            what = f"cannot be made ({getattr(cause, 'strerror', None) or cause})"
            raise RunError(what, where=self.path, remedy="choose another folder") from cause
        with locked(self.path), disk_errors(self.path, "continue with --resume"):
            clear_leftovers(self.path)
            yield

    def begin(self, recipe: Recipe) -> None:
        """Write the recipe: from now on the run can be resumed."""
        with disk_errors(self.path, "run the same command again"):
            self.write_recipe(self.path / "recipe", recipe)

    def write_recipe(self, path: Path, recipe: Recipe) -> None:
        """Write the recipe under a name without ending: that of the run, or of a checkpoint beside its two files."""
        write_atomic(path.with_name(f"{path.name}.toml"), recipe_toml(recipe))

    def write_history(self, history: Sequence[Mapping[str, Any]]) -> None:
        """Write history.csv."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(history)
        write_atomic(self.path / "history.csv", text.getvalue())

    def write_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Write metrics.json."""
        write_atomic(self.path / "metrics.json", json.dumps(metrics, indent=2, allow_nan=False) + "\n")

    def write_curves(self, curves: Mapping[str, bytes]) -> None:
        """Write the drawn curves: file ending -> bytes."""
        for kind, content in curves.items():
            write_atomic(self.path / f"curves.{kind}", content)


def recipe_toml(recipe: Recipe) -> str:
    """Return the recipe as TOML that reads back as the same recipe."""
    plain = recipe.as_dict()
    lines = [f"{key} = {_toml(value)}" for key, value in plain.items() if not isinstance(value, dict)]
    for key, table in plain.items():
        if isinstance(table, dict):
            lines += ["", f"[{key}]", *(f"{inner} = {_toml(value)}" for inner, value in table.items())]
    return "\n".join(lines) + "\n"


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_key(key)} = {_toml(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, str):
        # TOML's basic strings escape as JSON's do; DEL is the one character that only TOML forbids.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)
