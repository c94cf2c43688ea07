"""Statistics of times that end in a failure or are cut off: Kaplan and Meier's curve, and the log-rank test."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from robustmnist.statistics.wilson import wilson

__all__ = ["KaplanMeier", "LogRank", "kaplan_meier", "log_rank"]

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class KaplanMeier:
    """An estimated survival curve: a step down at each of k times, all arrays (k,).

    Attributes:
        times: The distinct times at which a sample failed or was censored, and those asked for, rising.
        at_risk: How many had neither failed nor been censored before this time.
        failed: How many failed at this time.
        censored: How many were last seen, still standing, at this time.
        survival: The estimated share that stands longer than this time.
        low: Lower end of the pointwise 95 % band.
        high: Upper end.
    """

    times: Array
    at_risk: Counts
    failed: Counts
    censored: Counts
    survival: Array
    low: Array
    high: Array

    @property
    def median(self) -> tuple[float, float, float]:
        """The first time at which half have failed, and its 95 % interval; NaN where that lies beyond the end.

        The interval holds the times at which the band of the curve spans one half. All three are among `times`: where
        these are the few values of a sweep the interval covers more than 95 %, though it may have no width.

        Source: Brookmeyer & Crowley, A confidence interval for the median survival time, Biometrics 38 (1982).
        """
        median, low, high = (self._first(curve) for curve in (self.survival, self.low, self.high))
        return median, low, high

    def _first(self, curve: Array) -> float:
        # A product of factors misses one half by an ulp now and then.
        under = np.flatnonzero(curve <= 0.5 + 1e-12)
        return float(self.times[under[0]]) if len(under) else float("nan")


@dataclass(frozen=True)
class LogRank:
    """The result of a log-rank test.

    Attributes:
        statistic: Observed minus expected failures of the first group over their standard deviation: negative where it
            stands longer; standard normal if there is no difference; NaN where nobody fails, or all are in one group.
        p: Two-sided; 1 where `statistic` is NaN.
    """

    statistic: float
    p: float


def kaplan_meier(times: ArrayLike, failed: ArrayLike, at: ArrayLike = (), level: float = 0.95) -> KaplanMeier:
    """Estimate the share of samples that stand longer than each time.

    Args:
        times: When each sample failed or was last seen standing, (n,), finite.
        failed: Whether it failed, bool (n,); otherwise it is censored: it stood at its time, and fails later or never.
        at: Further times at which to state the curve.
        level: Of the pointwise band: Greenwood's variance on the log-log scale, which stays inside [0, 1]. Where that
            has no width, at a survival of exactly 1 or 0, it is Wilson's interval for the samples not yet censored.

    Source: Kaplan & Meier, Nonparametric estimation from incomplete observations, JASA 53 (1958); Greenwood, 1926; the
    log-log band: Kalbfleisch & Prentice, The statistical analysis of failure time data, 1980.

    >>> kaplan_meier([1.0, 2.0, 3.0, 3.0], [True, True, False, False]).survival.tolist()
    [0.75, 0.5, 0.5]
    """
    time, event = np.asarray(times, np.float64), np.asarray(failed, np.bool_)
    known = np.unique(np.concatenate([time, np.asarray(at, np.float64)]))
    index = np.searchsorted(known, time)
    deaths = np.bincount(index[event], minlength=len(known))
    censored = np.bincount(index[~event], minlength=len(known))
    at_risk = len(time) - np.concatenate([[0], np.cumsum(deaths + censored)[:-1]]).astype(np.int64)
    # Nobody is at risk beyond the last time: the curve stays as it was.
    survival = np.asarray(np.cumprod(1.0 - deaths / np.maximum(at_risk, 1)), np.float64)
    seen = len(time) - np.concatenate([[0], np.cumsum(censored)[:-1]])
    low, high = _band(survival, at_risk, deaths, seen, level)
    return KaplanMeier(known, at_risk, deaths, censored, survival, low, high)


def log_rank(times_a: ArrayLike, failed_a: ArrayLike, times_b: ArrayLike, failed_b: ArrayLike) -> LogRank:
    """Test whether two groups fail at the same rate at all times.

    The test assumes independent groups. Two checkpoints on the same digits are not independent: the same digits are
    hard for both, the difference varies less than the test assumes, and its p is too large rather than too small. The
    paired sign test of `compare` has no such fault.

    Source: Mantel, Evaluation of survival data and two new rank order statistics, 1966; Peto & Peto, 1972.

    >>> log_rank([1.0, 2.0, 3.0], [True] * 3, [4.0, 5.0, 6.0], [True] * 3).p < 0.05
    True
    """
    a, b = np.asarray(times_a, np.float64), np.asarray(times_b, np.float64)
    event_a, event_b = np.asarray(failed_a, np.bool_), np.asarray(failed_b, np.bool_)
    when = np.unique(np.concatenate([a[event_a], b[event_b]]))
    risk_a, risk = (
        np.float64(len(times)) - np.searchsorted(np.sort(times), when) for times in (a, np.concatenate([a, b]))
    )
    deaths_a = _count(a[event_a], when)
    deaths = deaths_a + _count(b[event_b], when)
    expected = deaths * risk_a / risk
    variance = expected * (1 - risk_a / risk) * (risk - deaths) / np.maximum(risk - 1, 1)
    spread = float(np.sqrt(variance.sum()))
    if spread == 0.0:
        return LogRank(float("nan"), 1.0)
    statistic = float((deaths_a - expected).sum() / spread)
    return LogRank(statistic, float(2.0 * ndtr(-abs(statistic))))


def _count(times: Array, when: Array) -> Array:
    ordered = np.sort(times)
    return np.asarray(np.searchsorted(ordered, when, "right") - np.searchsorted(ordered, when, "left"), np.float64)


def _band(survival: Array, at_risk: Counts, deaths: Counts, seen: Counts, level: float) -> tuple[Array, Array]:
    z = float(ndtri(0.5 + level / 2.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(np.where(deaths > 0, deaths / (at_risk * (at_risk - deaths)), 0.0))
        factor = np.exp(z * np.sqrt(greenwood) / np.abs(np.log(survival)))
        low, high = survival**factor, survival ** (1.0 / factor)
    flat = (survival == 0.0) | (survival == 1.0)
    bottom, top = wilson(seen * survival, seen, level)
    return np.where(flat, bottom, low), np.where(flat, top, high)
