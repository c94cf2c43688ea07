"""What a curve of accuracies says: the area under it, and where it has fallen below a floor."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["area_under", "fall", "fall_influences", "trapezoid_weights"]

Array = NDArray[np.float64]


def trapezoid_weights(values: ArrayLike) -> Array:
    """Return what each of the strengths `values` (V,), rising, weighs in the area under a curve, float64 (V,).

    The area by the trapezoid rule, divided by the range of values, is ``weights @ accuracy``. The weights sum to 1: the
    area is 1 where every answer is right, and the accuracy itself where there is a single value.

    >>> trapezoid_weights([0.0, 1.0, 3.0]).round(3).tolist()
    [0.167, 0.5, 0.333]
    """
    strengths = np.asarray(values, np.float64)
    if len(strengths) == 1:
        return np.ones(1)
    steps = np.diff(strengths)
    weights = (np.append(steps, 0.0) + np.insert(steps, 0, 0.0)) / 2.0
    total: Array = weights / weights.sum()
    return total


def area_under(values: ArrayLike, accuracy: ArrayLike) -> Array:
    """Return the area under curves of `accuracy` (…, V) over the strengths `values` (V,), as `trapezoid_weights`; (…).

    >>> float(area_under([0.0, 1.0, 3.0], [1.0, 0.75, 0.5]).round(3))
    0.708
    """
    area: Array = (np.asarray(accuracy, np.float64) * trapezoid_weights(values)).sum(axis=-1)
    return area


def fall(distances: Array, accuracy: Array, floor: Array) -> Array:
    """Return the distance at which `accuracy` (…, k) first falls below `floor` (…), linear in between; shape (…).

    `distances` (k,) rise from 0. Infinite where the accuracy never falls below the floor; 0 where it begins below.

    >>> float(fall(np.array([0.0, 1.0, 2.0]), np.array([1.0, 0.95, 0.85]), np.array(0.9)).round(9))
    1.5
    """
    under = accuracy < floor[..., None]
    first = np.argmax(under, axis=-1)
    before = np.maximum(first - 1, 0)
    high = np.take_along_axis(accuracy, before[..., None], axis=-1)[..., 0]
    low = np.take_along_axis(accuracy, first[..., None], axis=-1)[..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(first > 0, (high - floor) / (high - low), 0.0)
    distance: Array = distances[before] + share * (distances[first] - distances[before])
    return np.where(under.any(axis=-1), distance, np.inf)


def fall_influences(distances: Array, right: Array, floor: Array) -> Array:
    """Return how each image moves the distance of `fall` of their mean curve, to first order; float64 (n,), mean 0.

    The influences are to that distance what deviations from the mean are to a mean: their variance over n images,
    divided by n, is the variance of the distance. They are 0 where the mean curve never falls below its floor, or
    begins below it: the end and the start of a sweep are no matter of chance.

    Args:
        distances: (k,), rising from 0.
        right: The share of right answers of each image at each distance, (k, n).
        floor: What each image adds to the floor, (n,): the floor is the mean of these.

    Source: Hampel, The influence curve and its role in robust estimation, 1974.

    >>> right = np.array([[1.0, 1.0], [1.0, 0.0]])  # the mean falls from 1 to 0.5
    >>> fall_influences(np.array([0.0, 10.0]), right, np.array([0.8, 0.8])).round(6).tolist()
    [4.0, -4.0]
    """
    accuracy, level = right.mean(1), float(floor.mean())
    under = np.flatnonzero(accuracy < level)
    if not len(under) or under[0] == 0:
        return np.zeros(right.shape[1])
    at = int(under[0])
    above, drop = accuracy[at - 1] - level, accuracy[at - 1] - accuracy[at]
    before, after = right[at - 1] - accuracy[at - 1], right[at] - accuracy[at]
    share = ((before - (floor - level)) * drop - above * (before - after)) / drop**2
    moved: Array = share * (distances[at] - distances[at - 1])
    return moved
