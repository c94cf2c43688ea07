"""How many digits still stand at each strength: survival over samples, by checkpoint, sweep and side."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from robustmnist.predictions import Predictions
from robustmnist.results.censoring import KaplanMeier, kaplan_meier
from robustmnist.results.endurance import Endurance, endurance
from robustmnist.results.memory import remembered
from robustmnist.results.sides import sides

__all__ = ["survival", "survival_curve"]

COLUMNS = (
    *("checkpoint", "suite", "sweep", "unit", "side", "neutral", "end", "n", "failed_at_neutral", "never_failed"),
    *("median", "median_low", "median_high", "mean", "mean_low", "mean_high"),
)


def survival(predictions: Predictions) -> pd.DataFrame:
    """Return a row per suite, sweep, side of neutral and checkpoint: how far its images stand, as `endurance` says.

    Columns: ``checkpoint``, ``suite``, ``sweep``, ``unit``, ``side``, ``neutral``, ``end`` (the outermost value),
    ``n`` images; ``failed_at_neutral`` and ``never_failed``, how many; ``median``, the least distance from neutral at
    which half of the images have failed, and the ends ``median_low``, ``median_high`` of its 95 % interval (Brookmeyer
    and Crowley's), NaN where they lie beyond the sweep's end; ``mean`` distance of the first failure, an image that
    never fails counting with the sweep's end (the restricted mean, the area under the survival curve), with its 95 %
    interval ``mean_low``, ``mean_high`` from the standard error over images.

    Distances are in the sweep's unit, |value − neutral|.
    """
    return _survival(predictions).copy()


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
    place = predictions.index(checkpoint)
    found = endurance(predictions, suite, sweep, side)
    curve = _curve(found, place)
    return pd.DataFrame(
        {
            "strength": found.side.strengths,
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
def _survival(predictions: Predictions) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for suite in predictions.suites:
        for sweep in suite.curves:
            for side in sides(sweep):
                found = endurance(predictions, suite.name, sweep.name, side.name)
                for place, checkpoint in enumerate(predictions.checkpoints):
                    row: dict[str, Any] = {"checkpoint": checkpoint, "suite": suite.name, "sweep": sweep.name}
                    row |= {"unit": sweep.unit, "side": side.name, "neutral": side.neutral, "end": side.end}
                    rows.append(row | _row(found, place))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(found: Endurance, place: int) -> dict[str, Any]:
    first, distance = found.first_failure[place], found.distance[place]
    n = len(first)
    median, median_low, median_high = _curve(found, place).median
    mean = float(distance.mean())
    half = float(ndtri(0.975)) * float(distance.std(ddof=1)) / np.sqrt(n) if n > 1 else np.nan
    end = float(found.side.distances[-1])
    return {
        "n": n,
        "failed_at_neutral": int(np.count_nonzero(first == 0)),
        "never_failed": int(np.count_nonzero(~found.failed[place])),
        "median": median,
        "median_low": median_low,
        "median_high": median_high,
        "mean": mean,
        "mean_low": max(mean - half, 0.0),
        "mean_high": min(mean + half, end),
    }


def _curve(found: Endurance, place: int) -> KaplanMeier:
    return kaplan_meier(found.distance[place], found.failed[place], at=found.side.distances)
