"""An order of a data set in which every beginning is a stratified sample."""

import torch
from torch import Tensor

from robustmnist.draws import Draws

__all__ = ["spread"]


def spread(labels: Tensor, ids: Tensor) -> Tensor:
    """Return all rows in an order in which the first k rows are a stratified sample, for every k.

    Within each class the rows are ranked by a random number that depends on the id and on nothing else. Row r (from 0)
    of the n of its class stands at (r + 1/2) / n; the order is that of these positions.
    """
    number = Draws(0, "sample", ids).uniform(1)[:, 0]
    by_id = ids.argsort(stable=True)
    order = by_id[number[by_id].argsort(stable=True)]
    order = order[labels[order].argsort(stable=True)]
    counts = torch.bincount(labels - labels.min())
    # In float64, so that equal shares are equal numbers; of those the lower class comes first.
    position = torch.cat([(torch.arange(n, dtype=torch.float64) + 0.5) / n for n in counts.tolist()])
    return order[position.argsort(stable=True)]
