"""``rm.train``: a recipe by name, with values changed in place."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from robustmnist.errors import RecipeError
from robustmnist.system.notebook import notebook_progress
from robustmnist.training.read import check_recipe, load_recipe
from robustmnist.training.recipe import Recipe
from robustmnist.training.run_folder import RunFolder
from robustmnist.training.session import train as train_recipe

__all__ = ["train"]


def train(
    recipe: Recipe | str | Path,
    *,
    epochs: int | None = None,
    settings: Mapping[str, Any] | None = None,
    **options: Any,
) -> RunFolder:
    """Train what a recipe says and return the run's folder: ``rm.train("fc", epochs=1)``.

    Args:
        recipe: A recipe, the name of a shipped one, or the path of a TOML file.
        epochs: Instead of the recipe's.
        settings: Other values instead of the recipe's, such as ``{"optimizer.lr": 0.01}``.
        **options: Of `robustmnist.training.session.train`: ``device``, ``out``, ``resume``, ``on_epoch`` and so on;
            a path may be text. A notebook shows how far it is unless ``on_progress`` is given.

    Raises:
        RecipeError: If the recipe cannot be read, or a setting is none of its values.
        RobustMnistError: Whatever else is wrong, as `robustmnist.training.session.train` says.
    """
    changes = dict(settings or {}) | ({} if epochs is None else {"epochs": epochs})
    chosen = load_recipe(recipe) if isinstance(recipe, str | Path) else recipe
    if changes:
        chosen = _changed(chosen, changes)
    options |= {key: Path(options[key]) for key in ("out", "data_dir") if isinstance(options.get(key), str)}
    options.setdefault("on_progress", notebook_progress("Training", "epochs"))
    return train_recipe(chosen, **options)


def _changed(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    table = recipe.as_dict()
    for key, value in changes.items():
        *outer, last = key.split(".")
        inner = table
        for part in outer:
            inner = inner.setdefault(part, {})
            if not isinstance(inner, dict):
                raise RecipeError(f"'{part}' is a value, not a table", where=f"settings: {key}")
        inner[last] = value
    return check_recipe(table, where="settings")
