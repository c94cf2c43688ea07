"""Errors relative to those of a named baseline checkpoint: CE, relative CE and their means."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results.robustness.error_ratios import (
    Ratio,
    beside_neutral,
    data_set_ratio,
    mean_error_ratios,
    mean_errors,
    sweep_ratios,
)
from robustmnist.results.robustness.mnist_c import counted
from robustmnist.statistics.resampling import RESAMPLES
from robustmnist.suites import Suite

__all__ = ["corruption_errors", "mean_corruption_errors", "unequal_sweeps"]

UNEQUAL = ("refuse", "mean-error")
ERRORS = (
    *("checkpoint", "baseline", "suite", "sweep", "values", "error", "baseline_error"),
    *("ce", "ce_low", "ce_high", "relative_ce", "relative_ce_low", "relative_ce_high"),
)
MEANS = (
    *("checkpoint", "baseline", "suite", "sweeps"),
    *("mce", "mce_low", "mce_high", "relative_mce", "relative_mce_low", "relative_mce_high"),
    *("data_set_mce", "data_set_mce_low", "data_set_mce_high"),
)


def corruption_errors(
    predictions: Predictions, baseline: str, resamples: int = RESAMPLES, seed: int = 0
) -> pd.DataFrame:
    """Return a row per suite, sweep and checkpoint: its errors as a multiple of those of `baseline`.

    Columns: ``checkpoint``, ``baseline``, ``suite``, ``sweep``, ``values`` (how many beside neutral), ``error`` and
    ``baseline_error`` (means over these values, images and variants); ``ce``, the ratio of the two, and
    ``relative_ce``, the same after subtracting from each checkpoint's error its own on the clean images; the 95 %
    intervals ``ce_low``, ``ce_high``, ``relative_ce_low``, ``relative_ce_high`` of the paired bootstrap over images,
    which hold at the edge too: see `robustmnist.statistics.unseen`.

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
            error = mean_errors(predictions, suite, sweep, beside_neutral(sweep))[0]
            ratios = sweep_ratios(predictions, suite, sweep, beside_neutral(sweep), base, resamples, seed)
            for m, checkpoint in enumerate(predictions.checkpoints):
                row: dict[str, Any] = {"checkpoint": checkpoint, "baseline": baseline, "suite": suite.name}
                row |= {"sweep": sweep.name, "values": len(sweep.values) - 1}
                row |= {"error": error[m], "baseline_error": error[base]}
                rows.append(row | _rows(("ce", "relative_ce"), ratios, m))
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
    ``relative_mce``, ``relative_mce_low``, ``relative_mce_high``, at all strengths; ``data_set_mce``,
    ``data_set_mce_low``, ``data_set_mce_high``, each corruption at the only strength that MNIST-C's data set has it at,
    NaN where a sweep has no such strength. Each sweep weighs the same, and a corruption of MNIST-C with several curves
    counts once, by the curve that holds the strength of the data set.

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
        ratios = (
            *mean_error_ratios(predictions, suite, base, resamples, seed),
            data_set_ratio(predictions, suite, base, resamples, seed),
        )
        for m, checkpoint in enumerate(predictions.checkpoints):
            row = {"checkpoint": checkpoint, "baseline": baseline, "suite": suite.name, "sweeps": len(counted(suite))}
            rows.append(row | _rows(("mce", "relative_mce", "data_set_mce"), ratios, m))
    return pd.DataFrame(rows, columns=list(MEANS))


def unequal_sweeps(suite: Suite) -> str:
    """Return how many values beside neutral each sweep has, in words; empty where all have equally many."""
    lengths = {sweep.name: len(sweep.values) - 1 for sweep in counted(suite)}
    if len(set(lengths.values())) < 2:
        return ""
    return ", ".join(f"{name} has {length}" for name, length in lengths.items())


def _rows(names: Sequence[str], ratios: Sequence[Ratio | None], m: int) -> dict[str, float]:
    """Return some ratios with their intervals for the checkpoint with the index `m`; NaN where there is none."""
    row: dict[str, float] = {}
    for name, ratio in zip(names, ratios, strict=True):
        point, low, high = (np.nan,) * 3 if ratio is None else (number[m] for number in (ratio.point, *ratio.ends))
        row |= {name: float(point), f"{name}_low": float(low), f"{name}_high": float(high)}
    return row
