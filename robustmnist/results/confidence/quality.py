"""A row per setting: what accuracy does not say about the answers. Likelihood, Brier, calibration, selection, flips."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results.confidence.metrics.registry import METRICS
from robustmnist.results.confidence.setting_answers import SettingAnswers
from robustmnist.results.confidence.setting_numbers import setting_numbers
from robustmnist.results.remembered import remembered
from robustmnist.statistics.decisions import decide
from robustmnist.statistics.score_intervals import SCORE_RESAMPLES, Scored, score_intervals, scored
from robustmnist.suites import Setting

__all__ = ["quality"]

TOGETHER = 64  # rows that are resampled at a time: what they need of 10,000 answers each is some 40 MB


def quality(
    predictions: Predictions,
    temperatures: Mapping[str, float] | None = None,
    resamples: int = SCORE_RESAMPLES,
    seed: int = 0,
    *,
    at: Collection[Setting] | None = None,
) -> pd.DataFrame:
    """Return a row per setting, the clean images of all checkpoints first, then suite, sweep, value, checkpoint.

    Columns:

    - which setting: ``checkpoint``, ``suite``, ``sweep``, ``unit``, ``value``, ``neutral`` (for clean images the names
      are empty and the value is NaN).
    - ``n`` images, ``variants`` of each; all variants' answers are taken together.
    - ``accuracy`` with its 95 % Wilson interval ``accuracy_low``, ``accuracy_high`` for `n` images; ``invalid``,
      answers with a NaN or an infinity: wrong in accuracy, in none of the columns about confidence; ``near_ties``.
    - ``flip_rate``: share of answers that differ from the same checkpoint's to the clean image, an invalid answer
      from any. ``consistency``: share of agreeing pairs among an image's clean answer and its variants' (with one
      variant ``1 − flip_rate``).
    - ``mean_confidence`` of the predicted class; ``temperature``, by which logits were divided beforehand.
    - ``nll``: mean negative log-likelihood of the true class, natural logarithm.
    - ``brier``, Σ over classes of (p − y)², 0 to 2, and ``brier_reliability``, ``brier_resolution``,
      ``brier_uncertainty``, ``brier_residual``: reliability − resolution + uncertainty + residual = brier, by class in
      15 bins of equal width.
    - ``ece_width``, ``ece_mass``: expected calibration error of the predicted class in 15 bins of equal width, the last
      bin closed, and of equal mass. Both are biased upwards by some 1/√(answers in a bin).
    - ``aurc``, ``excess_aurc``: area under the risk-coverage curve, and how far it is above that of the best order.
    - ``…_low``, ``…_high`` after ``mean_confidence``, ``nll``, ``brier``, ``ece_width``, ``ece_mass``, ``aurc`` and
      ``excess_aurc``: the 95 % interval of the paired bootstrap over images, the same resamples for all rows. It is
      the percentile interval, with an answer that the sample may lack (`robustmnist.statistics.unseen`), so that it
      has a width where all is right too; for the two calibration errors that of `calibration_ends`, which counters
      their bias. NaN without resamples.

    Args:
        predictions: What was evaluated.
        temperatures: By checkpoint, from `fit_temperature` on clean validation digits; 1 where none is given. It is
            held fixed: the intervals do not include how it would vary with another validation set.
        resamples: Of the images, for the intervals; 0 for none, which takes a fifth of the time.
        seed: Of the resamples.
        at: Only these settings, as `Setting` or (suite, sweep, value), besides the clean images; all if None.

    Raises:
        RunError: If a temperature is given for a checkpoint, or a setting asked for, that was not evaluated.
        ValueError: If a temperature is not a positive number, or `resamples` is negative.

    Source: accuracy under shift next to NLL, Brier's score and ECE: Ovadia et al., Can you trust your model's
    uncertainty?, 2019.
    """
    given = dict(temperatures or {})
    unknown = sorted(set(given) - set(predictions.checkpoints))
    if unknown:
        raise RunError(
            f"a temperature is given for {', '.join(unknown)}, not in this run",
            remedy=f"it has {', '.join(predictions.checkpoints)}",
        )
    if resamples < 0:
        raise ValueError(f"resamples is {resamples}: it is 0 or more")
    for setting in at or ():
        predictions.at(predictions.checkpoints[0], *setting)
    ordered = tuple(float(given.get(name, 1.0)) for name in predictions.checkpoints)
    return _quality(predictions, ordered, resamples, seed, None if at is None else frozenset(at)).copy()


@remembered
def _quality(
    predictions: Predictions,
    temperatures: tuple[float, ...],
    resamples: int,
    seed: int,
    wanted: frozenset[Setting] | None,
) -> pd.DataFrame:
    clean = [decide(logits).predicted for logits in predictions.clean]
    rows = _Rows(resamples, seed)

    def add(logits: NDArray[np.float32], names: Mapping[str, Any]) -> None:
        """Add a row for each checkpoint under one setting, `logits` (M, R, n, 10)."""
        for index, checkpoint in enumerate(predictions.checkpoints):
            first = {"checkpoint": checkpoint, **names, "n": len(predictions)}
            temperature = temperatures[index]
            numbers, answers = setting_numbers(logits[index], predictions.labels, clean[index], temperature)
            rows.add({**first, **numbers}, answers)

    add(predictions.clean[:, None], {"suite": "", "sweep": "", "unit": "", "value": np.nan, "neutral": True})
    for suite in predictions.suites:
        for sweep in suite.curves:
            for index, value in enumerate(sweep.values):
                if wanted is not None and Setting(suite.name, sweep.name, value) not in wanted:
                    continue
                names: dict[str, Any] = {"suite": suite.name, "sweep": sweep.name, "unit": sweep.unit}
                names |= {"value": float(value), "neutral": value == sweep.neutral}
                add(predictions.logits[suite.name, sweep.name][:, index], names)
    return pd.DataFrame(rows.finished())


class _Rows:
    """Rows that wait for their intervals, some at a time."""

    def __init__(self, resamples: int, seed: int) -> None:
        self.resamples, self.seed = resamples, seed
        self.rows: list[dict[str, Any]] = []
        self.waiting: list[tuple[dict[str, Any], Scored]] = []

    def add(self, row: dict[str, Any], given: SettingAnswers) -> None:
        """Add a row, and what its intervals are resampled from where it has valid answers."""
        self.rows.append(row)
        if self.resamples and len(given.image):
            means = {name: metric.mean(given) for name, metric in METRICS.items() if metric.mean is not None}
            resampled = scored(given.answers, given.image, given.n, given.variants, means)
            self.waiting.append((row, resampled))
        if len(self.waiting) == TOGETHER:
            self._resample()

    def finished(self) -> list[dict[str, Any]]:
        """Return all rows with their intervals."""
        self._resample()
        return self.rows

    def _resample(self) -> None:
        if self.waiting:
            ends = score_intervals([resampled for _, resampled in self.waiting], self.resamples, self.seed)
            for (row, _), interval in zip(self.waiting, ends, strict=True):
                row.update(interval)
            self.waiting.clear()
