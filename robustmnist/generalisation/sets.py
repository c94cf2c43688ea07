"""The data sets that are compared: those that were asked for, or all that are at hand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from robustmnist.data import Dataset, load_dataset
from robustmnist.data.form import notices
from robustmnist.data.seen import overlap
from robustmnist.data.sources.registry import SOURCES
from robustmnist.errors import DataError, InputError
from robustmnist.inspection.preflight import checked

if TYPE_CHECKING:
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["ALWAYS", "TestSet", "load_sets", "looked_at", "record", "test_set", "unseen_sets"]

ALWAYS = ("auto", "digits", "printed", "strokes")
PUBLISHED = ("qmnist", "emnist-digits", "usps", "svhn", "kmnist", "fashion-mnist")  # taken where they are on disk
Notify = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class TestSet:
    """A data set by the name that tables show.

    Attributes:
        name: The data set's own name; what was typed where two have the same.
        data: Its images.
        groups: int64 ``(n,)``: who wrote each image, or its font; None where that is not known.
        labels: int64 ``(n,)``.
    """

    __test__ = False  # no test, whatever pytest thinks of the name

    name: str
    data: Dataset
    groups: NDArray[np.int64] | None
    labels: NDArray[np.int64]

    @property
    def is_digits(self) -> bool:
        """Whether it shows digits; of other images only confidence can be asked."""
        return self.data.holds_digits


def load_sets(
    names: Sequence[str],
    *,
    data_dir: Path | None = None,
    device: torch.device | str = "cpu",
    limit: int | None = None,
    first: int | None = None,
    fix: bool = False,
    notify: Notify | None = None,
) -> tuple[TestSet, ...]:
    """Return the data sets called `names`; without names those that are always there and those found on disk.

    Without names these are ``auto`` (MNIST, or else the embedded digits), the embedded digits, the printed ones, the
    strokes, and every published set (`PUBLISHED`) that is on disk; nothing but MNIST is downloaded.

    Args:
        names: As for ``--dataset``.
        data_dir: The folder to look in instead of the usual places.
        device: Where the tensors are to be.
        limit: At most so many images of each, a stratified sample.
        first: Only the first so many of each.
        fix: Whether to put digits right that look wrong.
        notify: Called with a sentence where something else is taken than asked for, and about digits that look wrong.

    Raises:
        DataError: If one that was asked for cannot be had, or looks wrong beyond doubt and is not to be put right.
        InputError: If two are the same.
    """
    loaded: dict[str, Dataset] = {}
    for name in names or ALWAYS:
        data = load_dataset(name, data_dir=data_dir, device=device, notify=notify)
        if not names and data.name in loaded:  # the embedded digits stand in for MNIST already
            continue
        key = name if data.name in loaded else data.name
        if key in loaded:
            raise InputError("is asked for twice", where=f"data set {key}", remedy="name it once")
        loaded[key] = looked_at(data, fix=fix, data_dir=data_dir)
    if not names:
        for word in PUBLISHED:
            if word not in SOURCES:
                continue
            try:
                there = load_dataset(word, data_dir=data_dir, device=device, download=False)
            except DataError:
                continue
            try:
                loaded[word] = looked_at(there, fix=fix, data_dir=data_dir)
            except DataError as cause:  # nobody has asked for this set
                if notify:
                    notify(f"{word} is left out: {cause}")
    cut = {name: data.head(first) if first is not None else data.sample(limit) for name, data in loaded.items()}
    sets = tuple(test_set(name, data) for name, data in cut.items())
    for each in sets:
        for notice in notices(each.data):
            if notify:
                notify(f"notice: {each.name}: {notice}")
    return sets


def looked_at(data: Dataset, *, fix: bool = False, data_dir: Path | None = None) -> Dataset:
    """Return digits as they are or put right; raise DataError where they look wrong beyond doubt (`checked`)."""
    return checked(data, fix=fix, data_dir=data_dir) if data.holds_digits else data


def unseen_sets(
    sets: Sequence[TestSet], checkpoints: "Mapping[str, Checkpoint]", notify: Notify | None = None
) -> tuple[TestSet, ...]:
    """Return the sets without the images that any of the checkpoints was trained on, so that all answer the same."""
    kept = []
    for each in sets:
        seen = {name: overlap(checkpoint.card.data, each.data) for name, checkpoint in checkpoints.items()}
        ids = torch.cat(list(seen.values())) if seen else each.data.ids[:0]
        if not len(ids):
            kept.append(each)
            continue
        names = ", ".join(name for name, rows in seen.items() if len(rows))
        left = each.data.ids[~torch.isin(each.data.ids, ids)]
        if notify:
            rest = f"the {len(left):,} others are used" if len(left) else "it is left out"
            notify(f"{each.name}: {names} was trained on {len(each.data) - len(left):,} of these digits; {rest}")
        if len(left):
            data = each.data.select(left)
            choice = f"{len(left):,} that no checkpoint was trained on"
            kept.append(test_set(each.name, data.with_provenance(choice=choice)))
    return tuple(kept)


def test_set(name: str, data: Dataset) -> TestSet:
    """Return a data set under a name."""
    groups = None if data.groups is None else data.groups.cpu().numpy()
    return TestSet(name, data, groups, data.labels.cpu().numpy())


def record(each: TestSet) -> dict[str, Any]:
    """Return a set as plain values, for JSON and pages."""
    groups = 0 if each.groups is None else len(np.unique(each.groups))
    known = {"set": each.name, "groups": groups, "digits": each.is_digits, "notices": list(notices(each.data))}
    return known | each.data.provenance.as_dict()
