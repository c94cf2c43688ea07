"""The digits by which a stranger's classifier is judged: training digits, so that no test digit is touched."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from robustmnist.data import Dataset, load_dataset
from robustmnist.data.locations import MissingDataError
from robustmnist.draws import Draws
from robustmnist.perturb import rotation, shift

__all__ = ["COUNT", "moved", "training_digits"]

COUNT = 300
# Far enough that the network has not memorised the digit, and near enough that it stays a digit.
STEPS = ((2, 0), (0, 2), (-2, 0), (0, -2))  # px to the right and down
ANGLES = (15.0, -15.0, 15.0, -15.0)  # degrees


def training_digits(
    data_dir: Path | None = None, *, count: int = COUNT, notify: Callable[[str], None] | None = None
) -> Dataset:
    """Return `count` of MNIST's training digits, as many of each class, the same ones every time.

    Any ten that follow each other from a multiple of ten are ten different classes. Where MNIST is not on this machine
    it is not downloaded: the embedded digits of scikit-learn are taken, which is reported through `notify` and in the
    provenance.
    """
    try:
        whole = load_dataset("mnist", part="train", data_dir=data_dir, download=False)
    except MissingDataError:
        embedded = load_dataset("digits")
        note = (
            "MNIST's training digits are not on this machine: the embedded digits of scikit-learn are used instead, "
            "which show less reliably what a classifier wants to be fed"
        )
        whole = replace(embedded, provenance=replace(embedded.provenance, fallback=True, note=note))
        if notify:
            notify(note)
    order = torch.argsort(Draws(0, "adoption", whole.ids).uniform(1)[:, 0], stable=True)
    labels = whole.labels[order]
    rows = [order[labels == digit][: count // 10] for digit in range(10)]
    return whole.select(whole.ids[torch.stack(rows, dim=1).flatten()])


def moved(digits: Dataset) -> Dataset:
    """Return the digits moved by 2 px or turned by 15°, by turns to each side.

    A network hardly shows on the digits that it was trained on what it was trained with: it knows them by heart.
    Of 24 published classifiers 300 training digits as they are gave away the contract of 20, moved ones that of all.
    """
    images = torch.empty_like(digits.images)
    every = len(STEPS) + len(ANGLES)
    for number, (dx, dy) in enumerate(STEPS):
        images[number::every] = shift(digits.images[number::every], dx=dx, dy=dy)
    for number, angle in enumerate(ANGLES, len(STEPS)):
        images[number::every] = rotation(digits.images[number::every], angle=angle)
    return replace(digits, images=images)
