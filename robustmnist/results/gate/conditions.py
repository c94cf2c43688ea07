"""Whether a run is good enough: each condition held against a number and its interval."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results.confidence.quality import quality
from robustmnist.results.correctness import clean_right, hits
from robustmnist.results.gate.scope import CLEAN, Scope, strength
from robustmnist.results.robustness.areas import areas
from robustmnist.results.robustness.critical_strengths import critical_strengths
from robustmnist.results.robustness.suite_areas import suite_areas
from robustmnist.statistics.wilson import wilson

__all__ = ["Check", "Tested", "max_ece", "min_accuracy", "min_critical", "tested"]


@dataclass(frozen=True)
class Tested:
    """The data that a run was made on.

    Attributes:
        dataset: Its name; empty where the run does not say.
        part: ``test`` or ``train``.
        n: Images.
        fallback: Whether it stands in for what was asked for.
        note: Why it does.
    """

    dataset: str
    part: str
    n: int
    fallback: bool
    note: str

    def __str__(self) -> str:
        named = f"{self.dataset}, part {self.part}" if self.dataset else "unnamed data"
        return f"{self.n:,} digits of {named}"


@dataclass(frozen=True)
class Check:
    """A condition and the number that is held against it.

    Attributes:
        checkpoint: Whose number it is.
        what: The number in words.
        wanted: The bound.
        found: The number of the run; NaN where it lies beyond the end of a sweep, or no answer is valid.
        low: The lower end of its 95 % interval, whether lower is better or worse; NaN where it lies
            beyond the end of a sweep.
        high: The upper end.
        unit: The unit of these four numbers and of `margin`; empty for shares.
        passed: Whether the condition is met.
        margin: How far the number lies on the right side of the bound, negative on the wrong side; NaN where the number
            lies beyond the end of a sweep, or no answer is valid.
        ceiling: Whether the number may be at most the bound; otherwise at least.
    """

    checkpoint: str
    what: str
    wanted: float
    found: float
    low: float
    high: float
    unit: str
    passed: bool
    margin: float
    ceiling: bool = False


def tested(predictions: Predictions) -> Tested:
    """Return the data that a run was made on, as its manifest says."""
    known = predictions.manifest.get("dataset")
    record = known if isinstance(known, Mapping) else {}
    name, part, note = (str(record.get(key, "")) for key in ("name", "part", "note"))
    return Tested(name, part, len(predictions), bool(record.get("fallback", False)), note)


def min_accuracy(predictions: Predictions, checkpoint: str, scope: Scope, floor: float, strict: bool) -> Check:
    """Hold an accuracy against a floor: clean, at one strength, or the mean over a sweep's or a suite's range.

    The mean over a range is the area under the accuracy curve; a suite's is the mean over its sweeps. The condition is
    missed where the whole 95 % interval is below the floor; `strict`: where its lower end is.

    Raises:
        RunError: If the scope is not in the run.
    """
    at, n = predictions.index(checkpoint), len(predictions)
    if scope.suite == CLEAN or scope.setting is not None:
        if scope.setting is None:
            right, variants = int(clean_right(predictions)[at].sum()), 1
        else:
            sweep = predictions.sweep(scope.suite, scope.sweep)
            table = hits(predictions, scope.suite, scope.sweep)[at, sweep.values.index(scope.setting.value)]
            right, variants = int(table.sum()), len(sweep.variants)
        accuracy = right / (n * variants)
        low, high = (float(end) for end in wilson(right / variants, n))
    else:
        table = areas(predictions) if scope.sweep else suite_areas(predictions)
        chosen = (table["checkpoint"] == checkpoint) & (table["suite"] == scope.suite)
        if scope.sweep:
            chosen &= table["sweep"] == scope.sweep
        row = table[chosen].iloc[0]
        accuracy, low, high = (float(row[name]) for name in ("area", "area_low", "area_high"))
    passed = (low if strict else high) >= floor
    return Check(checkpoint, f"accuracy {scope}", floor, accuracy, low, high, "", passed, accuracy - floor)


def min_critical(predictions: Predictions, checkpoint: str, scope: Scope, least: str, strict: bool) -> list[Check]:
    """Hold the strength at which accuracy falls below 90 % of clean against a bound, on each side that has the bound.

    Where a sweep is neutral at 0, a strength without a sign is asked of both sides. The condition is missed where the
    whole 95 % interval falls short of it; `strict`: where its nearer end does.

    Raises:
        RunError: If the scope is not in the run, or the strength is in another unit, neutral, or beyond the sweep.
    """
    if scope.suite == CLEAN or scope.setting is not None:
        raise RunError(f"'{scope}' has no critical strength", remedy="use SUITE or SUITE.SWEEP")
    names = [scope.sweep] if scope.sweep else [sweep.name for sweep in predictions.suite(scope.suite).curves]
    if not names:
        raise RunError(f"suite '{scope.suite}' has no sweep along one strength", remedy="use another suite")
    table = critical_strengths(predictions)
    checks = []
    for name in names:
        sweep = predictions.sweep(scope.suite, name)
        wanted = strength(least, sweep)
        signed = sweep.neutral != 0 or re.match(r"\s*[-+−]", least) is not None
        chosen = (table["checkpoint"] == checkpoint) & (table["suite"] == scope.suite) & (table["sweep"] == name)
        rows = [
            row
            for row in table[chosen].to_dict("records")
            if not signed or (row["side"] == "above") == (wanted > sweep.neutral)
        ]
        if wanted == sweep.neutral or not rows:
            raise RunError(f"{least} is on no side of sweep '{scope.suite}.{name}'", remedy=_ends(sweep.values))
        for row in rows:
            sign = 1 if row["side"] == "above" else -1
            target = abs(wanted - sweep.neutral)
            if target > abs(float(row["end"]) - sweep.neutral) + 1e-9:
                raise RunError(f"sweep '{scope.suite}.{name}' does not reach {least}", remedy=_ends(sweep.values))
            critical, near, far = (float(row[key]) for key in ("critical", "critical_near", "critical_far"))
            # Without a clean digit read right nothing can be kept: every distance is 0.
            lost = math.isnan(critical) and not row["beyond"]
            reach = [0.0 if lost else math.inf if math.isnan(end) else abs(end - sweep.neutral) for end in (near, far)]
            passed = reach[0 if strict else 1] >= target - 1e-9
            what = f"critical strength {Scope(scope.suite, name)}, {row['side']} {sweep.neutral:g}"
            bound = sweep.neutral + sign * target
            low, high = (near, far) if sign > 0 else (far, near)
            margin = -target if lost else abs(critical - sweep.neutral) - target
            checks.append(Check(checkpoint, what, bound, critical, low, high, sweep.unit, passed, margin))
    return checks


def max_ece(predictions: Predictions, checkpoint: str, scope: Scope, ceiling: float, strict: bool) -> Check:
    """Hold the expected calibration error (15 bins of equal width) against a ceiling.

    The condition is missed where the whole 95 % interval, that of `quality`, is above the ceiling; `strict`: where its
    upper end is.

    Raises:
        RunError: If the scope is not in the run, or is not a single setting.
    """
    if scope.suite != CLEAN and scope.setting is None:
        raise RunError(f"'{scope}' is not a single setting", remedy="use clean or SUITE.SWEEP@STRENGTH")
    settings = [] if scope.setting is None else [scope.setting]
    table = quality(predictions, at=settings)
    # Clean rows come first.
    row = table[table["checkpoint"] == checkpoint].iloc[len(settings)]
    error, low, high = (float(row[name]) for name in ("ece_width", "ece_width_low", "ece_width_high"))
    passed = (high if strict else low) <= ceiling
    return Check(checkpoint, f"calibration error {scope}", ceiling, error, low, high, "", passed, ceiling - error, True)


def _ends(values: Sequence[float]) -> str:
    return f"it goes from {values[0]:g} to {values[-1]:g}"
