"""Errors as multiples of a baseline's, of a sweep or as a mean over a suite, in the sample and in every resample."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from robustmnist.predictions import Predictions
from robustmnist.results.bootstrap import bootstrap
from robustmnist.results.correctness import clean_right, hits
from robustmnist.results.robustness.mnist_c import counted, data_set_value
from robustmnist.statistics.resampling import percentiles
from robustmnist.statistics.unseen import with_unseen
from robustmnist.suites import Suite, Sweep

__all__ = ["Ratio", "beside_neutral", "data_set_ratio", "mean_error_ratios", "mean_errors", "sweep_ratios"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ratio:
    """Errors as multiples of the baseline's.

    Attributes:
        point: Of the full sample, float64 (M,).
        low: In every resample, with an unseen image that only the baseline misreads, float64 (B, M).
        high: With an image that only the other checkpoint misreads, float64 (B, M).
    """

    point: Array
    low: Array
    high: Array

    @cached_property
    def ends(self) -> tuple[Array, Array]:
        """The ends of the 95 % interval, each (M,)."""
        return percentiles(self.low)[0], percentiles(self.high)[1]


def mean_error_ratios(
    predictions: Predictions, suite: Suite, base: int, resamples: int, seed: int
) -> tuple[Ratio, Ratio]:
    """Return mCE and relative mCE of a suite; `base` is the index of the baseline among the checkpoints."""
    ratios = [
        sweep_ratios(predictions, suite, sweep, beside_neutral(sweep), base, resamples, seed)
        for sweep in counted(suite)
    ]
    plain, relative = zip(*ratios, strict=True)
    return _mean(plain), _mean(relative)


def data_set_ratio(predictions: Predictions, suite: Suite, base: int, resamples: int, seed: int) -> Ratio | None:
    """Return the mCE at the strengths of MNIST-C's data set; None where a sweep has no such strength."""
    sweeps = counted(suite)
    values = [data_set_value(sweep) for sweep in sweeps]
    if None in values:
        return None
    return _mean(
        [
            sweep_ratios(predictions, suite, sweep, np.asarray(sweep.values) == value, base, resamples, seed)[0]
            for sweep, value in zip(sweeps, values, strict=True)
        ]
    )


def _mean(ratios: Sequence[Ratio]) -> Ratio:
    point, low, high = (
        np.mean([getattr(ratio, name) for ratio in ratios], axis=0) for name in ("point", "low", "high")
    )
    return Ratio(point, low, high)


def sweep_ratios(
    predictions: Predictions,
    suite: Suite,
    sweep: Sweep,
    at: NDArray[np.bool_],
    base: int,
    resamples: int,
    seed: int,
) -> tuple[Ratio, Ratio]:
    """Return CE and relative CE of a sweep at some of its values, bool (V,)."""
    drawn, n = bootstrap(predictions, resamples, seed), len(predictions)
    error, clean = mean_errors(predictions, suite, sweep, at)
    moved = 1.0 - drawn.accuracy(suite.name, sweep.name)[..., at].mean(axis=-1)
    # The unseen image is read by all as it is; perturbed, one of the two checkpoints misreads it.
    read, misread = (with_unseen(moved, n, seed, wrong) for wrong in (0.0, 1.0))
    still = with_unseen(1.0 - drawn.clean, n, seed, 0.0)
    point = _ratios(error, clean, error, clean, base)
    low, high = _ratios(read, still, misread, still, base), _ratios(misread, still, read, still, base)
    for whole, *ends in zip(point, low, high, strict=True):
        for end in ends:  # the baseline is 1 of itself whatever images are drawn, also those that it all reads
            end[:, base] = whole[base]
    return Ratio(point[0], low[0], high[0]), Ratio(point[1], low[1], high[1])


def mean_errors(predictions: Predictions, suite: Suite, sweep: Sweep, at: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the mean error at some values of a sweep, bool (V,), and the clean error, each (M,)."""
    accuracy = hits(predictions, suite.name, sweep.name).mean(axis=2) / len(sweep.variants)
    return 1.0 - accuracy[:, at].mean(axis=1), 1.0 - clean_right(predictions).mean(axis=1)


def beside_neutral(sweep: Sweep) -> NDArray[np.bool_]:
    """Return which values of a sweep are not neutral, bool (V,)."""
    moved: NDArray[np.bool_] = np.asarray(sweep.values) != sweep.neutral
    return moved


def _ratios(error: Array, clean: Array, base_error: Array, base_clean: Array, base: int) -> tuple[Array, Array]:
    """Return CE and relative CE, (…, M) as the errors; all sums have equally many terms, so means serve."""
    lost, base_lost = error - clean, (base_error - base_clean)[..., base : base + 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = error / base_error[..., base : base + 1], lost / base_lost
    return ratios
