"""The paired bootstrap over images: the same resamples for every checkpoint, setting and statistic."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustmnist.predictions import Predictions
from robustmnist.results.correctness import clean_right, hits
from robustmnist.results.remembered import remembered
from robustmnist.statistics.resampling import RESAMPLES, resampled_sums

__all__ = ["Bootstrap", "bootstrap"]


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Accuracies in every resample.

    Attributes:
        clean: On the clean images, float64 (B, M): B resamples, M checkpoints.
        curves: (suite name, sweep name) to the sums of right answers, float32 (B, M, V).
        answers: (suite name, sweep name) to how many answers such a sum is out of: images × variants.
    """

    clean: NDArray[np.float64]
    curves: dict[tuple[str, str], NDArray[np.float32]]
    answers: dict[tuple[str, str], int]

    def accuracy(self, suite: str, sweep: str) -> NDArray[np.float64]:
        """Return the accuracies of a sweep, float64 (B, M, V)."""
        sums: NDArray[np.float64] = self.curves[suite, sweep].astype(np.float64)
        return sums / self.answers[suite, sweep]


@remembered
def bootstrap(predictions: Predictions, resamples: int = RESAMPLES, seed: int = 0) -> Bootstrap:
    """Draw images with replacement, `resamples` times, and return all accuracies of each resample.

    Images are drawn, not answers: the variants of an image, its answers at all strengths and by all checkpoints stay
    together, so differences between settings or checkpoints are paired.

    Raises:
        ValueError: If there are no images, or fewer than 1 resamples.

    Source: Efron & Tibshirani, An introduction to the bootstrap, 1993.
    """
    keys = [(suite.name, sweep.name) for suite in predictions.suites for sweep in suite.curves]
    m, n = len(predictions.checkpoints), len(predictions)
    tables = [clean_right(predictions), *(hits(predictions, *key) for key in keys)]
    columns = np.concatenate([table.reshape(-1, n) for table in tables]).T
    sums = resampled_sums(columns, resamples, seed)
    ends = np.cumsum([table.size // n for table in tables])
    curves = {
        key: sums[:, start:stop].reshape(resamples, m, -1)
        for key, start, stop in zip(keys, ends[:-1], ends[1:], strict=True)
    }
    answers = {key: n * predictions.logits[key].shape[2] for key in keys}
    return Bootstrap(sums[:, : ends[0]].astype(np.float64) / n, curves, answers)
