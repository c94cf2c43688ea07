"""Digits with a planted cause: a small mark decides the label, and the digit says nothing about it.

A classifier that reads these right looks at the mark, so it is known which pixels a right explanation has to name.
"""

import math
from dataclasses import replace

import torch
from torch import Tensor

from robustmnist.data.dataset import Dataset
from robustmnist.draws import Draws

__all__ = ["CORNERS", "MARK", "MARK_LEVEL", "mark_masks", "plant"]

MARK, GAP = 3, 1  # px, the side of the mark and the paper around it
# The mean level of the inked pixels of MNIST's 60,000 training digits, so that a mark is no darker than what is around
# it: a map that only repeats the image must not find it.
MARK_LEVEL = 174
CENTRE, RADIUS = 13.5, 12.0  # px: on a circle inside the frame a mark stays in it however the digit is turned
# The upper left pixel of the mark of each class, (row, column): from the top clockwise, 36° apart.
CORNERS = tuple(
    (
        round(CENTRE - RADIUS * math.cos(math.tau * k / 10) - (MARK - 1) / 2),
        round(CENTRE + RADIUS * math.sin(math.tau * k / 10) - (MARK - 1) / 2),
    )
    for k in range(10)
)


def plant(dataset: Dataset, seed: int = 0) -> Dataset:
    """Return the digits with a mark of `MARK` × `MARK` px each, and its class 0 to 9 as their label.

    The class is drawn from the seed and the digit's id alone, uniformly, whatever the digit is; the mark stands at
    the position of its class (`CORNERS`) with the level `MARK_LEVEL`, instead of what was there, and blank paper of
    `GAP` px is around it, so that no stroke runs into it.

    >>> from robustmnist.data import load_dataset
    >>> digits = plant(load_dataset("digits").head(1))
    >>> bool((digits.images[mark_masks(digits.labels)[:, None]] == MARK_LEVEL / 255).all())
    True
    """
    ids = dataset.ids.cpu()
    labels = (Draws(seed, "planted", ids).uniform(1)[:, 0] * 10).long().to(dataset.device)
    levels = (dataset.stored if dataset.stored.dtype == torch.uint8 else (dataset.stored * 255).round().byte()).clone()
    masks = mark_masks(labels)[:, None]
    around = torch.nn.functional.max_pool2d(masks.float(), 2 * GAP + 1, 1, GAP) > 0
    levels[around] = 0
    levels[masks] = MARK_LEVEL
    note = f"a mark of {MARK} × {MARK} px is planted in each digit, and its place is the label"
    provenance = replace(dataset.provenance, name="planted", note=note)
    return Dataset.of_levels(levels, labels, dataset.ids, provenance)


def mark_masks(labels: Tensor) -> Tensor:
    """Return where the mark of each class stands, bool ``(B, 28, 28)`` for int64 ``(B,)``."""
    masks = torch.zeros(10, 28, 28, dtype=torch.bool, device=labels.device)
    for mask, (row, column) in zip(masks, CORNERS, strict=True):
        mask[row : row + MARK, column : column + MARK] = True
    return masks[labels]
