"""The order in which a map ranks the pixels: signed, highest first, ties by a seeded key that all maps share."""

import torch
from torch import Tensor

__all__ = ["cuts", "most_important_first"]


def most_important_first(maps: Tensor, ties: Tensor, domain: Tensor | None = None) -> Tensor:
    """Return the rank of each pixel, int16 (B, P): 0 for the most important of `domain`, whose pixels rank first.

    Equal values rank as `ties` has them, so a constant map gives a random order, the same one for every method.

    Args:
        maps: (B, 28, 28) or (B, P).
        ties: All pixels in the order in which equal ones rank, int64 (B, P).
        domain: Which pixels count, bool (B, P); None for all.
    """
    values = maps.flatten(1)
    if domain is not None:
        values = values.masked_fill(~domain, -torch.inf)
    order = values.gather(1, ties).argsort(dim=1, descending=True, stable=True)
    order = ties.gather(1, order)
    ranks = torch.empty(order.shape, dtype=torch.int16, device=order.device)
    positions = torch.arange(order.shape[1], dtype=torch.int16, device=order.device).expand_as(order)
    return ranks.scatter_(1, order, positions)


def cuts(counts: Tensor, steps: int) -> Tensor:
    """Return how many pixels are gone after each of `steps` equal steps, ⌊k·n/K⌉ for k = 0 … K, int64 (B, K + 1).

    >>> cuts(torch.tensor([5]), 4).tolist()
    [[0, 1, 3, 4, 5]]
    """
    k = torch.arange(steps + 1, device=counts.device, dtype=torch.int64)
    return (2 * k * counts[:, None] + steps) // (2 * steps)
