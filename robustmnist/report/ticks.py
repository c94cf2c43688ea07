"""Round numbers for an axis."""

import math

__all__ = ["ticks"]


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return at most `most` (2 or more) round numbers within low to high, a step of 1, 2 or 5 times a power of ten.

    >>> ticks(-0.03, 0.41, 5)
    [0.0, 0.1, 0.2, 0.3, 0.4]
    """
    if not high > low:
        return [low]
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    found: list[float] = []
    for factor in (1, 2, 5, 10, 20):
        step = factor * power
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        found = [float(f"{place * step:.12g}") for place in range(first, last + 1)]
        if len(found) <= most:
            break
    return found
