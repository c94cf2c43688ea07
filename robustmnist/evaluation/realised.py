"""Realised severity: what was asked for, measured on the perturbed images."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch

from robustmnist.data import Dataset
from robustmnist.evaluation.effects import Effect, effects, probe_of
from robustmnist.predictions import REALISED, others, parse_realised, points, realised_csv
from robustmnist.suites import Suite, Sweep
from robustmnist.suites.natural_band import band

__all__ = ["IMAGES", "measure_realised"]

IMAGES = 500  # measured at each setting, spread evenly over the data set
MOST, FEWEST = 50_000, 20  # perturbed images in a sweep of many settings, where fewer are measured at each of them
DECIMALS = 6


def measure_realised(suites: Sequence[Suite], dataset: Dataset, seed: int | None) -> pd.DataFrame:
    """Return what every strength did to the digits: a row per value of each curve, and per strength and point of a map.

    The columns are those of `robustmnist.predictions.realised`. A row of a map is about one of its strengths at one
    point; ink and PSNR belong to the point and stand in the rows of all its strengths.

    Measured are 500 of the evaluated images (fewer where a sweep has very many settings), spread evenly in the order of
    their ids and perturbed exactly as in the evaluation.

    - The change of a measure is in the sweep's own unit if possible: a ratio for a factor, the ratio less 1 for a
      fraction, else a difference; for an angle the difference nearest to what was asked. Images that lack the property
      before or after are left out.
    - ``ink_clipped`` = 1 − ink after / the ink that an endless frame would hold, for perturbations that only move ink;
      interpolation alone changes it by ±0.002.
    - ``psnr`` = 10 lg(1 / mean squared change of a pixel), over all images and variants; empty where nothing changed.

    Args:
        suites: What was run.
        dataset: What was evaluated, on any device.
        seed: As given to `robustmnist.evaluate`.
    """
    rows = [
        row
        for suite in suites
        for sweep in suite.sweeps
        for row in _rows(suite.name, sweep, _sample(dataset, sweep), dataset.seed(suite.seed if seed is None else seed))
    ]
    # As it is read back: a run just made must equal a run that was read.
    return parse_realised(realised_csv(pd.DataFrame(rows, columns=list(REALISED))), suites)


def _sample(dataset: Dataset, sweep: Sweep) -> Dataset:
    settings = len(sweep.values) * len(sweep.variants)
    count = min(IMAGES, max(FEWEST, MOST // settings), len(dataset))
    ascending = dataset.ids.sort().values
    return dataset.select(ascending[torch.arange(count, device=ascending.device) * len(dataset) // count])


def _rows(suite: str, sweep: Sweep, sample: Dataset, seed: int) -> list[dict[str, Any]]:
    clean = sample.images
    probes = [probe_of(sweep, key, clean) for key in (sweep.parameter, *sweep.crossed)]
    measured = effects(sweep, sample, probes, seed)
    rows = []
    for index, probe in enumerate(probes):
        low, high = band(sweep, probe.strength) or (math.nan, math.nan)
        rows += [
            {
                "suite": suite,
                "sweep": sweep.name,
                "parameter": probe.strength,
                "value": point[probe.strength],
                "unit": probe.unit,
                "others": others(point, probe.strength),
                "measure": probe.measure,
                "measure_unit": probe.measure_unit,
                "n": len(sample),
                **_statistics(measured[tuple(point.values())], index),
                "natural_low": _rounded(low),
                "natural_high": _rounded(high),
            }
            for point in points(sweep)
        ]
    return rows


def _statistics(measured: Sequence[Effect], index: int) -> dict[str, float]:
    change = np.concatenate([effect.changes[index] for effect in measured])
    error = float(np.mean([effect.error for effect in measured]))
    return {
        "measured_mean": _rounded(float(change.mean()) if len(change) else math.nan),
        "measured_sd": _rounded(float(change.std()) if len(change) else math.nan),
        "ink_clipped": _rounded(float(np.mean([effect.clipped for effect in measured]))),
        "psnr": _rounded(-10 * math.log10(error) if error else math.nan),
    }


def _rounded(number: float) -> float:
    return round(number, DECIMALS) + 0.0  # −0 is 0
