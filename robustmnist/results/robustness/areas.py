"""The area under the accuracy curve, with its interval."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.predictions import Predictions
from robustmnist.results.bootstrap import bootstrap
from robustmnist.results.correctness import accuracies, hits
from robustmnist.results.remembered import remembered
from robustmnist.statistics.curves import area_under, trapezoid_weights
from robustmnist.statistics.resampling import RESAMPLES
from robustmnist.statistics.unseen import mean_ends
from robustmnist.suites import Sweep

__all__ = ["areas", "curve_names", "image_areas"]


AREAS = ("checkpoint", "suite", "sweep", "unit", "n", "variants", "area", "area_low", "area_high")
Array = NDArray[np.float64]


def areas(predictions: Predictions, resamples: int = RESAMPLES, seed: int = 0) -> pd.DataFrame:
    """Return a row per suite, sweep and checkpoint: the area under its accuracy curve.

    Columns: ``checkpoint``, ``suite``, ``sweep``, ``unit``, ``n`` images, ``variants``, ``area``, ``area_low``,
    ``area_high``. The area is taken by the trapezoid rule over the strength in its physical unit and divided by the
    range of values, so that 1 means every answer is right; accuracy is the mean over images and variants. The
    interval is the 95 % interval of the paired bootstrap over images, which holds at the edge too (`mean_ends`).

    Crossed sweeps have no curve and no row.
    """
    return _areas(predictions, resamples, seed).copy()


def image_areas(predictions: Predictions, suite: str, sweep: str) -> Array:
    """Return the area under each image's own curve of right answers, float64 (M, n); its mean over images is the area.

    Raises:
        RunError: If the sweep was not evaluated.
    """
    weights = trapezoid_weights(predictions.sweep(suite, sweep).values)
    variants = predictions.logits[suite, sweep].shape[2]
    area: Array = np.einsum("v,mvn->mn", weights, hits(predictions, suite, sweep)) / variants
    return area


def curve_names(checkpoint: str, suite: str, sweep: Sweep) -> dict[str, str]:
    """Return the first columns of a row about a curve: ``checkpoint``, ``suite``, ``sweep``, ``unit``."""
    return {"checkpoint": checkpoint, "suite": suite, "sweep": sweep.name, "unit": sweep.unit}


@remembered
def _areas(predictions: Predictions, resamples: int, seed: int) -> pd.DataFrame:
    drawn = bootstrap(predictions, resamples, seed)
    rows: list[dict[str, Any]] = []
    for suite in predictions.suites:
        for sweep in suite.curves:
            images = image_areas(predictions, suite.name, sweep.name)
            area = area_under(sweep.values, accuracies(predictions, suite.name, sweep.name))
            resampled = drawn.accuracy(suite.name, sweep.name) @ trapezoid_weights(sweep.values)
            low, high = mean_ends(resampled, images, seed, 0.0, 1.0)
            rows += [
                {
                    **curve_names(checkpoint, suite.name, sweep),
                    "n": len(predictions),
                    "variants": len(sweep.variants),
                    "area": area[m],
                    "area_low": low[m],
                    "area_high": high[m],
                }
                for m, checkpoint in enumerate(predictions.checkpoints)
            ]
    return pd.DataFrame(rows, columns=list(AREAS))
