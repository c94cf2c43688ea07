"""The effect of strengths on images: changed measures, lost ink, squared error."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.data import Dataset
from robustmnist.measure import MEASURES, ink
from robustmnist.perturb import prepare
from robustmnist.suites import Sweep
from robustmnist.suites.natural_band import comparison

__all__ = ["Effect", "Probe", "effects", "probe_of"]

TOGETHER = 8_000  # perturbed images measured at once: a GPU takes as long for 500, and 25 MB are no burden

Arguments = Mapping[str, Any]
Readings = Mapping[str, NDArray[np.float64]]


class Probe(NamedTuple):
    """How the effect of a strength is measured and compared with it, and the readings of the clean images."""

    strength: str
    unit: str
    measure: str
    how: str
    measure_unit: str
    clean: Readings


class Effect(NamedTuple):
    """The effect of a variant at a value: each image's change by each probe, share of ink lost, squared error."""

    changes: Sequence[NDArray[np.float64]]
    clipped: float
    error: float


def probe_of(sweep: Sweep, strength: str, images: Tensor) -> Probe:
    """Return how `strength` is measured, with the readings of the clean `images`, `(n, 1, 28, 28)`."""
    parameter = sweep.entry.parameters[strength]
    name = parameter.measure or ""
    how, unit = comparison(parameter, MEASURES[name]) if name else ("", "")
    own = sweep.unit if strength == sweep.parameter else parameter.unit
    return Probe(strength, own, name, how, unit, _readings(name, images))


def effects(sweep: Sweep, sample: Dataset, probes: Sequence[Probe], seed: int) -> dict[tuple[float, ...], list[Effect]]:
    """Return the effects on the images of `sample`: values of the probes' strengths -> an `Effect` for each variant."""
    by_values: dict[tuple[float, ...], list[Effect]] = {}
    clean = sample.images
    clean_ink = float(ink(clean).double().sum())
    by_draw = sorted(sweep.variants, key=lambda variant: variant.draw)
    for draw, variants in itertools.groupby(by_draw, key=lambda variant: variant.draw):
        perturbed = prepare(sweep.own or sweep.perturbation, clean, ids=sample.ids, seed=seed, draw=draw)
        asked = [sweep.arguments(value, variant) for variant, value in itertools.product(variants, sweep.values)]
        step = max(1, TOGETHER // len(sample))
        for start in range(0, len(asked), step):
            some = asked[start : start + step]
            batches = torch.stack([perturbed(**arguments) for arguments in some])
            clipped = _clipped(sweep, some, clean_ink, batches)
            errors = torch.stack([_error(clean, batch) for batch in batches]).tolist()
            readings = [_readings(probe.measure, batches) for probe in probes]
            for index, arguments in enumerate(some):
                values = [float(arguments[probe.strength]) for probe in probes]
                changes = [
                    _change(probe, {name: batch[index] for name, batch in after.items()}, value)
                    for probe, after, value in zip(probes, readings, values, strict=True)
                ]
                by_values.setdefault(tuple(values), []).append(Effect(changes, clipped[index], errors[index]))
    return by_values


def _readings(name: str, images: Tensor) -> Readings:
    """Return the readings of a measure, or of its parts, by name: `(…)` of images `(…, 1, 28, 28)`."""
    names = (MEASURES[name].parts or (name,)) if name else ()
    flat, shape = images.flatten(0, -4), images.shape[:-3]
    return {part: MEASURES[part].function(flat).cpu().numpy().astype(np.float64).reshape(shape) for part in names}


def _change(probe: Probe, after: Readings, value: float) -> NDArray[np.float64]:
    """Return the change of each image, without the images that lack the property."""
    if not probe.measure:
        return np.empty(0)
    measure, before = MEASURES[probe.measure], probe.clean
    if measure.parts:
        change = np.hypot(*(MEASURES[part].difference(before[part], after[part]) for part in measure.parts))
    elif probe.how == "difference":
        near = value if probe.measure_unit == probe.unit else 0.0
        change = measure.difference(before[probe.measure], after[probe.measure], near)
    else:
        change = after[probe.measure] / before[probe.measure] - (probe.how == "change")
    known: NDArray[np.float64] = change[np.isfinite(change)]
    return known


def _clipped(sweep: Sweep, asked: Sequence[Arguments], clean_ink: float, batches: Tensor) -> list[float]:
    factor = sweep.entry.ink_factor
    if factor is None or not clean_ink:
        return [math.nan] * len(asked)
    sums = ink(batches.flatten(0, 1)).double().view(len(asked), -1).sum(1).tolist()
    wholes = [clean_ink * factor(arguments) for arguments in asked]
    return [1 - there / whole for there, whole in zip(sums, wholes, strict=True)]


def _error(clean: Tensor, images: Tensor) -> Tensor:
    return (images.double() - clean.double()).square_().flatten(1).mean(1).mean()
