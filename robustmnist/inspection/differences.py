"""In which measures two data sets differ most."""

from dataclasses import dataclass

import numpy as np

from robustmnist.inspection.facts import InspectionFacts
from robustmnist.measure import MEASURES

__all__ = ["LARGE", "Difference", "differences"]

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


def _difference(name: str, first: InspectionFacts, second: InspectionFacts) -> Difference | None:
    a, b = (facts.readings[name][np.isfinite(facts.readings[name])] for facts in (first, second))
    if min(len(a), len(b)) < LEAST:
        return None
    pooled = np.sqrt(((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / (len(a) + len(b) - 2))
    gap = float(b.mean() - a.mean())
    if not pooled:
        return None
    return Difference(name, float(a.mean()), float(b.mean()), gap / float(pooled))
