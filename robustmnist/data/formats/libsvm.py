"""The LIBSVM text format: a label and ``index:value`` pairs in each line."""

import numpy as np

from robustmnist.errors import DataError

__all__ = ["parse_libsvm"]


def parse_libsvm(data: bytes, features: int, most: int, where: object) -> tuple[np.ndarray, np.ndarray]:
    """Return values ``(n, features)`` and labels ``(n,)``, both float64; features that a line leaves out are 0.

    Args:
        data: The whole file.
        features: How many a line may have, counted from 1.
        most: Lines that it may have.
        where: The file, for messages.

    Raises:
        DataError: If a line is anything else.

    Source: C.-C. Chang, C.-J. Lin, "LIBSVM: a library for support vector machines", 2011.
    """
    lines = [line for line in data.splitlines() if line.strip()]
    if not 0 < len(lines) <= most:
        raise DataError(f"has {len(lines):,} lines, not 1 to {most:,}", where=where)
    values, labels = np.zeros((len(lines), features)), np.zeros(len(lines))
    for row, line in enumerate(lines):
        label, *pairs = line.split()
        try:
            labels[row] = float(label)
            split = [pair.split(b":") for pair in pairs]
            index = np.array([int(pair[0]) for pair in split], np.int64)
            amounts = np.array([float(pair[1]) for pair in split])
            sound = not len(index) or (index.min() >= 1 and index.max() <= features)
            if not sound or not np.isfinite(amounts).all() or not np.isfinite(labels[row]):
                raise ValueError
            values[row, index - 1] = amounts
        except (ValueError, IndexError, OverflowError) as cause:
            what = f"line {row + 1:,} is not a label and index:value, index 1 to {features}"
            raise DataError(what, where=where) from cause
    return values, labels
