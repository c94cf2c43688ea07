"""A row per setting: what accuracy does not say about the answers. Likelihood, Brier, calibration, selection, flips."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results.remembered import remembered
from robustmnist.statistics.answers import pooled, tempered
from robustmnist.statistics.calibration import calibration_error, equal_mass, equal_width
from robustmnist.statistics.decisions import Decisions, decide
from robustmnist.statistics.proper_scores import brier, brier_sums, log_likelihoods
from robustmnist.statistics.score_intervals import SCORE_RESAMPLES, Scored, score_intervals, scored
from robustmnist.statistics.selective_risk import aurc, excess_aurc
from robustmnist.statistics.wilson import wilson

__all__ = ["quality"]

CLASSES = 10
TOGETHER = 64  # rows that are resampled at a time: what they need of 10,000 answers each is some 40 MB

Setting = tuple[str, str, float]


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
    - ``flip_rate``: share of answers that differ from the same checkpoint's to the clean image, an invalid one from
      any. ``consistency``: share of agreeing pairs among an image's clean answer and its variants' (with one variant
      ``1 − flip_rate``).
    - ``mean_confidence`` of the predicted class; ``temperature``, by which logits were divided beforehand.
    - ``nll``: mean negative log-likelihood of the true class, natural logarithm.
    - ``brier``, Σ over classes of (p − y)², 0 to 2, and ``brier_reliability``, ``brier_resolution``,
      ``brier_uncertainty``, ``brier_residual``: reliability − resolution + uncertainty + residual = brier, by class in
      15 bins of equal width.
    - ``ece_width``, ``ece_mass``: expected calibration error of the predicted class in 15 bins of equal width, the last
      one closed, and of equal mass. Both are biased upwards by some 1/√(answers in a bin).
    - ``aurc``, ``excess_aurc``: area under the risk-coverage curve, and how much of it the best order would save.
    - ``…_low``, ``…_high`` after ``mean_confidence``, ``nll``, ``brier``, ``ece_width``, ``ece_mass``, ``aurc`` and
      ``excess_aurc``: the 95 % interval of the paired bootstrap over images, the same resamples for all rows. It is
      the percentile one, with an answer that the sample may lack (`robustmnist.statistics.unseen`), so that it has a
      width where all is right too; for the two calibration errors that of `calibration_ends`, which counters their
      bias. NaN without resamples.

    Args:
        predictions: What was evaluated.
        temperatures: By checkpoint, from `fit_temperature` on clean validation digits; 1 where none is given. It is
            held fixed: the intervals do not hold what another validation set would have made of it.
        resamples: Of the images, for the intervals; 0 for none, which takes a fifth of the time.
        seed: Of the resamples.
        at: Only these settings, (suite, sweep, value), besides the clean images; all if None.

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
    rows: list[dict[str, Any]] = []
    waiting: list[tuple[dict[str, Any], Scored]] = []

    def add(place: int, logits: NDArray[np.float32], names: dict[str, Any]) -> None:
        found, numbers = _score(logits, predictions.labels, clean[place], temperatures[place], resamples > 0)
        rows.append({"checkpoint": predictions.checkpoints[place], **names, "n": len(predictions), **numbers})
        if found is not None:
            waiting.append((rows[-1], found))
        if len(waiting) == TOGETHER:
            resample()

    def resample() -> None:
        if waiting:
            ends = score_intervals([found for _, found in waiting], resamples, seed)
            for (row, _), interval in zip(waiting, ends, strict=True):
                row.update(interval)
            waiting.clear()

    for place in range(len(clean)):
        names = {"suite": "", "sweep": "", "unit": "", "value": np.nan, "neutral": True}
        add(place, predictions.clean[place : place + 1], names)
    for suite in predictions.suites:
        for sweep in suite.curves:
            for position, value in enumerate(sweep.values):
                if wanted is not None and (suite.name, sweep.name, value) not in wanted:
                    continue
                names = {"suite": suite.name, "sweep": sweep.name, "unit": sweep.unit}
                names |= {"value": float(value), "neutral": value == sweep.neutral}
                for place in range(len(clean)):
                    add(place, predictions.logits[suite.name, sweep.name][place, position], names)
    resample()
    return pd.DataFrame(rows)


def _score(
    logits: NDArray[np.float32],
    labels: NDArray[np.int64],
    clean: NDArray[np.int64],
    temperature: float,
    resampled: bool,
) -> tuple[Scored | None, dict[str, Any]]:
    """Score the answers of one checkpoint under one setting, `logits` (R, n, 10), one variant at a time.

    Return what their intervals are resampled from as well, if `resampled` and there is a valid answer.
    """
    decided: list[Decisions] = []
    likelihoods, images, sums, near_ties = [], [], None, 0
    for table in logits:
        one = decide(tempered(table, temperature))
        near_ties += one.near_ties if temperature == 1.0 else decide(table).near_ties
        finite, truth, chosen = tempered(table, temperature), labels, one
        if not one.valid.all():
            finite, truth, chosen = finite[one.valid], labels[one.valid], one.where(one.valid)
        likelihoods.append(log_likelihoods(finite, truth, chosen))
        images.append(np.flatnonzero(one.valid))
        part = brier_sums(finite, truth)
        sums = part if sums is None else sums + part
        decided.append(one)
    assert sums is not None
    found, parts = pooled(decided, labels), brier(sums)
    n, r, k = len(labels), len(decided), len(found.right)
    low, high = wilson(int(np.count_nonzero(found.right)) / r, n)
    amounts = {"nll": -np.concatenate(likelihoods), "brier": sums.squares}
    scores = {
        "mean_confidence": float(found.confidence.mean()) if k else np.nan,
        "nll": float(amounts["nll"].mean()) if k else np.nan,
        "brier": parts.score,
        "ece_width": calibration_error(found, equal_width(found.confidence)),
        "ece_mass": calibration_error(found, equal_mass(found.ranking)),
        "aurc": aurc(found),
        "excess_aurc": excess_aurc(found),
    }
    numbers = {
        "variants": r,
        "accuracy": int(np.count_nonzero(found.right)) / (n * r),
        "accuracy_low": float(low),
        "accuracy_high": float(high),
        **_with_ends(scores, "mean_confidence"),
        "invalid": found.invalid,
        "near_ties": near_ties,
        "flip_rate": float(np.mean([(one.predicted != clean) | ~one.valid for one in decided])),
        "consistency": _consistency([clean, *(one.predicted for one in decided)]),
        "temperature": temperature,
        **_with_ends(scores, "nll", "brier"),
        "brier_reliability": parts.reliability,
        "brier_resolution": parts.resolution,
        "brier_uncertainty": parts.uncertainty,
        "brier_residual": parts.residual,
        **_with_ends(scores, "ece_width", "ece_mass", "aurc", "excess_aurc"),
    }
    return scored(found, np.concatenate(images), n, r, amounts) if resampled and k else None, numbers


def _with_ends(scores: Mapping[str, float], *names: str) -> dict[str, float]:
    """Return some scores, each followed by the ends of an interval that is not known yet."""
    return {f"{name}{end}": scores[name] if not end else np.nan for name in names for end in ("", "_low", "_high")}


def _consistency(predicted: list[NDArray[np.int64]]) -> float:
    """Return the share of pairs of answers to one image that agree; an invalid one agrees with none."""
    n, answers = len(predicted[0]), len(predicted)
    votes = np.zeros(n * CLASSES, np.int64)
    for one in predicted:
        cells = np.arange(0, n * CLASSES, CLASSES) + one
        votes += np.bincount(cells[one >= 0], minlength=n * CLASSES)
    return float((votes * (votes - 1)).sum() / (n * answers * (answers - 1)))
