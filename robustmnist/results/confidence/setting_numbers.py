"""The numbers of one checkpoint under one setting: a row of `quality`, before it has intervals by resampling."""

import functools
import operator
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustmnist.results.confidence.metrics.registry import METRICS
from robustmnist.results.confidence.setting_answers import SettingAnswers
from robustmnist.statistics.agreement import agreement, votes
from robustmnist.statistics.answers import pooled, tempered
from robustmnist.statistics.decisions import INVALID, Decisions, decide
from robustmnist.statistics.proper_scores import brier_sums, log_likelihoods
from robustmnist.statistics.wilson import wilson

__all__ = ["setting_numbers"]


def setting_numbers(
    logits: NDArray[np.float32], labels: NDArray[np.int64], clean: NDArray[np.int64], temperature: float
) -> tuple[dict[str, Any], SettingAnswers]:
    """Return the numbers of one checkpoint under one setting by column, and the answers that they were computed from.

    Args:
        logits: Its logits under R variants, float32 (R, n, 10).
        labels: True classes, int64 (n,).
        clean: The classes that it predicts for the clean images, int64 (n,); for flips.
        temperature: What logits are divided by first.
    """
    decided: list[Decisions] = []
    likelihoods, images, brier_parts, near_ties = [], [], [], 0
    for table in logits:  # one variant at a time
        finite = tempered(table, temperature)
        decisions = decide(finite)
        near_ties += decisions.near_ties if temperature == 1.0 else decide(table).near_ties
        truth, valid = labels, decisions
        if not decisions.valid.all():
            kept = decisions.valid
            finite, truth, valid = finite[kept], labels[kept], decisions.where(kept)
        likelihoods.append(log_likelihoods(finite, truth, valid))
        images.append(np.flatnonzero(decisions.valid))
        brier_parts.append(brier_sums(finite, truth))
        decided.append(decisions)
    n, r, answers = len(labels), len(decided), pooled(decided, labels)
    predicted = [decisions.predicted for decisions in decided]
    sums = functools.reduce(operator.add, brier_parts)
    given = SettingAnswers(answers, np.concatenate(images), n, r, np.concatenate(likelihoods), sums)
    correct = int(np.count_nonzero(answers.right))
    low, high = wilson(correct / r, n)
    first, *others = METRICS
    numbers = {
        "variants": r,
        "accuracy": correct / (n * r),
        "accuracy_low": float(low),
        "accuracy_high": float(high),
        **_columns([first], given),
        "invalid": answers.invalid,
        "near_ties": near_ties,
        "flip_rate": float(np.mean([(classes != clean) | (classes == INVALID) for classes in predicted])),
        "consistency": float(agreement(votes(np.stack([clean, *predicted])), 1 + r).mean()),
        "temperature": temperature,
        **_columns(others, given),
    }
    return numbers, given


def _columns(names: Iterable[str], given: SettingAnswers) -> dict[str, float]:
    """Return some metrics, each followed by the ends of its interval, which are not known yet."""
    columns: dict[str, float] = {}
    for name in names:
        columns[name] = METRICS[name].value(given)
        if METRICS[name].has_interval:
            columns |= {f"{name}_low": np.nan, f"{name}_high": np.nan}
    return columns
