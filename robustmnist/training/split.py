"""Which of the training digits are kept back for validation."""

import torch
from torch import Tensor

from robustmnist.errors import RecipeError

__all__ = ["stratified_split"]


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
