"""The digits of a training: to learn from, to choose the epoch by, and to touch once at the end."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from robustmnist.data import Dataset, load_dataset
from robustmnist.training.recipe import Recipe
from robustmnist.training.split import stratified_split

__all__ = ["Digits", "Load", "load_digits"]

Load = Callable[..., Dataset]


@dataclass(frozen=True)
class Digits:
    """The digits of a training: to learn from, to choose the epoch by, and to touch once at the end."""

    training: Dataset
    validation: Dataset
    test: Dataset


def load_digits(
    recipe: Recipe, device: torch.device, data_dir: Path | None = None, load: Load = load_dataset
) -> Digits:
    """Return the recipe's digits: MNIST's own parts, or of the embedded digits four fifths and one fifth.

    The test digits are read with the others, so that a missing or damaged file costs no training.

    Args:
        recipe: Whose ``[data]`` counts.
        device: Where the tensors are to be.
        data_dir: Where MNIST is, if not in the usual places.
        load: What reads them, called as `load_dataset` is; one that also tells of it, say.

    Raises:
        DataError: If any of them are not there, or not as they should be.
    """
    settings = recipe.data
    if settings.dataset == "mnist":
        whole, test = (load("mnist", part=part, data_dir=data_dir, device=device) for part in ("train", "test"))
    else:
        embedded = load("digits", part="test", data_dir=None, device=device)
        rest, kept = stratified_split(embedded.labels, len(embedded) // 5, seed=0)
        whole, test = embedded.select(rest), embedded.select(kept)
    whole = whole.sample(settings.limit or None)
    learn, choose = stratified_split(whole.labels, settings.validation, recipe.seed)
    return Digits(whole.select(whole.ids[learn.to(device)]), whole.select(whole.ids[choose.to(device)]), test)
