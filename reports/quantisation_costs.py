"""What eight bits cost, in numbers: a checkpoint against its int8 form, digit by digit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustmnist.predictions import Predictions
from robustmnist.statistics.decisions import decide
from robustmnist.statistics.resampling import RESAMPLES, percentiles, resampled_sums
from robustmnist.statistics.wilson import wilson
from robustmnist.suites import Sweep
from robustmnist.wording.numbers import strength

__all__ = ["Cost", "Estimate", "costs", "perturbed"]

INT8 = "-int8"  # how the int8 form of a checkpoint is called


@dataclass(frozen=True)
class Estimate:
    """A mean over digits with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Cost:
    """What sets a checkpoint's int8 form apart from itself; shares of digits, differences int8 minus float.

    Attributes:
        name: Of the checkpoint.
        clean: Accuracy on clean digits, of float and of int8.
        clean_difference: Of these two.
        clean_changed: How many clean digits get another answer.
        perturbed: Mean accuracy over all perturbed settings, of float and of int8.
        perturbed_difference: Of these two.
        perturbed_changed: Mean share of another answer over these settings.
        by_suite: Suite -> that share in it.
        worst: The setting where it is largest, in words; that share, and both accuracies there.
    """

    name: str
    clean: tuple[float, float]
    clean_difference: Estimate
    clean_changed: Estimate
    perturbed: tuple[float, float]
    perturbed_difference: Estimate
    perturbed_changed: Estimate
    by_suite: Mapping[str, float]
    worst: tuple[str, float, float, float]


def costs(run: Predictions, name: str) -> Cost:
    """Return what the int8 form of the checkpoint `name` costs, from a run with both, ``NAME`` and ``NAME-int8``."""
    pair = [run.index(name), run.index(f"{name}{INT8}")]
    right, changed = _compared(run.clean[pair][:, None], run.labels)
    columns, shares = [np.diff(right, axis=0)[0], changed], dict[str, list[float]]()
    totals, count_of, worst = np.zeros((3, len(run))), 0, ("", -1.0, 0.0, 0.0)
    for suite, sweep, at, words in perturbed(run):
        logits = np.stack([np.asarray(run.logits[suite, sweep.name][index, at]) for index in pair])
        there, apart = _compared(logits, run.labels)
        totals, count_of = totals + np.stack([*there, apart]), count_of + 1
        shares.setdefault(suite, []).append(float(apart.mean()))
        if apart.mean() > worst[1]:
            worst = (words, float(apart.mean()), float(there[0].mean()), float(there[1].mean()))
    means = totals / count_of
    columns += [means[1] - means[0], means[2]]
    low, high = percentiles(resampled_sums(np.stack(columns, axis=1), RESAMPLES, seed=0) / len(run))
    estimates = [Estimate(float(values.mean()), *ends) for values, *ends in zip(columns, low, high, strict=True)]
    ends = (float(end) for end in wilson(int(changed.sum()), len(run)))
    return Cost(
        name,
        (float(right[0].mean()), float(right[1].mean())),
        estimates[0],
        Estimate(float(changed.mean()), *ends),
        (float(means[0].mean()), float(means[1].mean())),
        estimates[2],
        estimates[3],
        {suite: float(np.mean(values)) for suite, values in shares.items()},
        worst,
    )


def perturbed(run: Predictions) -> Iterator[tuple[str, Sweep, int, str]]:
    """Yield suite, sweep, index of the value, and the setting in words, of all settings but the neutral ones."""
    for suite in run.suites:
        for sweep in suite.sweeps:
            for at, value in enumerate(sweep.values):
                if value != sweep.neutral:
                    yield suite.name, sweep, at, f"{suite.name}, {sweep.title} {strength(value, sweep.unit)}"


def _compared(
    logits: NDArray[np.float32], labels: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return of logits (2, R, n, 10) how often both read each digit right, (2, n), and how often they differ, (n,)."""
    predicted = decide(logits.reshape(-1, logits.shape[-1])).predicted.reshape(logits.shape[:-1])
    return (predicted == labels).mean(axis=1), (predicted[0] != predicted[1]).mean(axis=0)
