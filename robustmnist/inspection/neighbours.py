"""Which digits are nearly the same picture, and which are like no other of their class."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Neighbours", "find_neighbours"]

MOST = 12_000  # digits that are held against each other: their number counts twice
CLOSEST = 24  # pairs that are kept
NEAREST = 5  # neighbours whose mean distance says how atypical a digit is
BLOCK = 2000

Distances = NDArray[np.float32]


@dataclass(frozen=True)
class Neighbours:
    """Digits beside each other. Distances are root mean squares of the difference in ink, 0 to 1, over all pixels.

    Attributes:
        compared: How many digits were held against each other: all, or a sample spread evenly.
        copies: Pictures that are there more than once, of all digits, bit for bit.
        contradicted: Copies whose labels differ.
        pairs: Rows of the closest pairs, nearest first, copies among them, int64 (k, 2).
        distances: Of these pairs, (k,).
        strange: Mean distance to the five nearest digits of its own class, (n,); NaN where it was not compared.
    """

    compared: int
    copies: int
    contradicted: int
    pairs: NDArray[np.int64]
    distances: NDArray[np.float64]
    strange: NDArray[np.float64]


def find_neighbours(levels: NDArray[np.uint8], labels: NDArray[np.int64]) -> Neighbours:
    """Return the neighbours among pictures (n, 28, 28) with classes (n,)."""
    n = len(levels)
    rows = np.arange(n) if n <= MOST else np.linspace(0, n - 1, MOST).astype(np.int64)
    flat: Distances = levels.reshape(n, -1)[rows].astype(np.float32) / np.float32(255)
    own = labels[rows]
    squares: Distances = np.einsum("np,np->n", flat, flat)
    best: list[tuple[float, int, int]] = []
    strange = np.full(n, np.nan)
    for start in range(0, len(rows), BLOCK):
        part = slice(start, start + BLOCK)
        distances = _distances(flat, squares, part)
        at = np.arange(len(distances))
        distances[at, start + at] = np.inf
        later = np.where(np.arange(len(rows))[None] > (start + at)[:, None], distances, np.inf)
        flat_later = later.ravel()
        most = min(CLOSEST, flat_later.size)
        for pair in np.argpartition(flat_later, most - 1)[:most]:
            if np.isfinite(flat_later[pair]):
                row, column = divmod(int(pair), len(rows))
                best.append((float(flat_later[pair]), start + row, column))
        distances[own[part][:, None] != own[None]] = np.inf
        k = min(NEAREST, len(rows) - 1)
        nearest = np.partition(distances, k - 1, axis=1)[:, :k] if k else np.full((len(distances), 1), np.inf)
        mean = nearest.mean(1)
        strange[rows[part]] = np.where(np.isfinite(mean), mean, np.nan)
    best = sorted(best)[:CLOSEST]
    copies, contradicted = _copies(levels, labels)
    return Neighbours(
        compared=len(rows),
        copies=copies,
        contradicted=contradicted,
        pairs=np.array([[rows[a], rows[b]] for _, a, b in best], np.int64).reshape(-1, 2),
        distances=np.array([distance for distance, _, _ in best], np.float64),
        strange=strange,
    )


def _distances(flat: Distances, squares: Distances, part: slice) -> Distances:
    """Return the distances of the rows in `part` to all rows."""
    gaps = squares[part][:, None] + squares[None] - 2 * (flat[part] @ flat.T)
    distances: Distances = np.sqrt(np.maximum(gaps, 0) / flat.shape[1])
    return distances


def _copies(levels: NDArray[np.uint8], labels: NDArray[np.int64]) -> tuple[int, int]:
    """Return how many pictures are copies of an earlier one, and how many of these have another label than it."""
    first: dict[bytes, int] = {}
    copies = contradicted = 0
    for row, picture in enumerate(levels):
        known = first.setdefault(picture.tobytes(), row)
        copies += known != row
        contradicted += labels[known] != labels[row]
    return copies, int(contradicted)
