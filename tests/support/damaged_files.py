"""Files with bytes changed, cut out, put in or doubled, and what a reader makes of them.

``DAMAGED_TIMES=10 pytest tests/data -k damaged`` reads ten times as many: 26,200.
"""

import os
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from robustmnist.errors import DataError

__all__ = ["TIMES", "damaged", "refusals"]

TIMES = int(os.environ.get("DAMAGED_TIMES", "1"))


def damaged(whole: Sequence[bytes], n: int, seed: int = 1) -> Iterator[bytes]:
    """Yield `n` × `TIMES` damaged files, from each of the whole files in turn."""
    rng = np.random.default_rng(seed)
    for turn in range(n * TIMES):
        data = bytearray(whole[turn % len(whole)])
        kind = int(rng.integers(5))
        if kind == 0:  # cut short
            yield bytes(data[: int(rng.integers(len(data)))])
            continue
        if kind == 1:  # a block twice
            start, stop = sorted(rng.integers(len(data), size=2).tolist())
            data[start:start] = data[start:stop]
        for _ in range(int(rng.integers(1, 4)) if kind > 1 else 0):
            reach = len(data) if kind > 2 else min(len(data), 200)  # headers lie at the beginning
            at = int(rng.integers(reach)) if reach else 0
            data[at : at + int(rng.integers(0, 9))] = rng.bytes(int(rng.integers(0, 9)))
        yield bytes(data)


def refusals(read: Callable[[bytes], object], files: Iterator[bytes]) -> list[str]:
    """Return the message of each file that `read` refuses; any other exception than DataError is let through."""
    messages = []
    for data in files:
        try:
            read(data)
        except DataError as error:
            messages.append(str(error))
    return messages
