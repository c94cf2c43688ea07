"""Errors relative to those of a named baseline checkpoint: CE, relative CE and their means."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results.bootstrap import RESAMPLES, bootstrap, percentiles
from robustmnist.results.correctness import clean_right, hits
from robustmnist.suites import Suite, Sweep

__all__ = ["corruption_errors", "mean_corruption_errors", "mean_error_ratios", "unequal_sweeps"]

Array = NDArray[np.float64]
UNEQUAL = ("refuse", "mean-error")
ERRORS = (
    *("checkpoint", "baseline", "suite", "sweep", "values", "error", "baseline_error"),
    *("ce", "ce_low", "ce_high", "relative_ce", "relative_ce_low", "relative_ce_high"),
)
MEANS = (
    *("checkpoint", "baseline", "suite", "sweeps"),
    *("mce", "mce_low", "mce_high", "relative_mce", "relative_mce_low", "relative_mce_high"),
)


def corruption_errors(
    predictions: Predictions, baseline: str, resamples: int = RESAMPLES, seed: int = 0
) -> pd.DataFrame:
    """Return a row per suite, sweep and checkpoint: its errors as a multiple of those of `baseline`.

    Columns: ``checkpoint``, ``baseline``, ``suite``, ``sweep``, ``values`` (how many beside neutral), ``error`` and
    ``baseline_error`` (means over these values, images and variants); ``ce``, the ratio of the two, and
    ``relative_ce``, the same after subtracting from each checkpoint's error its own on the clean images; the 95 %
    percentile intervals ``ce_low``, ``ce_high``, ``relative_ce_low``, ``relative_ce_high`` of the paired bootstrap over
    images.

    Below 1 is better than the baseline. Against a baseline without errors the ratio is infinite, and NaN where the
    checkpoint has none either; a relative CE is meaningless where the baseline loses nothing, and small denominators
    show in its interval.

    Raises:
        RunError: If the baseline was not evaluated.

    Source: Hendrycks & Dietterich, Benchmarking neural network robustness to common corruptions and perturbations,
    ICLR 2019. There the baseline is AlexNet and the values are five levels; neutral is never among them.
    """
    base = predictions.index(baseline)
    rows: list[dict[str, Any]] = []
    for suite in predictions.suites:
        for sweep in suite.curves:
            (error, clean), drawn = (
                _errors(predictions, suite, sweep),
                _drawn(predictions, suite, sweep, resamples, seed),
            )
            point, samples = _ratios(error, clean, base), _ratios(*drawn, base)
            ends = [percentiles(one) for one in samples]
            for m, checkpoint in enumerate(predictions.checkpoints):
                row: dict[str, Any] = {"checkpoint": checkpoint, "baseline": baseline, "suite": suite.name}
                row |= {"sweep": sweep.name, "values": len(sweep.values) - 1}
                row |= {"error": error[m], "baseline_error": error[base]}
                for name, value, (low, high) in zip(("ce", "relative_ce"), point, ends, strict=True):
                    row |= {name: value[m], f"{name}_low": low[m], f"{name}_high": high[m]}
                rows.append(row)
    return pd.DataFrame(rows, columns=list(ERRORS))


def mean_corruption_errors(
    predictions: Predictions,
    baseline: str,
    resamples: int = RESAMPLES,
    seed: int = 0,
    unequal: str = "refuse",
) -> pd.DataFrame:
    """Return a row per suite and checkpoint: mCE and relative mCE, the means of `corruption_errors` over its sweeps.

    Columns: ``checkpoint``, ``baseline``, ``suite``, ``sweeps`` (how many), ``mce``, ``mce_low``, ``mce_high``,
    ``relative_mce``, ``relative_mce_low``, ``relative_mce_high``. Each sweep weighs the same.

    Args:
        predictions: What was evaluated.
        baseline: The checkpoint whose errors are the unit.
        resamples: Of the bootstrap over images.
        seed: Of the bootstrap.
        unequal: What to do about a suite whose sweeps differ in their number of values, so that a value of one weighs
            more than a value of another: ``refuse``, or ``mean-error`` to say that each sweep shall count by its mean
            error whatever its length.

    Raises:
        RunError: If the baseline was not evaluated, or sweeps of unequal length are refused.
        ValueError: If `unequal` is neither of the two.
    """
    if unequal not in UNEQUAL:
        raise ValueError(f"unequal is {unequal!r}: use one of {', '.join(UNEQUAL)}")
    base = predictions.index(baseline)
    rows: list[dict[str, Any]] = []
    for suite in predictions.suites:
        if not suite.curves:
            continue
        lengths = unequal_sweeps(suite)
        if lengths and unequal == "refuse":
            raise RunError(
                f"the sweeps of suite '{suite.name}' are of unequal length: {lengths}",
                remedy="say unequal='mean-error' to let each count by its mean error",
            )
        point, samples = mean_error_ratios(predictions, suite, base, resamples, seed)
        ends = [percentiles(one) for one in samples]
        for m, checkpoint in enumerate(predictions.checkpoints):
            row = {"checkpoint": checkpoint, "baseline": baseline, "suite": suite.name, "sweeps": len(suite.curves)}
            for name, value, (low, high) in zip(("mce", "relative_mce"), point, ends, strict=True):
                row |= {name: value[m], f"{name}_low": low[m], f"{name}_high": high[m]}
            rows.append(row)
    return pd.DataFrame(rows, columns=list(MEANS))


def unequal_sweeps(suite: Suite) -> str:
    """Return how many values beside neutral each sweep has, in words; empty where all have equally many."""
    lengths = {sweep.name: len(sweep.values) - 1 for sweep in suite.curves}
    if len(set(lengths.values())) < 2:
        return ""
    return ", ".join(f"{name} has {length}" for name, length in lengths.items())


def mean_error_ratios(
    predictions: Predictions, suite: Suite, base: int, resamples: int, seed: int
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return (mCE, relative mCE) of a suite, each (M,), and the same in every resample, each (B, M).

    `base` is the place of the baseline among the checkpoints.
    """
    points = [_ratios(*_errors(predictions, suite, sweep), base) for sweep in suite.curves]
    drawn = [_ratios(*_drawn(predictions, suite, sweep, resamples, seed), base) for sweep in suite.curves]
    point, samples = (tuple(np.mean(one, axis=0) for one in zip(*pairs, strict=True)) for pairs in (points, drawn))
    return (point[0], point[1]), (samples[0], samples[1])


def _errors(predictions: Predictions, suite: Suite, sweep: Sweep) -> tuple[Array, Array]:
    """Return the mean error beside neutral and the clean error, each (M,)."""
    accuracy = hits(predictions, suite.name, sweep.name).mean(axis=2) / len(sweep.variants)
    return 1.0 - accuracy[:, _moved(sweep)].mean(axis=1), 1.0 - clean_right(predictions).mean(axis=1)


def _drawn(predictions: Predictions, suite: Suite, sweep: Sweep, resamples: int, seed: int) -> tuple[Array, Array]:
    """Return the same in every resample, each (B, M)."""
    drawn = bootstrap(predictions, resamples, seed)
    accuracy = drawn.accuracy(suite.name, sweep.name)
    return 1.0 - accuracy[..., _moved(sweep)].mean(axis=-1), 1.0 - drawn.clean


def _moved(sweep: Sweep) -> NDArray[np.bool_]:
    moved: NDArray[np.bool_] = np.asarray(sweep.values) != sweep.neutral
    return moved


def _ratios(error: Array, clean: Array, base: int) -> tuple[Array, Array]:
    """Return CE and relative CE, (…, M) as the errors; all sums have equally many terms, so means serve."""
    lost = error - clean
    with np.errstate(invalid="ignore", divide="ignore"):
        return error / error[..., base : base + 1], lost / lost[..., base : base + 1]
