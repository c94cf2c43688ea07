"""The digits of a training: to learn from, to choose the epoch by, and to test on once at the end."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from robustmnist.data import Dataset, load_dataset
from robustmnist.data.form import form_notices
from robustmnist.data.split import digests, whole_groups
from robustmnist.errors import RecipeError
from robustmnist.training.parts import Load, load_parts
from robustmnist.training.recipe import Recipe

__all__ = ["Digits", "Load", "load_digits", "stratified_split"]


@dataclass(frozen=True)
class Digits:
    """The digits of a training: to learn from, to choose the epoch by, and to test on once at the end."""

    training: Dataset
    validation: Dataset
    test: Dataset

    @functools.cached_property
    def training_images(self) -> Tensor:
        """The training images, made once for all epochs: float32 ``(n, 1, 28, 28)``."""
        return self.training.images

    @functools.cached_property
    def validation_images(self) -> Tensor:
        """The validation images, made once for all epochs."""
        return self.validation.images

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the training's numbers must know of its digits, a sentence each; as a rule nothing."""
        said = [sentence for part in (self.training, self.test) for sentence in part.provenance.warnings]
        return tuple(dict.fromkeys([*form_notices(self.training), *said]))


def load_digits(
    recipe: Recipe,
    device: torch.device,
    data_dir: Path | None = None,
    load: Load = load_dataset,
    notify: Callable[[str], object] | None = None,
) -> Digits:
    """Return the recipe's digits: the training part of its data set, cut in two, and the test part (`load_parts`).

    The test digits are read with the others, so that a missing or damaged file costs no training. Where more than half
    of the digits would be kept back, as 5,000 of the 1,196 embedded ones, it is a twelfth, as 5,000 of MNIST's are.
    Where the writers or fonts of the digits are known, whole writers are kept back, so that the number is about that.

    Args:
        recipe: Whose ``[data]`` counts.
        device: Where the tensors are to be.
        data_dir: Where MNIST is, if not in the usual places.
        load: The function that reads the digits; it takes the arguments of `load_dataset`.
        notify: Called with a sentence where another number of digits is kept back than the recipe says, where the set
            is cut in parts here, and about digits that look wrong.

    Raises:
        DataError: If any of them are not there, or not as they should be (`load_parts`).
    """
    settings = recipe.data
    whole, test = load_parts(settings, device, data_dir, load, notify)
    whole = whole.sample(settings.limit or None)
    share = isinstance(settings.validation, float)
    keep = max(1, round(settings.validation * len(whole))) if share else int(settings.validation)
    if 2 * keep > len(whole):
        keep = max(1, len(whole) // 12)
        if notify:
            many = f"{settings.validation:,} of {len(whole):,} digits are too many"
            notify(f"data.validation: {many}, {keep:,} are kept back to choose the epoch by")
    learn, choose = _split(whole, keep, recipe.seed, notify)
    if notify and whole.groups is not None and 10 * abs(len(choose) - keep) > keep:
        notify(f"data.validation: {len(choose):,} digits are kept back instead of {keep:,}, those of whole writers")
    if not whole.provenance.known:
        learn, choose = _apart(whole, learn, choose)
    return Digits(whole.select(whole.ids[learn.to(device)]), whole.select(whole.ids[choose.to(device)]), test)


def _split(whole: Dataset, keep: int, seed: int, notify: Callable[[str], object] | None) -> tuple[Tensor, Tensor]:
    """Return the rows to learn from and to choose by: no writer is in both where the writers are known."""
    taken = None if whole.groups is None else whole_groups(whole.groups, keep, seed)
    if taken is not None:
        return torch.nonzero(~taken)[:, 0], torch.nonzero(taken)[:, 0]
    if whole.groups is not None and notify:
        notify("data.validation: the digits to choose the epoch by are of their only writer")
    return stratified_split(whole.labels, keep, seed)


def _apart(whole: Dataset, learn: Tensor, choose: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rows without those that are in both parts, pixel for pixel: such digits are to learn from.

    Where whole writers are to choose by, they stay whole, and their digits are not to learn from.
    """
    images = digests(whole)
    if whole.groups is not None and not np.isin(whole.groups[choose].cpu(), whole.groups[learn].cpu()).any():
        return learn[torch.from_numpy(~np.isin(images[learn.numpy()], images[choose.numpy()]))], choose
    twin = torch.from_numpy(np.isin(images[choose.numpy()], images[learn.numpy()]))
    return torch.cat([learn, choose[twin]]).sort().values, choose[~twin]


def stratified_split(labels: Tensor, validation: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return the rows to train on and the rows to validate on, each ascending.

    Every class gives its share of the validation rows, rounded so that they add up (largest remainders first);
    which of its rows they are depends on `seed` and nothing else.

    Args:
        labels: Classes of all rows, int64 (n,).
        validation: How many rows to keep back.
        seed: Seed of the choice.

    Raises:
        RecipeError: If fewer than half of the rows would be left to train on.
    """
    labels = labels.cpu()
    n = len(labels)
    if 2 * validation > n:
        raise RecipeError(
            f"{validation:,} of {n:,} digits are too many to keep back", where="data.validation", remedy="take fewer"
        )
    counts = torch.bincount(labels, minlength=10)
    exact = counts.double() * validation / n
    take = exact.floor().long()
    order = torch.argsort(exact - take, descending=True, stable=True)
    take[order[: validation - int(take.sum())]] += 1
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.zeros(n, dtype=torch.bool)
    for label, count in enumerate(take.tolist()):
        rows = torch.nonzero(labels == label)[:, 0]
        chosen[rows[torch.randperm(len(rows), generator=generator)[:count]]] = True
    return torch.nonzero(~chosen)[:, 0], torch.nonzero(chosen)[:, 0]
