"""Training: a recipe in, a run folder with checkpoints out."""

from robustmnist.training.read import load_recipe as load_recipe
from robustmnist.training.recipe import Recipe as Recipe
from robustmnist.training.run_folder import RunFolder as RunFolder
from robustmnist.training.session import train as train

__all__ = ["Recipe", "RunFolder", "load_recipe", "train"]


def __dir__() -> list[str]:
    return sorted(__all__)
