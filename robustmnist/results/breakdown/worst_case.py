"""The worst case, image by image: an image counts as read only if it is read right at every point that is looked at."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results.breakdown.maps import crossed_sweep, rows_of
from robustmnist.results.correctness import clean_right, right
from robustmnist.statistics.wilson import wilson
from robustmnist.suites import Sweep

__all__ = ["of_many_draws", "worst_case", "worst_of_all_draws", "worst_of_k", "worst_over_grid"]

MANY_DRAWS = 5  # from so many draws of one strength on, the worst of them is asked for

Bools = NDArray[np.bool_]


def of_many_draws(sweep: Sweep) -> bool:
    """Return whether a sweep asks for the worst of many draws at one strength: such a sweep is not shown as a curve."""
    return not sweep.crossed and sweep.draws >= MANY_DRAWS and len(sweep.values) == 2


def worst_of_k(predictions: Predictions, suite: str, sweep: str) -> pd.DataFrame:
    """Return a row per checkpoint, value and k = 1 … K of a sweep with K draws: accuracy in the worst of k.

    mean over images of min over the first k of an image's own draws of 1[right]. The draws for k are the first of those
    for k + 1, so accuracy falls with k or stays. Where the sweep goes over choices too, the mean over them is taken.

    Columns: ``checkpoint``, ``suite``, ``sweep``, ``value``, ``unit``, ``k``, ``metric`` (``worst-of-10``), ``n``,
    ``accuracy`` with its 95 % Wilson interval ``accuracy_low``, ``accuracy_high`` for `n` images; ``random``, the mean
    over all K draws, and ``clean``, the accuracy on the images as they are.

    Raises:
        RunError: If the sweep was not evaluated or has a single draw.

    Source: Engstrom, Tran, Tsipras, Schmidt & Madry, Exploring the landscape of spatial robustness, 2019 (worst-of-k).
    """
    evaluated = predictions.sweep(suite, sweep)
    draws = evaluated.draws
    if draws < 2:
        raise RunError(f"sweep '{suite}.{sweep}' has a single draw", remedy="give one with 'draws' of 2 or more")
    m, v, r, n = (answers := right(predictions, suite, sweep)).shape
    by_draw = answers.reshape(m, v, r // draws, draws, n)  # the draws of a combination of choices follow each other
    standing = np.logical_and.accumulate(by_draw, axis=3).mean(axis=2).sum(axis=-1)  # (M, V, K)
    clean = clean_right(predictions).mean(axis=-1)
    rows: list[dict[str, Any]] = []
    for index, checkpoint in enumerate(predictions.checkpoints):
        for at, value in enumerate(evaluated.values):
            random = float(by_draw[index, at].mean())
            for k in range(1, draws + 1):
                rows.append(
                    {
                        **_names(checkpoint, suite, sweep),
                        "value": float(value),
                        "unit": evaluated.unit,
                        "k": k,
                        "metric": f"worst-of-{k}",
                        **_accuracy(float(standing[index, at, k - 1]), n),
                        "random": random,
                        "clean": float(clean[index]),
                    }
                )
    return pd.DataFrame(rows)


def worst_of_all_draws(predictions: Predictions, suite: str, sweep: str) -> pd.DataFrame:
    """Return the rows of `worst_of_k` that look at all draws, K, of the perturbed values; at least one per checkpoint.

    Raises:
        RunError: As `worst_of_k`.
    """
    evaluated, table = predictions.sweep(suite, sweep), worst_of_k(predictions, suite, sweep)
    return table[(table["k"] == evaluated.draws) & (table["value"] != evaluated.neutral)]


def worst_over_grid(predictions: Predictions, suite: str, sweep: str, label: int | None = None) -> pd.DataFrame:
    """Return a row per checkpoint: accuracy in the worst of all points of a crossed sweep.

    mean over images of min over the grid of 1[right]: each image has a worst point of its own. Choices and draws, where
    the sweep has them, are points too.

    Columns: ``checkpoint``, ``suite``, ``sweep``, ``metric`` (``worst of grid 5×5×31``: the sizes of ``over`` and of
    the values), ``points``, ``n``, ``accuracy`` with its 95 % Wilson interval ``accuracy_low``, ``accuracy_high``;
    ``mean``, the mean over the points, and ``clean``.

    Args:
        predictions: What was evaluated.
        suite: The suite's name.
        sweep: The sweep's name.
        label: Only images of this class, 0 to 9; where there are none the accuracy is NaN.

    Raises:
        RunError: If the sweep was not evaluated or is a curve, or there is no such class.

    Source: Engstrom, Tran, Tsipras, Schmidt & Madry, Exploring the landscape of spatial robustness, 2019 (grid search).
    """
    crossed = crossed_sweep(predictions, suite, sweep)
    chosen = rows_of(predictions, label)
    n = int(np.count_nonzero(chosen))
    sizes = [len(words) for words in crossed.over.values()] + ([crossed.draws] if crossed.draws > 1 else [])
    metric = f"worst of grid {'×'.join(map(str, [*sizes, len(crossed.values)]))}"
    answers, clean = right(predictions, suite, sweep)[..., chosen], clean_right(predictions)[:, chosen]
    rows: list[dict[str, Any]] = []
    for index, checkpoint in enumerate(predictions.checkpoints):
        standing = answers[index].all(axis=(0, 1))
        rows.append(
            {
                **_names(checkpoint, suite, sweep),
                "metric": metric,
                "points": answers.shape[1] * answers.shape[2],
                **_accuracy(int(np.count_nonzero(standing)), n),
                "mean": float(answers[index].mean()) if n else np.nan,
                "clean": float(clean[index].mean()) if n else np.nan,
            }
        )
    return pd.DataFrame(rows)


def worst_case(predictions: Predictions, suite: str, sweep: str) -> pd.DataFrame:
    """Return a row per checkpoint and strength: accuracy where each image meets its worst setting up to there.

    mean over images of min of 1[right] over all values no farther from neutral than the strength, on either side, and
    over all variants. Falls with the strength or stays, unlike the plain curve, which may rise again (a digit upside
    down, a 0 turned by 90°).

    Columns: ``checkpoint``, ``suite``, ``sweep``, ``strength``, the distance from neutral, and its ``unit``;
    ``settings``, how many are looked at; ``metric`` (``worst of 12 settings``); ``n``, ``accuracy`` with its 95 %
    Wilson interval ``accuracy_low``, ``accuracy_high``; ``clean``. In a crossed sweep, whose strengths may differ in
    unit, the strength of a point is the largest of its distances from neutral, each as a fraction of the farthest one
    on its axis.

    Raises:
        RunError: If the sweep was not evaluated.
    """
    evaluated = predictions.sweep(suite, sweep)
    distance = _distances(evaluated)  # (V, R)
    answers, clean = right(predictions, suite, sweep), clean_right(predictions).mean(axis=-1)
    n, strengths = len(predictions), np.unique(distance)
    unit = "fraction of the grid" if evaluated.crossed else evaluated.unit
    rows: list[dict[str, Any]] = []
    for index, checkpoint in enumerate(predictions.checkpoints):
        for strength, standing in zip(strengths, _standing(answers[index], distance, strengths), strict=True):
            settings = int(np.count_nonzero(distance <= strength))
            rows.append(
                {
                    **_names(checkpoint, suite, sweep),
                    "strength": float(strength),
                    "unit": unit,
                    "settings": settings,
                    "metric": f"worst of {settings} setting{'s' if settings > 1 else ''}",
                    **_accuracy(int(np.count_nonzero(standing)), n),
                    "clean": float(clean[index]),
                }
            )
    return pd.DataFrame(rows)


def _standing(answers: Bools, distance: NDArray[np.float64], strengths: NDArray[np.float64]) -> Iterator[Bools]:
    """Yield for each strength which images are right at all points up to there, bool (n,); answers are (V, R, n)."""
    standing = np.ones(answers.shape[-1], np.bool_)
    for strength in strengths:
        standing = standing & answers[distance == strength].all(axis=0)
        yield standing


def _distances(sweep: Sweep) -> NDArray[np.float64]:
    """Return how far from neutral each value is under each variant, (V, R)."""
    own = np.abs(np.asarray(sweep.values, np.float64) - sweep.neutral)
    distance = np.repeat((_share(own) if sweep.crossed else own)[:, None], len(sweep.variants), axis=1)
    for key, neutral in sweep.crossed.items():
        away = np.array([abs(float(variant.fixed[key]) - neutral) for variant in sweep.variants])
        distance = np.maximum(distance, _share(away))
    return np.round(distance, 9)  # 0.9 and 1.1 are equally far from 1, in floating point too


def _share(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = distances / (distances.max() or 1.0)
    return shares


def _names(checkpoint: str, suite: str, sweep: str) -> dict[str, str]:
    return {"checkpoint": checkpoint, "suite": suite, "sweep": sweep}


def _accuracy(correct: float, n: int) -> dict[str, Any]:
    low, high = wilson(correct, n)
    accuracy = correct / n if n else np.nan
    return {"n": n, "accuracy": accuracy, "accuracy_low": float(low), "accuracy_high": float(high)}
