"""What a checkpoint's answers on a data set are worth: accuracy, calibration and confusions, with intervals."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustmnist.statistics.answers import pooled, tempered
from robustmnist.statistics.calibration import BINS, bin_sums, calibration_ends, calibration_error, equal_width
from robustmnist.statistics.clusters import (
    Groups,
    clustered_sums,
    few_groups,
    group_count,
    mean_interval,
    share_interval,
)
from robustmnist.statistics.decisions import decide
from robustmnist.statistics.proper_scores import log_likelihoods

__all__ = ["RESAMPLES", "by_factor", "confidence", "confusions", "right_answers", "scores"]

RESAMPLES = 1_000
LEVELS = 8  # of a factor that are shown as they are; more numbers than these are cut into equally many digits
CUTS = 4


def right_answers(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which rows of logits (n, 10) are right; an invalid row is wrong."""
    right: NDArray[np.bool_] = decide(logits).predicted == labels
    return right


def confidence(logits: NDArray[np.floating], groups: Groups, seed: int, resamples: int = RESAMPLES) -> dict[str, float]:
    """Return the mean confidence with its interval: all that can be asked of images that are no digits."""
    decided = decide(logits)
    known = decided.valid
    values = decided.confidence[known]
    low, high = mean_interval(values, None if groups is None else groups[known], resamples, seed)
    mean = float(values.mean()) if len(values) else float("nan")
    return {"confidence": mean, "confidence_low": max(low, 0.0), "confidence_high": min(high, 1.0)}


def scores(
    logits: NDArray[np.floating],
    labels: NDArray[np.int64],
    groups: Groups,
    *,
    temperature: float | None,
    seed: int,
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """Return accuracy and calibration of logits (n, 10), each with its 95 % interval.

    Keys: ``n``, ``groups`` (how many; 0 where not known), ``correct``, ``accuracy``, ``confidence``, ``nll``, ``ece``
    and, at the card's temperature, ``ece_tempered``; those with an interval have ``…_low`` and ``…_high`` too. Where
    there is no temperature its numbers are NaN.
    """
    right = right_answers(logits, labels)
    low, high = share_interval(right, groups, resamples, seed)
    decided = decide(logits)
    known = decided.valid
    likelihoods = log_likelihoods(logits[known], labels[known], decided.where(known))
    return {
        "n": len(labels),
        "groups": 0 if groups is None else len(np.unique(groups)),
        "correct": int(right.sum()),
        "accuracy": float(right.mean()),
        "accuracy_low": low,
        "accuracy_high": high,
        **confidence(logits, groups, seed, resamples),
        "nll": float(-likelihoods.mean()) if len(likelihoods) else float("nan"),
        **_calibration("ece", logits, labels, groups, seed, resamples),
        "temperature": float("nan") if temperature is None else temperature,
        **_calibration(
            "ece_tempered",
            logits if temperature is None else tempered(logits, temperature),
            labels,
            groups,
            seed,
            resamples if temperature is not None else 0,
        ),
    }


def _calibration(
    name: str, logits: NDArray[np.floating], labels: NDArray[np.int64], groups: Groups, seed: int, resamples: int
) -> dict[str, float]:
    """Return the expected calibration error in bins of equal width and its interval; NaN without resamples.

    Whole groups are resampled, and the ends are moved apart by `few_groups`. In 200 simulations of 6 writers that
    differ, and 200 of 20, the error was held by 91 and 95.5 % of such intervals; without it by 86.5 and 94 %.
    """
    decided = decide(logits)
    known = decided.valid
    if not resamples or not known.any():
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"), float("nan"))
    answers = pooled([decided], labels)
    bins = equal_width(answers.confidence)
    error = calibration_error(answers, bins)
    gaps = np.zeros((len(bins), BINS + 1))
    gaps[np.arange(len(bins)), bins] = answers.right - answers.confidence
    gaps[:, -1] = 1
    groups = None if groups is None else groups[known]
    many = group_count(groups, len(bins))
    sums = clustered_sums(gaps, None if many == len(bins) else groups, resamples, seed).astype(np.float64)
    _, mean, right = bin_sums(bins, answers.confidence, answers.right, BINS)
    whole, drawn = (right - mean) / len(bins), sums[:, :-1] / sums[:, -1:]
    apart = few_groups(many) if groups is not None else 1.0
    low, high = calibration_ends(error, np.abs(drawn).sum(1), np.abs(drawn - whole).sum(1), apart)
    return {name: error, f"{name}_low": low, f"{name}_high": high}


def confusions(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> Iterator[dict[str, int]]:
    """Yield how often each class was read as each other, where it ever was; ``predicted`` −1: an invalid answer."""
    predicted = decide(logits).predicted
    for label in range(10):
        counts = np.bincount(predicted[labels == label] + 1, minlength=11)
        for answer, n in enumerate(counts.tolist(), start=-1):
            if n:
                yield {"label": label, "predicted": answer, "n": n}


def by_factor(
    right: NDArray[np.bool_], factor: NDArray[Any], groups: Groups, seed: int, resamples: int = RESAMPLES
) -> Iterator[dict[str, Any]]:
    """Yield the accuracy at each level of a factor, (n,), with its interval; numbers of many values are cut in four."""
    names = np.unique(factor)
    numbers = np.issubdtype(factor.dtype, np.number)
    if numbers and len(names) > LEVELS:
        ends = np.quantile(factor, np.linspace(0, 1, CUTS + 1))
        level = np.searchsorted(ends[1:-1], factor, side="right")
        titles = [f"{low:.2f} to {high:.2f}" for low, high in pairwise(ends)]
    else:
        level = np.searchsorted(names, factor)
        titles = [f"{name:g}" if numbers else str(name) for name in names]
    for index, title in enumerate(titles):
        own = level == index
        if own.any():
            low, high = share_interval(right[own], None if groups is None else groups[own], resamples, seed)
            yield {
                "level": title,
                "n": int(own.sum()),
                "accuracy": float(right[own].mean()),
                "accuracy_low": low,
                "accuracy_high": high,
            }
