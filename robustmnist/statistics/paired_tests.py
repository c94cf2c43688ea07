"""Tests and measures of two answers to the same images: McNemar, effect sizes, error consistency, differences."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom
from scipy.stats import t as student

__all__ = ["cohens_g", "error_consistency", "holm", "mcnemar", "odds_ratio", "paired_difference"]


Array = NDArray[np.float64]


def mcnemar(only_a: ArrayLike, only_b: ArrayLike) -> Array:
    """Return the two-sided p of McNemar's exact test from how many images only A and only B read right; any shape.

    If neither is better, each of these images falls to either with probability one half: the p is a binomial tail, 1
    where there are none. With several variants of each image ``only_a`` counts the images of which A reads *more*
    variants right than B, and the test is the exact sign test over images; counting variants instead would take the
    dependent for independent.

    Source: McNemar, Note on the sampling error of the difference between correlated proportions, 1947.

    >>> mcnemar(1, 9).round(4).tolist()
    0.0215
    """
    a, b = np.asarray(only_a, np.int64), np.asarray(only_b, np.int64)
    p: Array = np.minimum(2.0 * binom.cdf(np.minimum(a, b), a + b, 0.5), 1.0)
    return p


def odds_ratio(only_a: ArrayLike, only_b: ArrayLike) -> Array:
    """Return how many images only B reads right for each that only A does; infinite or NaN where A has none.

    >>> odds_ratio(2, 6).tolist(), odds_ratio(0, 3).tolist()
    (3.0, inf)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(np.asarray(only_b, np.float64), np.asarray(only_a, np.float64))


def cohens_g(only_a: ArrayLike, only_b: ArrayLike) -> Array:
    """Return B's share of the images that only one of the two reads right, minus ½: −0.5 to 0.5, NaN without any.

    Source: Cohen, Statistical power analysis for the behavioral sciences, 1988, where 0.05 is small, 0.15 medium and
    0.25 large.

    >>> cohens_g(1, 3).tolist()
    0.25
    """
    a, b = np.asarray(only_a, np.float64), np.asarray(only_b, np.float64)
    with np.errstate(invalid="ignore"):
        return np.divide(b, a + b) - 0.5


def error_consistency(right_a: NDArray[np.bool_], right_b: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the share of answers on which A and B are both right or both wrong, and κ: how far that is above chance.

    κ = (observed − expected) / (1 − expected), where two independent classifiers of these accuracies would agree on
    p_a · p_b + (1 − p_a) · (1 − p_b). 1: they err on the same images; 0: as independent checkpoints do; NaN where
    chance alone gives full agreement. It is Cohen's κ of right and wrong.

    Source: Geirhos, Meding & Wichmann, Beyond accuracy: quantifying trial-by-trial behaviour of CNNs and humans by
    measuring error consistency, NeurIPS 2020.

    >>> error_consistency(np.array([True, True, False, False]), np.array([True, False, True, False]))
    (0.5, 0.0)
    """
    observed, a, b = (float(np.mean(shares)) for shares in (right_a == right_b, right_a, right_b))
    expected = a * b + (1.0 - a) * (1.0 - b)
    return observed, (observed - expected) / (1.0 - expected) if expected < 1.0 else float("nan")


def paired_difference(differences: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the mean of per-image differences (n,), the two-sided p of the paired t-test, and the effect size.

    The effect is Cohen's d for pairs: mean over standard deviation between images. Without any difference p is 1 and
    d 0; where all differences are equal and not 0, p is 0 and d infinite; for fewer than two images both are NaN.

    Source: Cohen, as `cohens_g`.

    >>> paired_difference(np.array([1.0, -1.0, 0.0, 0.0]))
    (0.0, 1.0, 0.0)
    """
    n, mean = len(differences), float(np.mean(differences))
    if not differences.any():
        return 0.0, 1.0, 0.0
    if n < 2:
        return mean, float("nan"), float("nan")
    spread = float(np.std(differences, ddof=1))
    if spread <= 1e-12 * abs(mean):  # equal up to the rounding of their mean
        return mean, 0.0, float(np.copysign(np.inf, mean))
    effect = mean / spread
    return mean, float(2.0 * student.sf(abs(effect) * np.sqrt(n), n - 1)), effect


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Return the p-values (k,) corrected for the number of them, each at least what it was and at most 1.

    Rejecting those below α, the chance of any false rejection is at most α, however the tests depend on each other. A
    NaN, a test that could not be made, stays NaN and does not count.

    Source: Holm, A simple sequentially rejective multiple test procedure, 1979.

    >>> holm([0.01, 0.04, 0.03]).round(10).tolist()
    [0.03, 0.06, 0.06]
    """
    raw = np.asarray(p, np.float64)
    made = np.flatnonzero(~np.isnan(raw))
    order = made[np.argsort(raw[made], kind="stable")]
    corrected = np.full(len(raw), np.nan)
    corrected[order] = np.minimum(np.maximum.accumulate(raw[order] * np.arange(len(order), 0, -1)), 1.0)
    return corrected
