"""The other digit that each is compared with for the floor of a curve."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from robustmnist.draws import Draws

if TYPE_CHECKING:
    from robustmnist.data import Dataset

__all__ = ["partners"]


def partners(data: "Dataset", seed: int) -> Tensor:
    """Return for each digit the row of another one of its class: the next in a seeded order, int64 (n,).

    A digit alone in its class is its own partner, and its floor says nothing; there is none among 200.
    """
    order = Draws(seed, "floor", data.ids).uniform(1)[:, 0].argsort(stable=True)
    other_rows = torch.arange(len(data), device=data.device, dtype=torch.int64)
    for label in sorted(set(data.labels.tolist())):
        rows = order[data.labels[order] == label]
        other_rows[rows] = rows.roll(-1)
    return other_rows
