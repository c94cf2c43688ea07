"""In which measures two data sets differ most."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustmnist.inspection.facts import InspectionFacts
from robustmnist.measure import MEASURES

__all__ = ["LARGE", "Difference", "comparable", "differences"]

LARGE = 0.5  # standard deviations; Source: Cohen 1988, a medium effect
LEAST = 2  # digits of each data set that a standard deviation needs


@dataclass(frozen=True)
class Difference:
    """A measure of two data sets.

    Attributes:
        measure: Its name in `MEASURES`.
        before: Mean over the digits of the first data set, in the measure's unit.
        after: The same of the second.
        effect: Their difference in standard deviations, pooled over both (Cohen's d).
    """

    measure: str
    before: float
    after: float
    effect: float


def differences(first: InspectionFacts, second: InspectionFacts) -> tuple[Difference, ...]:
    """Return the measures that differ by more than `LARGE` standard deviations, the most different first."""
    measured = (_difference(name, first, second) for name in MEASURES)
    large = [difference for difference in measured if difference and abs(difference.effect) > LARGE]
    return tuple(sorted(large, key=lambda difference: -abs(difference.effect)))


def comparable(first: InspectionFacts, second: InspectionFacts) -> bool:
    """Return whether any measure is known of enough digits of both data sets."""
    return any(_enough(_known(name, first), _known(name, second)) for name in MEASURES)


def _difference(name: str, first: InspectionFacts, second: InspectionFacts) -> Difference | None:
    a, b = _known(name, first), _known(name, second)
    if not _enough(a, b):
        return None
    pooled = np.sqrt(((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / (len(a) + len(b) - 2))
    gap = float(b.mean() - a.mean())
    if not pooled:
        return None
    return Difference(name, float(a.mean()), float(b.mean()), gap / float(pooled))


def _known(name: str, facts: InspectionFacts) -> NDArray[np.float64]:
    values = facts.readings[name]
    return values[np.isfinite(values)]


def _enough(*several: NDArray[np.float64]) -> bool:
    return all(len(values) >= LEAST for values in several)
