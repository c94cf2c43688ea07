"""How many digits still stand at each strength: survival over samples, by checkpoint, sweep and side."""

from typing import Any

import numpy as np
import pandas as pd

from robustmnist.predictions import Predictions
from robustmnist.results.remembered import remembered
from robustmnist.results.robustness.endurance import Endurance, endurance
from robustmnist.statistics.resampling import RESAMPLES, resampled_sums
from robustmnist.statistics.survival import KaplanMeier, kaplan_meier
from robustmnist.statistics.unseen import mean_ends
from robustmnist.suites.sides import sides

__all__ = ["survival", "survival_curve"]

COLUMNS = (
    *("checkpoint", "suite", "sweep", "unit", "side", "neutral", "end", "n", "failed_at_neutral", "never_failed"),
    *("median", "median_low", "median_high", "mean", "mean_low", "mean_high"),
)


def survival(predictions: Predictions, resamples: int = RESAMPLES, seed: int = 0) -> pd.DataFrame:
    """Return a row per suite, sweep, side of neutral and checkpoint: how far its images stand, as `endurance` says.

    Columns: ``checkpoint``, ``suite``, ``sweep``, ``unit``, ``side``, ``neutral``, ``end`` (the outermost value),
    ``n`` images; ``failed_at_neutral`` and ``never_failed``, how many; ``median``, the least distance from neutral at
    which half of the images have failed, and the ends ``median_low``, ``median_high`` of its 95 % interval (Brookmeyer
    and Crowley's), NaN where they lie beyond the sweep's end; ``mean`` distance of the first failure, an image that
    never fails counting with the sweep's end (the restricted mean, the area under the survival curve), with its 95 %
    interval ``mean_low``, ``mean_high`` by the bootstrap over images, which holds at the edge too.

    Distances are in the sweep's unit, |value − neutral|. The median and its ends are values of the sweep: a digit that
    fails at a value may have failed anywhere since the value before it, so a finer sweep gives a lesser median, and on
    a coarse sweep the interval may have no width. It then says which step half of the images fail in, nothing finer.
    """
    return _survival(predictions, resamples, seed).copy()


def survival_curve(
    predictions: Predictions, checkpoint: str, suite: str, sweep: str, side: str = "above"
) -> pd.DataFrame:
    """Return Kaplan and Meier's curve over the strength, a row per value from neutral outwards.

    Columns: ``strength``, its ``distance`` from neutral, ``at_risk``, ``failed``, ``censored``, ``survival`` (the share
    of images read right at this value and all before it) with its pointwise 95 % band ``low``, ``high``. Censored are,
    at the outermost value, the images that never fail.

    Raises:
        RunError: If the setting was not evaluated, or the sweep has no such side.
    """
    index = predictions.index(checkpoint)
    endured = endurance(predictions, suite, sweep, side)
    curve = _curve(endured, index)
    return pd.DataFrame(
        {
            "strength": endured.side.strengths,
            "distance": curve.times,
            "at_risk": curve.at_risk,
            "failed": curve.failed,
            "censored": curve.censored,
            "survival": curve.survival,
            "low": curve.low,
            "high": curve.high,
        }
    )


@remembered
def _survival(predictions: Predictions, resamples: int, seed: int) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    distances = []
    for suite in predictions.suites:
        for sweep in suite.curves:
            for side in sides(sweep):
                endured = endurance(predictions, suite.name, sweep.name, side.name)
                for index, checkpoint in enumerate(predictions.checkpoints):
                    row: dict[str, Any] = {"checkpoint": checkpoint, "suite": suite.name, "sweep": sweep.name}
                    row |= {"unit": sweep.unit, "side": side.name, "neutral": side.neutral, "end": side.end}
                    rows.append(row | _row(endured, index))
                    distances.append(endured.distance[index])
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    if rows:
        images, ends = np.stack(distances), np.asarray((table["end"] - table["neutral"]).abs(), np.float64)
        drawn = resampled_sums(images.T, resamples, seed) / len(predictions)
        table["mean_low"], table["mean_high"] = mean_ends(drawn, images, seed, 0.0, ends)
    return table


def _row(endured: Endurance, index: int) -> dict[str, Any]:
    first, distance = endured.first_failure[index], endured.distance[index]
    n = len(first)
    median, median_low, median_high = _curve(endured, index).median
    return {
        "n": n,
        "failed_at_neutral": int(np.count_nonzero(first == 0)),
        "never_failed": int(np.count_nonzero(~endured.failed[index])),
        "median": median,
        "median_low": median_low,
        "median_high": median_high,
        "mean": float(distance.mean()),
        "mean_low": np.nan,
        "mean_high": np.nan,
    }


def _curve(endured: Endurance, index: int) -> KaplanMeier:
    return kaplan_meier(endured.distance[index], endured.failed[index], at=endured.side.distances)
