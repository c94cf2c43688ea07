"""Several seeds of one recipe: how much of a difference comes from the seed, how much from the images."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2
from scipy.stats import t as student

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results.correctness import clean_right, hits
from robustmnist.statistics.paired_tests import holm
from robustmnist.statistics.wilson import wilson

__all__ = ["recipe_groups", "seed_variance"]


def seed_variance(predictions: Predictions, checkpoints: Sequence[str]) -> pd.DataFrame:
    """Return a row per setting, clean first: the accuracy of a recipe, from several checkpoints trained by it.

    Columns: ``suite``, ``sweep``, ``unit``, ``value``; ``seeds`` (how many checkpoints), ``n`` images; ``accuracy``,
    the mean over seeds and images, ``lowest`` and ``highest`` of a single seed; ``seed_sd``, the standard
    deviation of a network's accuracy over seeds, in the limit of many images; ``sample_sd``, the same over the choice
    of the n images; ``total_se``, the standard error of ``accuracy`` for another draw of both, and its 95 %
    interval ``total_low``, ``total_high``; Cochran's ``cochran_q`` with its ``p`` and ``p_holm`` over the rows: whether
    the seeds differ at all.

    Seeds and images are crossed random effects without replication: the variances are those of the two-way analysis of
    variance, a negative variance being 0. An image with several variants counts with the share that is right.

    Each side of the interval is √(a² + b²): a, what other images would do, is that side of Wilson's interval for as
    many independent images as vary like these; b, what other seeds would do, is that of Student's for the mean over
    seeds. With 2 seeds it is wide, t being 12.7: two say next to nothing of how much seeds vary. Simulated (2, 3 and 5
    seeds, 100 to 10,000 images, 0.3 to 44 % errors, three spreads of seeds) it covers 93 to 100 %, least where seeds
    vary most, and 99 % where they do not vary, for it then takes chance for a spread of seeds; an interval that pools
    the two variances covers 86 to 94 % with 2.

    Args:
        predictions: What was evaluated.
        checkpoints: At least two, of one recipe.

    Raises:
        RunError: If a checkpoint was not evaluated or is named twice, or there are fewer than two.

    Source: Searle, Casella & McCulloch, Variance components, 1992; Cochran, The comparison of percentages in matched
    samples, 1950; the sum of two intervals: Donner & Zou, Closed-form confidence intervals for functions of the normal
    mean and standard deviation, 2012.
    """
    indices = [predictions.index(name) for name in checkpoints]
    if len(set(indices)) < 2 or len(set(indices)) < len(indices):
        raise RunError(f"{', '.join(checkpoints) or 'none'}: seeds are two or more checkpoints, each named once")
    names: dict[str, Any] = {"suite": "", "sweep": "", "unit": "", "value": np.nan}
    rows = [names | _components(clean_right(predictions)[indices].astype(np.float64))]
    for suite in predictions.suites:
        for sweep in suite.curves:
            shares = hits(predictions, suite.name, sweep.name)[indices] / len(sweep.variants)
            for at, value in enumerate(sweep.values):
                if value != sweep.neutral:
                    names = {"suite": suite.name, "sweep": sweep.name, "unit": sweep.unit, "value": float(value)}
                    rows.append(names | _components(shares[:, at]))
    table = pd.DataFrame(rows)
    table["p_holm"] = holm(table["p"])
    return table


def recipe_groups(predictions: Predictions) -> tuple[tuple[str, ...], ...]:
    """Return the checkpoints that are known to be of one recipe and different seeds, two or more to a group.

    Known from the manifest, which holds of each checkpoint the hash of its recipe, training data included, and its
    seed. Where a recipe has two checkpoints of one seed (such as a training's best epoch and its last) its group is
    left out: which of them are meant is not for a program to guess.
    """
    recipes: dict[str, dict[str, int]] = {}
    for name, record in zip(predictions.checkpoints, predictions.manifest.get("checkpoints", ()), strict=False):
        training = record.get("training") if isinstance(record, Mapping) else None
        recipe, seed = (
            (training.get(key) for key in ("recipe", "seed")) if isinstance(training, Mapping) else (None, None)
        )
        if isinstance(recipe, str) and isinstance(seed, int):
            recipes.setdefault(recipe, {})[name] = seed
    return tuple(tuple(group) for group in recipes.values() if len(group) == len(set(group.values())) > 1)


def _components(shares: NDArray[np.float64]) -> dict[str, Any]:
    """Split the variance of `shares` (K, n), K seeds by n images."""
    k, n = shares.shape
    mean, by_seed, by_image = shares.mean(), shares.mean(axis=1), shares.mean(axis=0)
    seed_sum = n * float(((by_seed - mean) ** 2).sum())
    image_sum = k * float(((by_image - mean) ** 2).sum())
    rest_sum = max(float(((shares - mean) ** 2).sum()) - seed_sum - image_sum, 0.0)
    freedom = np.array([k - 1, n - 1, (k - 1) * (n - 1)], np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        seed, image, rest = np.array([seed_sum, image_sum, rest_sum]) / freedom
        total = max(seed + image - rest, 0.0) / (k * n)
        within = seed_sum + rest_sum
        q = n * (k - 1) * seed_sum / within if within > 0 else 0.0
    low, high = _interval(float(mean), by_seed, by_image)
    return {
        "seeds": k,
        "n": n,
        "accuracy": float(mean),
        "lowest": float(by_seed.min()),
        "highest": float(by_seed.max()),
        "seed_sd": float(np.sqrt(max(seed - rest, 0.0) / n)),
        "sample_sd": float(np.sqrt((max(image - rest, 0.0) / k + rest) / n)),
        "total_se": float(np.sqrt(total)),
        "total_low": low,
        "total_high": high,
        "cochran_q": float(q),
        "p": float(chi2.sf(q, k - 1)),
        "p_holm": np.nan,
    }


def _interval(mean: float, by_seed: NDArray[np.float64], by_image: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % interval of the mean over both, from the means of the K seeds and those of the n images."""
    k, n = len(by_seed), len(by_image)
    spread = float(by_image.var(ddof=1)) if n > 1 else 0.0
    alike = n * mean * (1.0 - mean) / spread if spread > 0 else float(n)
    low, high = (float(end) for end in wilson(mean * alike, alike))
    seeds = float(student.ppf(0.975, k - 1)) * float(by_seed.std(ddof=1)) / np.sqrt(k)
    return max(mean - float(np.hypot(mean - low, seeds)), 0.0), min(mean + float(np.hypot(high - mean, seeds)), 1.0)
