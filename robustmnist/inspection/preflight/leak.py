"""Are digits that are to test a network on MNIST's own, in another file?"""

from pathlib import Path

import torch
from torch import Tensor

from robustmnist.data import Dataset, load_dataset, to_mnist
from robustmnist.errors import DataError
from robustmnist.inspection.preflight.finding import Finding
from robustmnist.wording.numbers import percent

__all__ = ["check_leak", "have_twin"]

# The nearest known digit is a twin where its distance (1 - cosine in the 20 px box) is at most this part of that of the
# second nearest. Of 100 test digits of MNIST and of 100 embedded digits under 5 % have a twin among MNIST's 60,000
# training digits; of copies enlarged 2 times 98 %, 2.5 times and smoothed some 60 %, shrunk to 20 px some 20 %.
NEARER = 0.6
SHARE = 0.15  # of the digits with a twin, from which they are said to be MNIST's
MOST = 150  # digits compared
BOX = slice(4, 24)  # px, where MNIST's digits lie
PART = 10_000  # images compared together


def check_leak(sample: Dataset, data_dir: Path | None = None) -> Finding | None:
    """Return what is to be said where many of the digits are in MNIST; None where MNIST is not at hand.

    Nothing is downloaded for it. Copies that were moved, enlarged, cropped or stored with loss are recognised; copies
    that were turned or much shrunk are not.
    """
    twins: dict[str, float] = {}
    digits = to_mnist(sample.sample(MOST).images)
    for part in ("train", "test"):
        try:
            known = load_dataset("mnist", part=part, data_dir=data_dir, download=False)
        except DataError:
            continue
        twins[part] = float(have_twin(digits, known).double().mean())
    if not twins or max(twins.values()) < SHARE:
        return None
    part = max(twins, key=twins.__getitem__)
    if part == "train":
        why = "what was trained on MNIST has seen them, and its numbers here say nothing about other digits"
    else:
        why = "these are no other digits than those of --dataset mnist"
    name = {"train": "training", "test": "test"}[part]
    return Finding(f"{percent(twins[part], 0)} of the digits have a twin among MNIST's {name} digits: {why}.")


def have_twin(images: Tensor, known: Dataset) -> Tensor:
    """Return for each image ``(n, 1, 28, 28)`` whether one known digit is far nearer than all others, bool ``(n,)``."""
    query = _directions(images)
    starts = range(0, len(known), PART)
    parts = (query @ _directions(known.rows(slice(start, start + PART))).mT for start in starts)
    cosines = torch.cat([part.topk(min(2, part.shape[1])).values for part in parts], 1)
    nearest, second = (1 - cosines.topk(2).values).unbind(1)
    return nearest <= NEARER * second


def _directions(images: Tensor) -> Tensor:
    flat = images[:, 0, BOX, BOX].flatten(1)
    return torch.nn.functional.normalize(flat, dim=1)
