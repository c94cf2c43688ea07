"""Digits to test with, and to choose an epoch by, out of others: whole writers where these are known, else by image."""

import hashlib

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.data.dataset import Dataset
from robustmnist.wording.numbers import count

__all__ = ["digests", "held_back", "held_back_words", "part_of", "whole_groups"]

SHARE = 5  # every fifth digit, as far as hashes fall evenly, or every fifth writer


def digests(data: Dataset) -> NDArray[np.uint64]:
    """Return a hash of each image as it is stored, uint64 ``(n,)``: equal images have equal ones.

    >>> digests(Dataset.from_arrays(np.zeros((2, 28, 28)), [1, 2])).tolist()[0] % 100
    62
    """
    images = np.ascontiguousarray(data.stored.cpu().numpy())
    return _hashes([image.data for image in images])


def held_back(data: Dataset) -> NDArray[np.bool_]:
    """Return which digits are to test with, bool ``(n,)``: all digits of a fifth of the writers, or a fifth of them.

    Where the groups of the digits are known and there are several, a fifth of them, one at least, is chosen by the hash
    of their numbers, but for those with whom it would be more than half of all digits: no writer is on both sides. Else
    a digit is chosen by its image alone. So equal images stay together, more digits change nothing for those that were
    there, and another file with the same digits has the same test digits.
    """
    names, sizes = _writers(data)
    if len(names) > 1:
        return np.isin(data.groups.cpu().numpy(), _some(names, sizes))  # type: ignore[union-attr]
    chosen: NDArray[np.bool_] = digests(data) % np.uint64(SHARE) == 0
    return chosen


def held_back_words(data: Dataset) -> str:
    """Return which digits `held_back` chooses: ``chosen by their hash``, or ``those of 4 of 20 writers``."""
    names, sizes = _writers(data)
    if len(names) < 2:
        return "chosen by their hash"
    return f"those of {count(len(_some(names, sizes)))} of {count(len(names))} writers"


def part_of(data: Dataset, part: str) -> Dataset:
    """Return the digits of a set without parts that are to ``train`` on, or to ``test`` with; ids stay as they are."""
    test = held_back(data)
    rows = torch.from_numpy(test if part == "test" else ~test).to(data.ids.device)
    chosen = data.select(data.ids[rows])
    share = held_back_words(data) if len(_writers(data)[0]) > 1 else "a fifth by hash"
    share = share if part == "test" else f"all but {share}"
    return chosen.with_provenance(part=part, choice=f"{len(chosen):,} of {len(data):,}, {share}")


def whole_groups(groups: Tensor, most: int, seed: int) -> Tensor | None:
    """Return the rows of some groups, bool ``(n,)``, that together hold about `most` rows; None of a single group.

    Groups are drawn from `seed` and nothing else; taken are so many that the number of rows is nearest to `most`, one
    at least, and never more than half of all rows: groups that hold more than half by themselves are passed over.

    >>> whole_groups(torch.tensor([7, 7, 7, 8, 8, 9, 9, 9]), most=2, seed=0).sum().item()
    2
    """
    names, sizes = np.unique(groups.cpu().numpy(), return_counts=True)
    if len(names) < 2:
        return None
    order = torch.randperm(len(names), generator=torch.Generator().manual_seed(seed)).numpy()
    order = order[2 * sizes[order] <= sizes.sum()]
    rows = np.cumsum(sizes[order])
    rows = rows[2 * rows <= sizes.sum()]
    many = int(np.abs(rows - most).argmin())
    return torch.from_numpy(np.isin(groups.cpu().numpy(), names[order[: many + 1]]))


def _writers(data: Dataset) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers of the writers and how many digits each has; both empty where they are not known."""
    if data.groups is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    names, sizes = np.unique(data.groups.cpu().numpy(), return_counts=True)
    return names, sizes


def _some(names: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a fifth of the writers, or as many as together have no more than half of the digits; one at least."""
    chosen: list[int] = []
    for at in np.argsort(_hashes([name.tobytes() for name in names])).tolist():
        if len(chosen) < -(-len(names) // SHARE) and 2 * (sizes[chosen].sum() + sizes[at]) <= sizes.sum():
            chosen.append(at)
    return names[chosen]


def _hashes(items: "list[memoryview] | list[bytes]") -> NDArray[np.uint64]:
    hashes = (hashlib.blake2b(item, digest_size=8).digest() for item in items)
    return np.frombuffer(b"".join(hashes), "<u8").astype(np.uint64)
