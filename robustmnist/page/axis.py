"""Round numbers for an axis."""

import math
from collections.abc import Sequence

__all__ = ["spread", "ticks"]


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return at most `most` (2 or more) round numbers within low to high, a step of 1, 2 or 5 times a power of ten.

    >>> ticks(-0.03, 0.41, 5)
    [0.0, 0.1, 0.2, 0.3, 0.4]
    """
    if not high > low:
        return [low]
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    numbers: list[float] = []
    for factor in (1, 2, 5, 10, 20):
        step = factor * power
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        numbers = [float(f"{index * step:.12g}") for index in range(first, last + 1)]
        if len(numbers) <= most:
            break
    return numbers


def spread(heights: Sequence[float], distance: float, low: float, high: float) -> list[float]:
    """Return positions for labels as near to `heights` as possible, at least `distance` apart, within low to high.

    Labels that would overlap form a block around their mean height, in the order of their heights. Where there is no
    room for all, the distance shrinks.

    >>> spread([10.0, 11.0, 50.0], 10, 0, 100)
    [5.5, 15.5, 50.0]
    """
    if not heights:
        return []
    distance = min(distance, (high - low) / max(len(heights) - 1, 1))
    order = sorted(range(len(heights)), key=lambda i: (heights[i], i))
    blocks: list[list[float]] = []  # [start, labels]

    def start(mean: float, labels: float) -> float:
        length = (labels - 1) * distance
        return min(max(mean - length / 2, low), high - length)

    means: list[float] = []
    for i in order:
        blocks.append([start(heights[i], 1), 1])
        means.append(heights[i])
        while len(blocks) > 1 and blocks[-1][0] < blocks[-2][0] + blocks[-2][1] * distance - 1e-9:
            size = blocks[-1][1] + blocks[-2][1]
            mean = (means[-1] * blocks[-1][1] + means[-2] * blocks[-2][1]) / size
            blocks[-2:], means[-2:] = [[start(mean, size), size]], [mean]
    positions = [first + k * distance for first, size in blocks for k in range(int(size))]
    return [position for _, position in sorted(zip(order, positions, strict=True))]
