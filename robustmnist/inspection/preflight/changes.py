"""What mends digits: ink and paper exchanged, a turn or a flip, other labels, MNIST's form."""

from collections.abc import Callable

import torch
from torch import Tensor

from robustmnist.data import Dataset, to_mnist

__all__ = ["TURNS", "formed", "inverted", "relabelled", "turned"]

# What to do to images ``(n, 1, 28, 28)`` to set them upright; the first leaves them as they are.
TURNS: dict[str, Callable[[Tensor], Tensor]] = {
    "as they are": lambda images: images,
    "with rows and columns exchanged": lambda images: images.mT,
    "turned by 90° to the left": lambda images: images.rot90(1, (2, 3)),
    "turned by 180°": lambda images: images.rot90(2, (2, 3)),
    "turned by 90° to the right": lambda images: images.rot90(-1, (2, 3)),
    "with left and right exchanged": lambda images: images.flip(3),
    "with top and bottom exchanged": lambda images: images.flip(2),
    "with rows and columns exchanged, turned by 180°": lambda images: images.mT.rot90(2, (2, 3)),
}


def inverted(dataset: Dataset) -> Dataset:
    """Return the digits with ink and paper exchanged: 1 - ink."""
    stored = dataset.stored
    return _with(dataset, 255 - stored if stored.dtype == torch.uint8 else 1 - stored, dataset.labels)


def turned(dataset: Dataset, turn: str) -> Dataset:
    """Return the digits after one of `TURNS`."""
    return _with(dataset, TURNS[turn](dataset.stored).contiguous(), dataset.labels)


def relabelled(dataset: Dataset, step: int) -> Dataset:
    """Return the digits with `step` added to each label, 9 being followed by 0."""
    return _with(dataset, dataset.stored, (dataset.labels + step) % 10)


def formed(dataset: Dataset) -> Dataset:
    """Return the digits in MNIST's form."""
    images = torch.cat([to_mnist(part) for part in dataset.parts()])
    return Dataset(images, dataset.labels, dataset.ids, dataset.provenance, dataset.groups)


def _with(dataset: Dataset, stored: Tensor, labels: Tensor) -> Dataset:
    return Dataset.of_levels(stored, labels, dataset.ids, dataset.provenance, dataset.groups)
