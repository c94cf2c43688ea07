"""Crossed sweeps as maps: accuracy at every point, and how far the answers agree from point to point."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results.correctness import right
from robustmnist.results.remembered import remembered
from robustmnist.statistics.agreement import agreement, votes
from robustmnist.statistics.decisions import INVALID
from robustmnist.statistics.resampling import RESAMPLES, resampled_sums
from robustmnist.statistics.unseen import mean_ends
from robustmnist.statistics.wilson import wilson
from robustmnist.suites import Sweep

__all__ = ["consistency", "shift_map"]

CLASSES = 10


def shift_map(predictions: Predictions, suite: str, sweep: str, label: int | None = None) -> pd.DataFrame:
    """Return a row per checkpoint and point of a crossed sweep.

    Columns: ``checkpoint``, ``suite``, ``sweep``; a column for every strength, named as its parameter (``dx``,
    ``dy``), the sweep's own first; ``neutral``, whether the point leaves the images as they are; ``n``, images;
    ``variants``, how often each was perturbed at the point (choices × draws, mostly 1); ``correct``, right answers over
    all variants; ``accuracy`` with its 95 % Wilson interval ``accuracy_low``, ``accuracy_high`` for `n` images.
    Points are ordered by the sweep's own strength, then by the others in their order.

    Args:
        predictions: What was evaluated.
        suite: The suite's name.
        sweep: The sweep's name.
        label: Only images of this class, 0 to 9; where there are none the accuracy is NaN.

    Raises:
        RunError: If the sweep was not evaluated or is a curve, or there is no such class.
    """
    crossed = crossed_sweep(predictions, suite, sweep)
    chosen = rows_of(predictions, label)
    n = int(np.count_nonzero(chosen))
    points = _points(crossed)
    hits = right(predictions, suite, sweep)[..., chosen].sum(axis=-1)  # (M, V, R)
    rows: list[dict[str, Any]] = []
    for index, checkpoint in enumerate(predictions.checkpoints):
        for at, value in enumerate(crossed.values):
            for others, variants in points.items():
                strengths = {crossed.parameter: float(value), **dict(zip(crossed.crossed, others, strict=True))}
                correct, r = int(hits[index, at, variants].sum()), len(variants)
                low, high = wilson(correct / r, n)
                rows.append(
                    {
                        "checkpoint": checkpoint,
                        "suite": suite,
                        "sweep": sweep,
                        **strengths,
                        "neutral": crossed.is_neutral(value, crossed.variants[variants[0]]),
                        "n": n,
                        "variants": r,
                        "correct": correct,
                        "accuracy": correct / (n * r) if n else np.nan,
                        "accuracy_low": float(low),
                        "accuracy_high": float(high),
                    }
                )
    return pd.DataFrame(rows)


def consistency(
    predictions: Predictions,
    suite: str,
    sweep: str,
    label: int | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> pd.DataFrame:
    """Return a row per checkpoint: how often it gives one image the same answer at two points of a sweep.

    Exact over all pairs of an image's P answers (every value under every variant), not a sample of them: with k_c of
    the answers for class c, Σ k_c (k_c − 1) of the P (P − 1) ordered pairs of different points agree. An answer with a
    NaN or an infinity agrees with none. Right or wrong does not matter: a checkpoint that calls everything a 1 is
    consistent.

    Columns: ``checkpoint``, ``suite``, ``sweep``, ``n``; ``points``, P; ``consistency``, the share of agreeing pairs of
    different points, and its 95 % interval ``consistency_low``, ``consistency_high`` by the bootstrap over images,
    which holds at the edge too; ``consistency_drawn``, where both points are drawn independently, so that one time in P
    they are the same and agree: Σ k_c² / P².

    Args:
        predictions: What was evaluated.
        suite: The suite's name.
        sweep: The sweep's name; any sweep will do, a map or a curve.
        label: Only images of this class, 0 to 9; where there are none the numbers are NaN.
        resamples: Of the bootstrap over images.
        seed: Of the bootstrap.

    Raises:
        RunError: If the sweep was not evaluated, or there is no such class.

    Source: Zhang, Making convolutional networks shift-invariant again, 2019, section 4.1 (there over pairs of shifts
    drawn at random).
    """
    chosen = rows_of(predictions, label)
    predicted = guesses(predictions, suite, sweep)
    n = int(np.count_nonzero(chosen))
    p = predicted.shape[1] * predicted.shape[2]
    rows: list[dict[str, Any]] = []
    for checkpoint, answers in zip(predictions.checkpoints, predicted, strict=True):
        counts = votes(answers[..., chosen].reshape(p, n))
        share = agreement(counts, p)
        low, high = np.nan, np.nan
        if n:
            drawn = resampled_sums(share[:, None], resamples, seed)[:, 0] / n
            low, high = (float(end) for end in mean_ends(drawn, share, seed, 0.0, 1.0))
        rows.append(
            {
                "checkpoint": checkpoint,
                "suite": suite,
                "sweep": sweep,
                "n": n,
                "points": p,
                "consistency": float(share.mean()) if n else np.nan,
                "consistency_low": low,
                "consistency_high": high,
                "consistency_drawn": float((counts**2).sum() / (n * p**2)) if n else np.nan,
            }
        )
    return pd.DataFrame(rows)


@remembered
def guesses(predictions: Predictions, suite: str, sweep: str) -> NDArray[np.int8]:
    """Return the predicted classes of a sweep, int8 (M, V, R, n), `INVALID` where a logit is not finite; read-only.

    Raises:
        RunError: If the sweep was not evaluated.
    """
    predictions.sweep(suite, sweep)
    logits = predictions.logits[suite, sweep]
    classes = np.empty(logits.shape[:-1], np.int8)
    for setting in np.ndindex(*logits.shape[:3]):  # one setting at a time: the logits of a map may not fit the memory
        table = logits[setting]
        classes[setting] = np.where(np.isfinite(table).all(axis=-1), table.argmax(axis=-1), INVALID)
    classes.flags.writeable = False
    return classes


def crossed_sweep(predictions: Predictions, suite: str, sweep: str) -> Sweep:
    """Return a crossed sweep; raise `RunError` where it was not evaluated or is a curve."""
    evaluated = predictions.sweep(suite, sweep)
    if not evaluated.crossed:
        remedy = "give a sweep whose 'over' holds further strengths"
        raise RunError(f"sweep '{suite}.{sweep}' is a curve, not a map", remedy=remedy)
    return evaluated


def rows_of(predictions: Predictions, label: int | None) -> NDArray[np.bool_]:
    """Return which images are of a class, bool (n,); all of them for None."""
    if label is None:
        return np.ones(len(predictions), np.bool_)
    if label not in range(CLASSES):
        raise RunError(f"{label!r} is not a class", remedy=f"use 0 to {CLASSES - 1}")
    rows: NDArray[np.bool_] = predictions.labels == label
    return rows


def _points(sweep: Sweep) -> dict[tuple[float, ...], list[int]]:
    """Return by their other strengths the points that every value has, each with the indices of its variants."""
    points: dict[tuple[float, ...], list[int]] = {}
    for index, variant in enumerate(sweep.variants):
        points.setdefault(tuple(float(variant.fixed[key]) for key in sweep.crossed), []).append(index)
    return points
