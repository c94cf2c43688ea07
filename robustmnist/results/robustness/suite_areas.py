"""A suite in one number with its interval: the mean area under its curves, or the mean over its maps."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.predictions import Predictions
from robustmnist.results.bootstrap import bootstrap
from robustmnist.results.correctness import hits
from robustmnist.results.remembered import remembered
from robustmnist.results.robustness.areas import image_areas
from robustmnist.statistics.curves import trapezoid_weights
from robustmnist.statistics.resampling import RESAMPLES, resampled_sums
from robustmnist.statistics.unseen import mean_ends
from robustmnist.suites import Suite

__all__ = ["map_means", "suite_areas"]

MAPS = ("checkpoint", "suite", "sweep", "points", "n", "mean", "mean_low", "mean_high")

Array = NDArray[np.float64]


def suite_areas(predictions: Predictions, resamples: int = RESAMPLES, seed: int = 0) -> pd.DataFrame:
    """Return a row per suite and checkpoint: the mean over the suite's sweeps of the area under the accuracy curve.

    Columns: ``checkpoint``, ``suite``, ``sweeps`` (how many), ``n`` images, ``area``, ``area_low``, ``area_high``.
    Every sweep counts alike and its area is that of `areas`, 0 to 1. The interval is the 95 % interval of the
    paired bootstrap over images, which holds at the edge too (`mean_ends`): an image that is drawn is drawn in all
    sweeps at once.

    A suite without a curve has the mean accuracy over all points of its maps instead, every map counting alike.
    """
    return _suite_areas(predictions, resamples, seed).copy()


def map_means(predictions: Predictions, resamples: int = RESAMPLES, seed: int = 0) -> pd.DataFrame:
    """Return a row per crossed sweep and checkpoint: the mean accuracy over all its points.

    Columns: ``checkpoint``, ``suite``, ``sweep``, ``points`` (values × variants), ``n`` images, ``mean``, ``mean_low``,
    ``mean_high``, shares. The interval is that of `suite_areas`.
    """
    rows: list[dict[str, Any]] = []
    for suite in predictions.suites:
        for sweep in suite.maps:
            images, resampled = _map(predictions, suite.name, sweep.name, resamples, seed)
            low, high = mean_ends(resampled, images, seed, 0.0, 1.0)
            rows += [
                {
                    "checkpoint": checkpoint,
                    "suite": suite.name,
                    "sweep": sweep.name,
                    "points": len(sweep.values) * len(sweep.variants),
                    "n": len(predictions),
                    "mean": images[m].mean(),
                    "mean_low": low[m],
                    "mean_high": high[m],
                }
                for m, checkpoint in enumerate(predictions.checkpoints)
            ]
    return pd.DataFrame(rows, columns=list(MAPS))


@remembered
def _suite_areas(predictions: Predictions, resamples: int, seed: int) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for suite in predictions.suites:
        of = _curves if suite.curves else _maps
        images, resampled = of(predictions, suite, resamples, seed)
        low, high = mean_ends(resampled, images, seed, 0.0, 1.0)
        rows += [
            {
                "checkpoint": checkpoint,
                "suite": suite.name,
                "sweeps": len(suite.curves or suite.maps),
                "n": len(predictions),
                "area": images[m].mean(),
                "area_low": low[m],
                "area_high": high[m],
            }
            for m, checkpoint in enumerate(predictions.checkpoints)
        ]
    return pd.DataFrame(rows)


def _curves(predictions: Predictions, suite: Suite, resamples: int, seed: int) -> tuple[Array, Array]:
    """Return the mean area of each image by each checkpoint, (M, n), and of each resample, (B, M)."""
    drawn = bootstrap(predictions, resamples, seed)
    areas = [image_areas(predictions, suite.name, sweep.name) for sweep in suite.curves]
    resampled = [drawn.accuracy(suite.name, sweep.name) @ trapezoid_weights(sweep.values) for sweep in suite.curves]
    return np.mean(areas, axis=0), np.mean(resampled, axis=0)


def _maps(predictions: Predictions, suite: Suite, resamples: int, seed: int) -> tuple[Array, Array]:
    """Return each image's mean accuracy over all points, (M, n), and that of each resample, (B, M)."""
    maps = [_map(predictions, suite.name, sweep.name, resamples, seed) for sweep in suite.maps]
    images, resampled = zip(*maps, strict=True)
    return np.mean(images, axis=0), np.mean(resampled, axis=0)


@remembered
def _map(predictions: Predictions, suite: str, sweep: str, resamples: int, seed: int) -> tuple[Array, Array]:
    """Return what `_maps` returns, of a single map."""
    right = hits(predictions, suite, sweep).sum(axis=1, dtype=np.int64)  # (M, n)
    evaluated = predictions.sweep(suite, sweep)
    points = len(evaluated.values) * len(evaluated.variants)
    sums = resampled_sums(right.T, resamples, seed)
    return right / points, sums / (len(predictions) * points)
