"""A row per setting: accuracy with its interval, confidence, flips and invalid rows."""

import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.predictions import Predictions
from robustmnist.statistics.decisions import Decisions, decide
from robustmnist.statistics.wilson import wilson
from robustmnist.suites import Setting, Suite, Sweep

__all__ = ["COLUMNS", "near_ties", "summarise", "summary_csv"]

# Column -> where it comes from in the realised severities of the run.
STRENGTHS = ("value", "neutral", "end")
REALISED = {
    "realised_mean": "measured_mean",
    "realised_sd": "measured_sd",
    "ink_clipped": "ink_clipped",
    "psnr": "psnr",
    "natural_low": "natural_low",
    "natural_high": "natural_high",
}
COLUMNS = (
    "checkpoint",
    "dataset",
    "suite",
    "sweep",
    "perturbation",
    "parameter",
    "unit",
    "value",
    "n",
    "correct",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "mean_confidence",
    "flip_rate",
    "invalid",
    "neutral",
    "variants",
    "near_ties",
    *REALISED,
)

# Predictions never change, a summary of all of MNIST takes seconds, and several results start from it.
_KNOWN: "weakref.WeakKeyDictionary[Predictions, pd.DataFrame]" = weakref.WeakKeyDictionary()


def summarise(predictions: Predictions) -> pd.DataFrame:
    """Return a row per setting in the order suite, sweep, value, checkpoint, with these columns.

    - which setting: ``checkpoint``, ``dataset``, ``suite``, ``sweep``, ``perturbation``, ``parameter``, ``unit``,
      ``value``.
    - ``n``: images. ``variants``: how often each was perturbed (directions × draws).
    - ``correct``: right answers over all variants, 0 to ``n · variants``; ``accuracy = correct / (n · variants)``.
    - ``accuracy_low``, ``accuracy_high``: 95 % Wilson interval with `n` images, not ``n · variants``: variants of one
      image are not independent, so the interval is rather too wide than too narrow.
    - ``mean_confidence``: mean softmax probability of the predicted class over the valid rows; NaN if there are none.
    - ``flip_rate``: share of predictions that differ from the same checkpoint's prediction on the clean image; an
      invalid answer differs from any.
    - ``invalid``: rows with a NaN or an infinity among their logits, counted as wrong.
    - ``neutral``: whether the value leaves the image as it is.
    - ``near_ties``: rows whose two highest logits lie within 1e-4.
    - ``realised_mean``, ``realised_sd``, ``ink_clipped``, ``psnr``, ``natural_low``, ``natural_high``: what the value
      did to the digits, the same for all checkpoints (see `robustmnist.predictions.realised`); NaN where it was not
      measured.
    """
    if predictions not in _KNOWN:
        _KNOWN[predictions] = _summarise(predictions)
    return _KNOWN[predictions].copy()


def summary_csv(summary: pd.DataFrame) -> str:
    """Return the summary as CSV: eight decimals for rates, the shortest exact number for values, nothing for NaN."""
    return table_csv(summary, "%.8f")


def table_csv(table: pd.DataFrame, numbers: str) -> str:
    """Return a table of results as CSV: strengths in their shortest exact form, other numbers in the format `numbers`.

    Strengths are the columns ``value``, ``neutral`` and ``end``, so that tables can be joined by them; nothing stands
    for NaN.
    """
    written = table.copy()
    for name in STRENGTHS:
        if name in written and written[name].dtype == np.float64:
            written[name] = ["" if np.isnan(value) else repr(value) for value in written[name].tolist()]
    return str(written.to_csv(index=False, float_format=numbers, lineterminator="\n"))


def near_ties(predictions: Predictions, summary: pd.DataFrame) -> dict[str, int]:
    """Return per checkpoint how many near-ties there are among all its predictions: clean and not neutral."""
    moved = summary[~summary["neutral"]].groupby("checkpoint")["near_ties"].sum()
    return {
        name: decide(predictions.at(name)[0]).near_ties + int(moved.get(name, 0)) for name in predictions.checkpoints
    }


def _summarise(predictions: Predictions) -> pd.DataFrame:
    clean = [decide(predictions.at(name)[0]).predicted for name in predictions.checkpoints]
    measured = _measured(predictions.realised)
    indexed = [
        (suite, sweep, at, index)
        for suite in predictions.suites
        for sweep in suite.curves
        for at in range(len(sweep.values))
        for index in range(len(predictions.checkpoints))
    ]

    def row(each: tuple[Suite, Sweep, int, int]) -> dict[str, Any]:
        suite, sweep, at, index = each
        counted = _row(predictions, suite, sweep, at, index, clean[index])
        return counted | measured.get(Setting(suite.name, sweep.name, sweep.values[at]), {})

    # NumPy lets other threads work meanwhile: 307 tables of 10,000 digits took 0.27 s on one thread, 0.21 on two cores.
    with ThreadPoolExecutor() as pool:
        rows = list(pool.map(row, indexed))
    # A run without a curve has no row, and an empty column must still do as a mask.
    try:
        return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"neutral": bool})
    except UnicodeEncodeError:  # by pyarrow: the name of a data set may be a path that is not UTF-8
        with pd.option_context("mode.string_storage", "python"):
            return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"neutral": bool})


def _measured(realised: pd.DataFrame | None) -> dict[Setting, dict[str, float]]:
    """Return by setting the columns that the summary takes over from the realised severities."""
    if realised is None:
        return {}
    settings = map(Setting, realised["suite"], realised["sweep"], realised["value"])
    columns = [realised[name].tolist() for name in REALISED.values()]
    return {
        setting: dict(zip(REALISED, row, strict=True))
        for setting, row in zip(settings, zip(*columns, strict=True), strict=True)
    }


def _row(
    predictions: Predictions, suite: Suite, sweep: Sweep, at: int, index: int, clean: NDArray[np.int64]
) -> dict[str, Any]:
    # One variant at a time: the working memory stays at a few copies of one (n, 10) table.
    variants: list[Decisions] = [decide(logits) for logits in predictions.logits[suite.name, sweep.name][index, at]]
    n, r = len(predictions), len(variants)
    correct = sum(int(np.count_nonzero(decisions.predicted == predictions.labels)) for decisions in variants)
    invalid = sum(int(np.count_nonzero(~decisions.valid)) for decisions in variants)
    flips = sum(int(np.count_nonzero((decisions.predicted != clean) | ~decisions.valid)) for decisions in variants)
    confidence = sum(float(decisions.confidence[decisions.valid].sum()) for decisions in variants)
    low, high = wilson(correct / r, n)
    return {
        "checkpoint": predictions.checkpoints[index],
        "dataset": str(predictions.manifest["dataset"]["name"]),
        "suite": suite.name,
        "sweep": sweep.name,
        "perturbation": sweep.perturbation,
        "parameter": sweep.parameter,
        "unit": sweep.unit,
        "value": float(sweep.values[at]),
        "n": n,
        "correct": correct,
        "accuracy": correct / (n * r),
        "accuracy_low": float(low),
        "accuracy_high": float(high),
        "mean_confidence": confidence / (n * r - invalid) if n * r > invalid else np.nan,
        "flip_rate": flips / (n * r),
        "invalid": invalid,
        "neutral": sweep.values[at] == sweep.neutral,
        "variants": r,
        "near_ties": sum(decisions.near_ties for decisions in variants),
    }
