"""Where an explanation breaks, beside where the prediction does: strengths in the sweep's unit, censored at its end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from robustmnist.explanation.curves.followed import Followed
from robustmnist.statistics.estimates import Estimate, estimate, paired_estimate
from robustmnist.statistics.paired_tests import holm
from robustmnist.statistics.survival import kaplan_meier
from robustmnist.suites.sides import Side, sides

__all__ = ["HalfLife", "Pair", "broken_at", "half_life_rows", "pair_rows"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Median = tuple[float, float, float]


@dataclass(frozen=True)
class HalfLife:
    """Where the maps of one checkpoint by one method break on one side of a sweep.

    Attributes:
        checkpoint: Its name.
        method: A key of the registry of methods.
        sweep: Name of the sweep.
        unit: Of all distances.
        side: ``below`` or ``above`` neutral.
        kind: ``aligned``, or ``raw`` where a map cannot be turned back.
        explanation: Median over digits of the least distance from neutral at which the similarity is below half way
            between 1 and the floor, with its 95 % interval (Kaplan-Meier); NaN beyond the sweep.
        prediction: The same of the least distance at which the digit is misread.
        first: The share of digits whose map breaks at a lesser distance than their reading.
        first_interval: Its 95 % interval.
        floor: The mean similarity to another digit of the class.
        n: Digits whose clean map is defined.
        undefined: How many have none.
    """

    checkpoint: str
    method: str
    sweep: str
    unit: str
    side: str
    kind: str
    explanation: Median
    prediction: Median
    first: float
    first_interval: tuple[float, float]
    floor: float
    n: int
    undefined: int


@dataclass(frozen=True)
class Pair:
    """Two checkpoints' maps by one method: how much farther those of `a` last than those of `b`.

    Attributes:
        a: A checkpoint.
        b: Another one.
        method: A key of the registry of methods.
        side: Of the sweep.
        unit: Of the difference.
        over: Mean over digits of the distance at which a's map breaks minus b's, a map that never does counting with
            the sweep's end; its p is Holm's over all pairs.
    """

    a: str
    b: str
    method: str
    side: str
    unit: str
    over: Estimate


def half_life_rows(followed: Sequence[Followed], similarity: str = "cosine") -> list[HalfLife]:
    """Return a row per checkpoint, method and side."""
    rows = []
    for curve in followed:
        defined = np.isfinite(curve.floor[similarity])
        floor = float(curve.floor[similarity][defined].mean()) if defined.any() else float("nan")
        for side in sides(curve.sweep):
            map_at, map_failed = broken_at(curve, side, similarity)
            read_at, read_failed = _first(side, ~curve.right[side.at])
            known = np.isfinite(map_at)
            earlier = (map_at < read_at) | ((map_at == read_at) & map_failed & ~read_failed)
            share = estimate(np.where(known, earlier, np.nan), 0.0, 1.0)
            rows.append(
                HalfLife(
                    curve.checkpoint,
                    curve.method,
                    curve.sweep.name,
                    curve.sweep.unit,
                    side.name,
                    curve.best_kind,
                    kaplan_meier(map_at[known], map_failed[known], at=side.distances).median,
                    kaplan_meier(read_at, read_failed, at=side.distances).median,
                    share.mean,
                    (share.low, share.high),
                    floor,
                    int(known.sum()),
                    int((~known).sum()),
                )
            )
    return rows


def broken_at(curve: Followed, side: Side, similarity: str = "cosine") -> tuple[Array, Mask]:
    """Return the distance from neutral at which each digit's map breaks, or the sweep's end, and whether it does, (n,).

    It breaks at the first value whose similarity to the clean map is below (1 + F) / 2, F the mean similarity to
    another digit of the class. A value at which the map is zero, and its similarity undefined, counts as broken: there
    is no explanation left. A digit whose clean map is zero has NaN.
    """
    floor = np.nanmean(curve.floor[similarity]) if np.isfinite(curve.floor[similarity]).any() else 0.0
    values = curve.similar[similarity, curve.best_kind][side.at]
    with np.errstate(invalid="ignore"):
        at, failed = _first(side, ~(values >= (1.0 + floor) / 2.0))
    return np.where(np.isfinite(values[0]), at, np.nan), failed


def pair_rows(followed: Sequence[Followed], similarity: str = "cosine") -> list[Pair]:
    """Return a row per pair of checkpoints, method and side, with Holm's correction over all of them."""
    compared = []
    for a, b in combinations(followed, 2):
        if a.method != b.method or a.checkpoint == b.checkpoint:
            continue
        for side in sides(a.sweep):
            over = paired_estimate(broken_at(a, side, similarity)[0], broken_at(b, side, similarity)[0])
            compared.append(Pair(a.checkpoint, b.checkpoint, a.method, side.name, a.sweep.unit, over))
    corrected = holm([pair.over.p for pair in compared]).tolist() if compared else []
    return [replace(pair, over=replace(pair.over, p=p)) for pair, p in zip(compared, corrected, strict=True)]


def _first(side: Side, broken: Mask) -> tuple[Array, Mask]:
    """Return the first distance at which each digit is broken, the end where it never is, and whether it is."""
    failed: Mask = np.asarray(broken.any(axis=0))
    index = np.where(failed, broken.argmax(axis=0), len(side.at) - 1)
    return side.distances[index], failed
