"""A difference that varies over seeds and over digits at once."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

__all__ = ["Effect", "crossed_effect", "seed_effect"]


@dataclass(frozen=True)
class Effect:
    """A mean difference with its 95 % interval and the p-value of no difference; NaN where they cannot be had."""

    mean: float
    low: float
    high: float
    p: float


def crossed_effect(differences: NDArray[np.floating]) -> Effect:
    """Return the mean of paired differences (seeds, digits), both of which might have been others.

    Seeds and digits are crossed random effects without replication. The variance of the mean is
    seed / k + digit / n − rest / (k n), with the mean squares of the two-way analysis of variance over each seed, each
    digit and what is left, and not below either of the first two; its degrees of freedom are Satterthwaite's. With one
    seed only the digits are counted.

    Source: Searle, Casella and McCulloch, Variance components, 1992; Satterthwaite, An approximate distribution of
    estimates of variance components, 1946.

    >>> crossed_effect(np.zeros((3, 4)))
    Effect(mean=0.0, low=0.0, high=0.0, p=1.0)
    """
    values = np.asarray(differences, np.float64)
    k, n = values.shape
    mean = float(values.mean())
    by_seed, by_digit = values.mean(1), values.mean(0)
    seed = float(by_seed.var(ddof=1)) / k if k > 1 else 0.0
    digit = float(by_digit.var(ddof=1)) / n if n > 1 else 0.0
    rest = 0.0
    if k > 1 and n > 1:
        left = values - by_seed[:, None] - by_digit[None] + mean
        rest = float((left**2).sum()) / ((k - 1) * (n - 1)) / (k * n)
    variance = max(seed + digit - rest, seed, digit)
    parts = [(seed, k - 1), (digit, n - 1)]
    freedom = sum(part**2 / free for part, free in parts if free > 0 and part > 0)
    return _effect(mean, variance, variance**2 / freedom if freedom else max(n - 1, 1))


def seed_effect(differences: NDArray[np.floating]) -> Effect:
    """Return the mean of paired differences (seeds,) of a score that is not a mean over digits; NaN ends for one seed.

    >>> effect = seed_effect(np.array([0.01, 0.03]))
    >>> round(effect.mean, 3), round(effect.low, 3)
    (0.02, -0.107)
    """
    values = np.asarray(differences, np.float64)
    if len(values) < 2:
        return Effect(float(values.mean()), math.nan, math.nan, math.nan)
    return _effect(float(values.mean()), float(values.var(ddof=1)) / len(values), len(values) - 1)


def _effect(mean: float, variance: float, freedom: float) -> Effect:
    if variance <= 0:
        return Effect(mean, mean, mean, 1.0 if mean == 0 else 0.0)
    error = math.sqrt(variance)
    half = float(student.ppf(0.975, freedom)) * error
    return Effect(mean, mean - half, mean + half, float(2 * student.sf(abs(mean) / error, freedom)))
