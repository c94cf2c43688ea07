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
    of their numbers: no writer is on both sides. Else a digit is chosen by its image alone. So equal images stay
    together, more digits change nothing for those that were there, and another file with the same digits has the same
    test digits.
    """
    names = _names(data)
    if len(names) > 1:
        order = np.argsort(_hashes([name.tobytes() for name in names]))
        return np.isin(data.groups.cpu().numpy(), names[order[: -(-len(names) // SHARE)]])  # type: ignore[union-attr]
    chosen: NDArray[np.bool_] = digests(data) % np.uint64(SHARE) == 0
    return chosen


def held_back_words(data: Dataset) -> str:
    """Return which digits `held_back` chooses: ``chosen by their hash``, or ``those of 4 of 20 writers``."""
    many = len(_names(data))
    return f"those of {count(-(-many // SHARE))} of {count(many)} writers" if many > 1 else "chosen by their hash"


def part_of(data: Dataset, part: str) -> Dataset:
    """Return the digits of a set without parts that are to ``train`` on, or to ``test`` with; ids stay as they are."""
    test = held_back(data)
    rows = torch.from_numpy(test if part == "test" else ~test).to(data.ids.device)
    chosen = data.select(data.ids[rows])
    share = "a fifth" if part == "test" else "all but a fifth"
    share += ", by writer" if len(_names(data)) > 1 else " by hash"
    return chosen.with_provenance(part=part, choice=f"{len(chosen):,} of {len(data):,}, {share}")


def whole_groups(groups: Tensor, most: int, seed: int) -> Tensor | None:
    """Return the rows of some groups, bool ``(n,)``, that together hold about `most` rows; None where that cannot be.

    Groups are drawn from `seed` and nothing else; taken are so many that the number of rows is nearest to `most`, one
    at least. It cannot be where there is a single group, or more than half of the rows would be taken.

    >>> whole_groups(torch.tensor([7, 7, 7, 8, 8, 9, 9, 9]), most=2, seed=0).sum().item()
    2
    """
    names, sizes = np.unique(groups.cpu().numpy(), return_counts=True)
    order = torch.randperm(len(names), generator=torch.Generator().manual_seed(seed)).numpy()
    rows = np.cumsum(sizes[order])
    many = int(np.abs(rows - most).argmin())
    if len(names) < 2 or 2 * rows[many] > rows[-1]:
        return None
    return torch.from_numpy(np.isin(groups.cpu().numpy(), names[order[: many + 1]]))


def _names(data: Dataset) -> NDArray[np.int64]:
    """Return the numbers of the writers; empty where they are not known."""
    return np.unique(data.groups.cpu().numpy()) if data.groups is not None else np.zeros(0, np.int64)


def _hashes(items: "list[memoryview] | list[bytes]") -> NDArray[np.uint64]:
    hashes = (hashlib.blake2b(item, digest_size=8).digest() for item in items)
    return np.frombuffer(b"".join(hashes), "<u8").astype(np.uint64)
