"""Test digits out of a set that has none of its own: by the hash of each image, so that no image is on both sides."""

import hashlib

import numpy as np
import torch
from numpy.typing import NDArray

from robustmnist.data.dataset import Dataset

__all__ = ["digests", "held_back", "part_of"]

SHARE = 5  # every fifth digit, as far as hashes fall evenly


def digests(data: Dataset) -> NDArray[np.uint64]:
    """Return a hash of each image as it is stored, uint64 ``(n,)``: equal images have equal ones.

    >>> digests(Dataset.from_arrays(np.zeros((2, 28, 28)), [1, 2])).tolist()[0] % 100
    62
    """
    images = np.ascontiguousarray(data.stored.cpu().numpy())
    hashes = (hashlib.blake2b(image.data, digest_size=8).digest() for image in images)
    return np.frombuffer(b"".join(hashes), "<u8").astype(np.uint64)


def held_back(data: Dataset) -> NDArray[np.bool_]:
    """Return which digits are to test with, bool ``(n,)``: a fifth, whatever their order, labels or number.

    A digit is chosen by its image alone. So equal images stay together, more digits change nothing for those that were
    there, and another file with the same digits has the same test digits.
    """
    chosen: NDArray[np.bool_] = digests(data) % np.uint64(SHARE) == 0
    return chosen


def part_of(data: Dataset, part: str) -> Dataset:
    """Return the digits of a set without parts that are to ``train`` on, or to ``test`` with; ids stay as they are."""
    test = held_back(data)
    rows = torch.from_numpy(test if part == "test" else ~test).to(data.ids.device)
    chosen = data.select(data.ids[rows])
    share = "a fifth" if part == "test" else "all but a fifth"
    return chosen.with_provenance(part=part, choice=f"{len(chosen):,} of {len(data):,}, {share} by hash")
