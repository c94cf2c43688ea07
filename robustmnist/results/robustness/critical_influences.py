"""How each image moves the strengths at which a tenth of clean accuracy is lost."""

import numpy as np

from robustmnist.predictions import Predictions
from robustmnist.results.correctness import clean_right, hits
from robustmnist.results.focus import KEEP
from robustmnist.results.robustness.areas import Array
from robustmnist.statistics.curves import fall_influences
from robustmnist.suites.sides import sides

__all__ = ["critical_influences"]


def critical_influences(predictions: Predictions, keep: float = KEEP) -> dict[tuple[str, str, str], Array]:
    """Return by suite, sweep and side the influence of every image on `critical_strengths`, float64 (M, n).

    The unit is the sweep's, away from neutral. An influence is what the critical distance gains by the image, to first
    order, times n; their mean is 0, so that a critical distance plus its influences is a number for each image whose
    mean is that distance and whose spread is its uncertainty. Where no strength is critical, all are 0.
    """
    clean = clean_right(predictions)
    influences: dict[tuple[str, str, str], Array] = {}
    for suite in predictions.suites:
        for sweep in suite.curves:
            right = hits(predictions, suite.name, sweep.name) / predictions.logits[suite.name, sweep.name].shape[2]
            for side in sides(sweep):
                influences[suite.name, sweep.name, side.name] = np.stack(
                    [
                        fall_influences(side.distances, own[side.at], keep * still)
                        for own, still in zip(right, clean, strict=True)
                    ]
                )
    return influences
