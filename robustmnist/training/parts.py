"""The two parts of a recipe's data set, checked before use: to train on, and to test on once at the end."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

from robustmnist.data import Dataset, load_dataset
from robustmnist.data.form import check_digits
from robustmnist.data.load import source_of
from robustmnist.data.sources.source import MissingPartError
from robustmnist.data.split import digests, held_back, held_back_words
from robustmnist.errors import DataError
from robustmnist.inspection.preflight import checked
from robustmnist.training.recipe import Data, Recipe

__all__ = ["Load", "hashes_of", "load_parts", "with_hashes"]

Load = Callable[..., Dataset]
Notify = Callable[[str], object]
LEAST, LEAST_TEST = 50, 10  # digits to train on, the validation digits among them, and to test on


def load_parts(
    settings: Data,
    device: torch.device,
    data_dir: Path | None = None,
    load: Load = load_dataset,
    notify: Notify | None = None,
) -> tuple[Dataset, Dataset]:
    """Return the digits of a data set that are to train on and those that are to test on; no image is in both.

    Where the set has parts of its own, they are taken, and of files that nobody knows whatever is in both is left out
    of the first. Where it has none, a fifth is to test with, whole writers where they are known (`held_back`). Files
    that are not known by their hashes are checked as those of an evaluation are: are they inverted, turned, labelled
    otherwise, MNIST's own?

    Args:
        settings: ``[data]`` of a recipe.
        device: Where the tensors are to be.
        data_dir: The folder to look in instead of the usual places.
        load: The function that reads digits; it takes the arguments of `load_dataset`.
        notify: Called with each sentence that is to be said.

    Raises:
        DataError: If the digits are missing, damaged, too few, look wrong beyond doubt and are not to be put right, or
            lie in other files than the recipe says.
    """

    def say(sentence: str) -> None:
        if notify:
            notify(f"notice: {sentence}")

    name = settings.dataset
    source, argument = source_of(name)
    read = partial(load, data_dir=data_dir, device=device)
    check = partial(checked, fix=settings.fix, data_dir=data_dir, notify=say, training=True)
    parts = ("train", "test")
    if not argument and {*parts} <= {*source.values}:  # their parts have names of their own
        training, test = (check(read(f"{name}:{part}", part=part)) for part in parts)
    else:
        own, test = _files(name, read)
        _check_hashes(settings, own, test)
        training, test = _split(test, check, say, name) if own is None else (check(own), check(test))
    for part in (training, test):
        check_digits(part)
    training = _without_twins(training, test, say)
    _check_number(training, test)
    return training, test


def hashes_of(name: str, training: Dataset | None, test: Dataset) -> list[str]:
    """Return the SHA-256 of the user's files in which a training's digits lie; none for sets of other people's."""
    if not source_of(name)[0].is_users:
        return []
    files = (part.provenance.sha256.values() for part in (training, test) if part is not None)
    return sorted({digest for part in files for digest in part})


def with_hashes(recipe: Recipe, hashes: Sequence[str]) -> Recipe:
    """Return the recipe with the hashes of its files, unless it has some already."""
    if not hashes or recipe.data.sha256:
        return recipe
    return recipe.model_copy(update={"data": recipe.data.model_copy(update={"sha256": tuple(hashes)})})


def _files(name: str, read: Load) -> tuple[Dataset | None, Dataset]:
    """Return the two parts of a set as its files have them; None and all of its digits where they have no parts."""
    source, argument = source_of(name)
    if not source.has_parts:
        return None, read(name, part="train")
    try:
        return (None if argument in source.values else read(name, part="train")), read(name, part="test")
    except MissingPartError:
        return None, read(name, part="test")


def _check_hashes(settings: Data, training: Dataset | None, test: Dataset) -> None:
    there = hashes_of(settings.dataset, training, test)
    if settings.sha256 and there != sorted(settings.sha256):
        was, now = (", ".join(f"{digest[:12]}…" for digest in hashes) for hashes in (settings.sha256, there))
        what = f"is another file than the one that the training was begun with (sha256 {now}, not {was})"
        raise DataError(what, where=test.provenance.source, remedy="put that file back, or begin another training")


def _split(data: Dataset, check: Callable[[Dataset], Dataset], say: Notify, name: str) -> tuple[Dataset, Dataset]:
    """Return a set without parts in two, as `held_back` chooses from images as they are stored, then put right."""
    chosen = torch.from_numpy(held_back(data)).to(data.ids.device)
    right = check(data)
    training, test = (right.select(data.ids[rows]) for rows in (~chosen, chosen))
    full = name if ":" in name else f"{data.name.partition(':')[0]}:{name}"
    named = f"; --dataset {full},part=test names these" if source_of(name)[0].is_users else ""
    say(
        f"{data.name} has no parts of its own: {len(training):,} digits are to train on, {len(test):,}, "
        f"{held_back_words(data)}, to test on{named}"
    )
    return training.with_provenance(part="train"), test.with_provenance(part="test")


def _without_twins(training: Dataset, test: Dataset, say: Notify) -> Dataset:
    """Return the digits to train on without those that are to test on too, pixel for pixel."""
    if training.provenance.known and test.provenance.known:
        return training
    twins = np.isin(digests(training), digests(test))
    if not twins.any():
        return training
    say(f"{training.name}: {int(twins.sum()):,} of the digits to train on are to test on too and are left out")
    return training.select(training.ids[torch.from_numpy(~twins).to(training.ids.device)])


def _check_number(training: Dataset, test: Dataset) -> None:
    if len(training) < LEAST or len(test) < LEAST_TEST:
        what = f"holds {len(training):,} digits to train on and {len(test):,} to test on, too few"
        raise DataError(what, where=training.provenance.source, remedy="give 100 or more in all")
    if len(set(training.labels.tolist())) < 2:
        raise DataError(
            f"every digit is labelled {int(training.labels[0])}: there is nothing to tell apart",
            where=training.provenance.source,
            remedy="give digits of several classes",
        )
