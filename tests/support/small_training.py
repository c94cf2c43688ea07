"""A training in small, of the embedded digits: its recipe, and what it leaves."""

from pathlib import Path
from typing import Any

from robustmnist.training import Recipe
from robustmnist.training.read import check_recipe

__all__ = ["recipe", "weights"]

TABLE: dict[str, Any] = {
    "name": "small",
    "description": "For tests.",
    "model": {"name": "fc", "widths": [32], "dropout": 0.2, "batch_norm": True},
    "epochs": 3,
    "batch_size": 32,
    "average": {"decay": 0.9},
    "optimizer": {"lr": 0.01},
    "data": {"dataset": "digits", "validation": 100, "limit": 400},
}


def recipe(**changes: Any) -> Recipe:
    """Return the recipe with whole values or tables of it replaced."""
    return check_recipe(TABLE | changes, where="test")


def weights(folder: Path) -> list[bytes]:
    """Return the bytes of a run's checkpoints."""
    return [(folder / f"{name}.safetensors").read_bytes() for name in ("best", "last")]
