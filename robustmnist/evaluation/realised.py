"""Realised severity: what was asked for, measured on the perturbed images."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.data import Dataset
from robustmnist.measure import MEASURES, ink
from robustmnist.natural import band, comparison
from robustmnist.perturb import PERTURBATIONS, prepare
from robustmnist.predictions import REALISED, others, parse_realised, points, realised_csv
from robustmnist.suites import Suite, Sweep

__all__ = ["IMAGES", "measure_realised"]

IMAGES = 500  # measured at each setting, spread evenly over the data set
MOST, FEWEST = 50_000, 20  # perturbed images in a sweep of many settings, where fewer are measured at each of them
DECIMALS = 6

Arguments = Mapping[str, Any]
Readings = Mapping[str, NDArray[np.float64]]


class _Probe(NamedTuple):
    """What is measured of one strength, how it is compared with it, and the readings of the clean images."""

    strength: str
    unit: str
    measure: str
    how: str
    measure_unit: str
    clean: Readings


class _Found(NamedTuple):
    """What was found of one variant at one setting: the images' changes by each probe, ink and squared error."""

    changes: Sequence[NDArray[np.float64]]
    clipped: float
    error: float


def _one(arguments: Arguments) -> float:
    return 1.0


def _area(arguments: Arguments) -> float:
    both, x, y = (float(arguments.get(key, 1.0)) for key in ("factor", "horizontal", "vertical"))
    return both * both * x * y


def _factor(arguments: Arguments) -> float:
    return float(arguments["factor"])


# Perturbations that carry ink to other places and neither make nor take any but by leaving the frame, and what they
# multiply its sum by. Interpolation keeps the sum: over 1000 MNIST digits turned by 1° to 60° within 0.01 %, scaled by
# 0.4 to 0.9, where no ink leaves the frame, within 0.2 %.
CARRIERS: dict[str, Callable[[Arguments], float]] = {
    "shift": _one,
    "shift-towards": _one,
    "scale": _area,
    "rotation": _one,
    "shear": _one,
    "decentering": _one,
    "pose": _one,
    "random-pose": _one,
    "turn-and-back": _one,
    "shift-and-back": _one,
    "width": _factor,
    "mnist-c-scale": _area,
    "mnist-c-rotate": _one,
    "mnist-c-translate": _one,
    "mnist-c-shear": lambda arguments: 1 / math.cos(float(arguments["angle"])),  # it stretches what it leans
}


def measure_realised(suites: Sequence[Suite], dataset: Dataset, seed: int | None) -> pd.DataFrame:
    """Return what every strength did to the digits: a row per value of each curve, and per strength and point of a map.

    The columns are those of `robustmnist.predictions.realised`. A map's row says what one of its strengths did where
    the others are what they are at that point; ink and PSNR are the point's and stand in the rows of all its strengths.

    The images measured are 500 of the evaluated ones
    (fewer where a sweep has very many settings), spread evenly in the order of their ids and perturbed exactly as in
    the evaluation. The change of a measure is in the sweep's own unit where it can be: a ratio for a factor, the ratio
    less 1 for a fraction, else a difference; an angle's is the one nearest to what was asked. Images that lack the
    property before or after are left out. ``ink_clipped`` is there for perturbations that only carry ink: 1 − the ink's
    sum after / what it would be in an endless frame; interpolation alone moves it by ±0.002. ``psnr`` is
    10 lg(1 / mean squared change of a pixel), over all images and variants, and missing where nothing changed.

    Args:
        suites: What was run.
        dataset: What was evaluated, on any device.
        seed: As given to `robustmnist.evaluate`.
    """
    rows = [
        row
        for suite in suites
        for sweep in suite.sweeps
        for row in _rows(suite.name, sweep, _sample(dataset, sweep), suite.seed if seed is None else seed)
    ]
    # As it is read back: nothing may tell a run just made from one that was read.
    return parse_realised(realised_csv(pd.DataFrame(rows, columns=list(REALISED))), suites)


def _sample(dataset: Dataset, sweep: Sweep) -> Dataset:
    settings = len(sweep.values) * len(sweep.variants)
    count = min(IMAGES, max(FEWEST, MOST // settings), len(dataset))
    ascending = dataset.ids.sort().values
    return dataset.select(ascending[torch.arange(count, device=ascending.device) * len(dataset) // count])


def _rows(suite: str, sweep: Sweep, sample: Dataset, seed: int) -> list[dict[str, Any]]:
    probes = [_probe(sweep, key, sample.images) for key in (sweep.parameter, *sweep.crossed)]
    before = ink(sample.images).double()
    found: dict[tuple[float, ...], list[_Found]] = {tuple(point.values()): [] for point in points(sweep)}
    by_draw = sorted(sweep.variants, key=lambda variant: variant.draw)
    for draw, variants in itertools.groupby(by_draw, key=lambda variant: variant.draw):
        perturbed = prepare(sweep.perturbation, sample.images, ids=sample.ids, seed=seed, draw=draw)
        for variant, value in itertools.product(variants, sweep.values):
            arguments = sweep.arguments(value, variant)
            images = perturbed(**arguments)
            changes = [_change(probe, images, float(arguments[probe.strength])) for probe in probes]
            error = _error(sample.images, images)
            at = tuple(float(arguments[probe.strength]) for probe in probes)
            found[at].append(_Found(changes, _clipped(sweep, arguments, before, images), error))
    rows = []
    for place, probe in enumerate(probes):
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
                **_statistics(found[tuple(point.values())], place),
                "natural_low": _rounded(low),
                "natural_high": _rounded(high),
            }
            for point in points(sweep)
        ]
    return rows


def _probe(sweep: Sweep, strength: str, images: Tensor) -> _Probe:
    parameter = PERTURBATIONS[sweep.perturbation].parameters[strength]
    name = parameter.measure or ""
    how, unit = comparison(parameter, MEASURES[name]) if name else ("", "")
    own = sweep.unit if strength == sweep.parameter else parameter.unit
    return _Probe(strength, own, name, how, unit, _readings(name, images))


def _readings(name: str, images: Tensor) -> Readings:
    """Return the readings of a measure, or of its parts, by name."""
    names = (MEASURES[name].parts or (name,)) if name else ()
    return {one: MEASURES[one].function(images).cpu().numpy().astype(np.float64) for one in names}


def _change(probe: _Probe, images: Tensor, value: float) -> NDArray[np.float64]:
    """Return by how much the images changed, those left out that lack the property."""
    if not probe.measure:
        return np.empty(0)
    measure, before, after = MEASURES[probe.measure], probe.clean, _readings(probe.measure, images)
    if measure.parts:
        change = np.hypot(*(MEASURES[part].difference(before[part], after[part]) for part in measure.parts))
    elif probe.how == "difference":
        near = value if probe.measure_unit == probe.unit else 0.0
        change = measure.difference(before[probe.measure], after[probe.measure], near)
    else:
        change = after[probe.measure] / before[probe.measure] - (probe.how == "change")
    known: NDArray[np.float64] = change[np.isfinite(change)]
    return known


def _clipped(sweep: Sweep, arguments: Arguments, before: Tensor, images: Tensor) -> float:
    if sweep.perturbation not in CARRIERS:
        return math.nan
    whole = float(before.sum()) * CARRIERS[sweep.perturbation](arguments)
    return 1 - float(ink(images).double().sum()) / whole if whole else math.nan


def _error(clean: Tensor, images: Tensor) -> float:
    return float((images.double() - clean.double()).square_().flatten(1).mean(1).mean())


def _statistics(found: Sequence[_Found], place: int) -> dict[str, float]:
    change = np.concatenate([one.changes[place] for one in found])
    error = float(np.mean([one.error for one in found]))
    return {
        "measured_mean": _rounded(float(change.mean()) if len(change) else math.nan),
        "measured_sd": _rounded(float(change.std()) if len(change) else math.nan),
        "ink_clipped": _rounded(float(np.mean([one.clipped for one in found]))),
        "psnr": _rounded(-10 * math.log10(error) if error else math.nan),
    }


def _rounded(number: float) -> float:
    return round(number, DECIMALS) + 0.0  # −0 is 0
