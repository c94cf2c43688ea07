"""The strength at which a tenth of clean accuracy is lost, with its interval."""

from typing import Any

import numpy as np
import pandas as pd

from robustmnist.predictions import Predictions
from robustmnist.results.bootstrap import bootstrap
from robustmnist.results.correctness import accuracies, clean_right
from robustmnist.results.focus import KEEP
from robustmnist.results.remembered import remembered
from robustmnist.results.robustness.areas import Array, curve_names
from robustmnist.results.robustness.reached import measured_at
from robustmnist.statistics.curves import fall
from robustmnist.statistics.resampling import RESAMPLES, percentiles
from robustmnist.statistics.unseen import with_unseen
from robustmnist.suites.sides import Side, sides

__all__ = ["critical_strengths"]


CRITICAL = (
    *("checkpoint", "suite", "sweep", "unit", "side", "neutral", "end", "clean_accuracy"),
    *("critical", "critical_near", "critical_far", "critical_measured", "beyond"),
)


def critical_strengths(
    predictions: Predictions, resamples: int = RESAMPLES, seed: int = 0, keep: float = KEEP
) -> pd.DataFrame:
    """Return a row per suite, sweep, side of neutral and checkpoint: where accuracy falls below `keep` of clean.

    Columns: ``checkpoint``, ``suite``, ``sweep``, ``unit``, ``side`` (``below`` or ``above``), ``neutral``, ``end``
    (the outermost value on this side), ``clean_accuracy``; ``critical``, the strength at which accuracy, linear between
    values, first falls below ``keep · clean accuracy`` on the way outwards; ``critical_near`` and ``critical_far``, the
    ends of its 95 % interval nearer to and farther from neutral, each resample being held against its own clean
    accuracy; ``critical_measured``, the mean change measured on the digits at ``critical``, in the same unit, NaN where
    there is none; ``beyond``, whether the curve never falls so far: ``critical`` is NaN then. An end of the interval
    that is NaN also lies beyond ``end``. A checkpoint that reads no clean image right has NaN and is not ``beyond``.

    Args:
        predictions: What was evaluated.
        resamples: Of the bootstrap over images.
        seed: Of the bootstrap.
        keep: The part of the clean accuracy that must be kept, strictly between 0 and 1.
    """
    if not 0.0 < keep < 1.0:
        raise ValueError(f"keep is {keep}: it lies strictly between 0 and 1")
    return _critical_strengths(predictions, resamples, seed, keep).copy()


@remembered
def _critical_strengths(predictions: Predictions, resamples: int, seed: int, keep: float) -> pd.DataFrame:
    drawn = bootstrap(predictions, resamples, seed)
    clean, n = clean_right(predictions).mean(axis=1), len(predictions)
    rows: list[dict[str, Any]] = []
    for suite in predictions.suites:
        for sweep in suite.curves:
            accuracy = accuracies(predictions, suite.name, sweep.name)
            resampled = drawn.accuracy(suite.name, sweep.name)
            for side in sides(sweep):
                distance = _critical(side.distances, accuracy[:, side.at], clean, keep)
                moved = [
                    _resampled(side, resampled[..., side.at], drawn.clean, keep, n, seed, fails) for fails in (1, 0)
                ]
                near, far = (np.where(clean > 0, percentiles(each)[end], np.nan) for end, each in enumerate(moved))
                rows += [
                    {
                        **curve_names(checkpoint, suite.name, sweep),
                        "side": side.name,
                        "neutral": side.neutral,
                        "end": side.end,
                        "clean_accuracy": clean[m],
                        "critical": side.strength(distance[m]),
                        "critical_near": side.strength(near[m]),
                        "critical_far": side.strength(far[m]),
                        "critical_measured": measured_at(predictions, suite.name, sweep, side.strength(distance[m])),
                        "beyond": bool(np.isinf(distance[m])),
                    }
                    for m, checkpoint in enumerate(predictions.checkpoints)
                ]
    return pd.DataFrame(rows, columns=list(CRITICAL))


def _resampled(side: Side, accuracy: Array, clean: Array, keep: float, n: int, seed: int, fails: int) -> Array:
    """Return the critical distance in every resample, (B, M), an unseen image included.

    With `fails` 1 the unseen image is read right at neutral only, with 0 everywhere but at neutral.
    """
    right = np.where(side.distances > 0, 1.0 - fails, fails)
    moved, still = with_unseen(accuracy, n, seed, right), with_unseen(clean, n, seed, fails)
    # A resample of few images may hold none that is read right: nothing is kept there.
    return np.nan_to_num(_critical(side.distances, moved, still, keep), nan=0.0, posinf=np.inf)


def _critical(distances: Array, accuracy: Array, clean: Array, keep: float) -> Array:
    return np.where(clean > 0, fall(distances, accuracy, keep * clean), np.nan)
