"""The digits of an epoch as they are shown, batch by batch."""

from collections.abc import Iterator

import torch
from torch import Tensor

from robustmnist.training.augment import Augment
from robustmnist.training.augmentation.moves import augment
from robustmnist.training.augmentation.perturb import perturb_digits
from robustmnist.training.augmentation.pool import Pool

__all__ = ["shown_batches"]

# Digits perturbed at once: 25 MB, and some digits for each of many settings. It changes no bit.
BLOCK = 8192


def shown_batches(
    images: Tensor, ids: Tensor, batches: Tensor, settings: Augment, pool: Pool, generator: torch.Generator, seed: int
) -> Iterator[Tensor]:
    """Yield the images of every batch as they are shown, float32 (batch, 1, 28, 28).

    Args:
        images: All training digits, float32 (n, 1, 28, 28).
        ids: Theirs, int64 (n,).
        batches: The rows of every batch, int64 (steps, batch).
        settings: Of the moves, which come first.
        pool: Of the perturbations that follow.
        generator: Of the moves.
        seed: Of the perturbations in this epoch.
    """
    if not pool.sources:
        for rows in batches:
            yield augment(images.index_select(0, rows), settings, generator)
        return
    steps, batch = batches.shape
    size = max(1, BLOCK // batch)
    for start in range(0, steps, size):
        block = batches[start : start + size]
        moved = [augment(images.index_select(0, rows), settings, generator) for rows in block]
        yield from perturb_digits(torch.cat(moved), ids[block.flatten()], pool, seed).view(len(block), batch, 1, 28, 28)
