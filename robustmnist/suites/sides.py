"""The two sides of a sweep: from neutral downwards and upwards."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robustmnist.errors import RunError
from robustmnist.suites import Sweep

__all__ = ["Side", "side_of", "sides", "sides_of_values"]


@dataclass(frozen=True)
class Side:
    """The values on one side of neutral, from neutral outwards.

    Attributes:
        name: ``"below"`` or ``"above"``.
        at: The indices of the values in the sweep, neutral first; int64 (k,), k ≥ 2.
        strengths: The values, in the sweep's unit, float64 (k,).
        neutral: The neutral value.
    """

    name: str
    at: NDArray[np.int64]
    strengths: NDArray[np.float64]
    neutral: float

    @property
    def distances(self) -> NDArray[np.float64]:
        """How far each value is from neutral, in the sweep's unit, rising from 0; float64 (k,)."""
        distances: NDArray[np.float64] = np.abs(self.strengths - self.neutral)
        return distances

    @property
    def end(self) -> float:
        """The outermost value."""
        return float(self.strengths[-1])

    def strength(self, distance: float) -> float:
        """Return the strength at a distance from neutral; NaN for an infinite distance."""
        sign = -1.0 if self.name == "below" else 1.0
        return self.neutral + sign * distance if np.isfinite(distance) else float("nan")


def sides(sweep: Sweep) -> tuple[Side, ...]:
    """Return the sides of a sweep that have values beside neutral: one or two, first the side below."""
    return sides_of_values(sweep.values, sweep.neutral)


def sides_of_values(values: ArrayLike, neutral: float) -> tuple[Side, ...]:
    """Return the same of rising `values` (V,), `neutral` among them."""
    strengths = np.asarray(values, np.float64)
    outward = {"below": np.flatnonzero(strengths <= neutral)[::-1], "above": np.flatnonzero(strengths >= neutral)}
    return tuple(Side(name, at, strengths[at], neutral) for name, at in outward.items() if len(at) > 1)


def side_of(sweep: Sweep, name: str) -> Side:
    """Return one side of a sweep.

    Raises:
        RunError: If the sweep has no values there.
    """
    by_name = {side.name: side for side in sides(sweep)}
    if name not in by_name:
        raise RunError(f"sweep '{sweep.name}' has no side '{name}'", remedy=f"use {' or '.join(by_name)}")
    return by_name[name]
