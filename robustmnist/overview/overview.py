"""The numbers of a run, gathered once for the whole page: results in, frozen records out."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from robustmnist.overview.tolerance import Area, Clean, Curve, Tolerance, clean_accuracy, read_areas, read_tolerances
from robustmnist.predictions import Predictions
from robustmnist.predictions.phrases import Phrases, phrases_of
from robustmnist.results import focus, summarise
from robustmnist.results.breakdown.worst_case import worst_of_k
from robustmnist.results.robustness.areas import areas
from robustmnist.results.robustness.critical_strengths import critical_strengths
from robustmnist.results.robustness.suite_areas import suite_areas
from robustmnist.suites import Suite, Sweep

__all__ = ["KEEP", "RESAMPLES", "Mark", "Study", "SuiteStudy", "SweepStudy", "study", "tries"]

KEEP = 0.9  # the part of the clean accuracy whose loss the whole page speaks of
RESAMPLES = 2_000  # of the bootstrap: the ends of an interval are then good to a tenth of its width
TRIES = 5  # draws from which on the worst of them is told


@dataclass(frozen=True)
class Mark:
    """A suite in one number for each checkpoint, and what that number is: "area", "map" or "worst of 50"."""

    place: int
    suite: Suite
    kind: str
    shares: tuple[Area, ...]


@dataclass(frozen=True)
class SweepStudy:
    """One sweep with the curves of all checkpoints.

    Attributes:
        place: Its (suite, sweep) index in the run.
        suite: The suite that it belongs to.
        sweep: The sweep.
        curves: One for each checkpoint.
        tolerances: One for each checkpoint.
        focus: The strength at which matrices and galleries look.
        invalid: How many rows were invalid.
        natural: The strengths between which a typical digit stays within the middle 95 % of handwriting, or None.
        phrases: What the digits do below and above the neutral strength, or None where the run does not say it.
    """

    place: tuple[int, int]
    suite: Suite
    sweep: Sweep
    curves: tuple[Curve, ...]
    tolerances: tuple[Tolerance, ...]
    focus: float
    invalid: int
    natural: tuple[float, float] | None = None
    phrases: Phrases | None = None

    @property
    def two_sided(self) -> bool:
        """Whether there are strengths on both sides of the neutral one."""
        return min(self.sweep.values) < self.sweep.neutral < max(self.sweep.values)

    @property
    def reach(self) -> float:
        """The mean of the checkpoints' reaches, 0 to 1."""
        return sum(one.reach for one in self.tolerances) / len(self.tolerances)


@dataclass(frozen=True)
class SuiteStudy:
    """One suite with its curves; `place` is its index in the run, `areas` the mean area for each checkpoint."""

    place: int
    suite: Suite
    sweeps: tuple[SweepStudy, ...]
    areas: tuple[Area, ...]

    @property
    def hardest(self) -> SweepStudy:
        """The sweep that the checkpoints follow least far, as a share of its range; the first among equals."""
        return min(self.sweeps, key=lambda one: one.reach)


@dataclass(frozen=True)
class Study:
    """A run: its predictions and what was computed from them.

    Attributes:
        predictions: The run.
        clean: Every checkpoint on the unperturbed images.
        marks: Every suite in one number for each checkpoint.
        suites: The suites that have a curve, with their curves; those that ask for the worst of k tries have none.
    """

    predictions: Predictions
    clean: tuple[Clean, ...]
    marks: tuple[Mark, ...]
    suites: tuple[SuiteStudy, ...]

    @property
    def sweeps(self) -> Iterator[SweepStudy]:
        """All curves in the order of the run."""
        return (sweep for suite in self.suites for sweep in suite.sweeps)


def tries(sweep: Sweep) -> bool:
    """Whether a sweep asks for the worst of many draws at one strength, and is no curve."""
    return not sweep.crossed and sweep.draws >= TRIES and len(sweep.values) == 2


def study(predictions: Predictions) -> Study:
    """Compute from predictions all numbers of which the report speaks."""
    names = predictions.checkpoints
    clean = tuple(clean_accuracy(predictions, place, name) for place, name in enumerate(names))
    means = {str(name): rows for name, rows in suite_areas(predictions, RESAMPLES).groupby("suite", sort=False)}
    suites = _suites(predictions, clean, means)
    marks = tuple(
        _mark(predictions, place, suite, read_areas(means[suite.name], names))
        for place, suite in enumerate(predictions.suites)
    )
    return Study(predictions, clean, marks, suites)


def _suites(
    predictions: Predictions, clean: tuple[Clean, ...], means: Mapping[str, pd.DataFrame]
) -> tuple[SuiteStudy, ...]:
    summary = summarise(predictions)
    if summary.empty:
        return ()
    names, keys = predictions.checkpoints, ["suite", "sweep"]
    settings, places = _by(summary, keys), _by(focus(summary), keys)
    shares = _by(areas(predictions, RESAMPLES), keys)
    criticals = _by(critical_strengths(predictions, RESAMPLES, keep=KEEP), keys)
    natural = _natural(predictions)
    suites = []
    for i, suite in enumerate(predictions.suites):
        sweeps = []
        for j, sweep in enumerate(suite.curves):
            if tries(sweep):
                continue
            key = (suite.name, sweep.name)
            curves = _curves(sweep, names, settings[key])
            tolerances = read_tolerances(sweep, clean, shares[key], criticals.get(key))
            looked, invalid = float(places[key]["value"].iloc[0]), int(settings[key]["invalid"].sum())
            band, phrases = natural.get(key), phrases_of(predictions.manifest, sweep)
            sweeps.append(SweepStudy((i, j), suite, sweep, curves, tolerances, looked, invalid, band, phrases))
        if sweeps:
            suites.append(SuiteStudy(i, suite, tuple(sweeps), read_areas(means[suite.name], names)))
    return tuple(suites)


def _mark(predictions: Predictions, place: int, suite: Suite, shares: tuple[Area, ...]) -> Mark:
    if not suite.curves:
        return Mark(place, suite, "map", shares)
    if not all(tries(sweep) for sweep in suite.curves):
        return Mark(place, suite, "area", shares)
    sweep = suite.curves[0]
    table = worst_of_k(predictions, suite.name, sweep.name)
    last = table[(table["k"] == sweep.draws) & (table["value"] != sweep.neutral)].set_index("checkpoint")
    columns = ("accuracy", "accuracy_low", "accuracy_high")
    worst = tuple(Area(*(_float(last.loc[name, column]) for column in columns)) for name in predictions.checkpoints)
    return Mark(place, suite, f"worst of {sweep.draws}", worst)


def _curves(sweep: Sweep, names: tuple[str, ...], settings: pd.DataFrame) -> tuple[Curve, ...]:
    curves = []
    for k, name in enumerate(names):
        rows = settings[settings["checkpoint"] == name].set_index("value").loc[list(sweep.values)]
        shares = (tuple(map(float, rows[column])) for column in ("accuracy", "accuracy_low", "accuracy_high"))
        curves.append(Curve(k, name, *shares))
    return tuple(curves)


def _natural(predictions: Predictions) -> Mapping[tuple[str, str], tuple[float, float]]:
    table = predictions.realised
    if table is None:
        return {}
    bands = {}
    for row in table.to_dict("records"):
        low, high = _float(row["natural_low"]), _float(row["natural_high"])
        if math.isfinite(low) and math.isfinite(high):
            bands[str(row["suite"]), str(row["sweep"])] = low, high
    return bands


def _by(frame: pd.DataFrame, columns: list[str]) -> dict[tuple[str, str], pd.DataFrame]:
    return dict(list(frame.groupby(columns, sort=False)))  # type: ignore[arg-type]


def _float(value: object) -> float:
    return float(value)  # type: ignore[arg-type]
