"""The numbers of a run, gathered once for the whole page: results in, frozen records out."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

import pandas as pd

from robustmnist.overview.tolerance import Area, Clean, Curve, Tolerance, clean_accuracy, read_areas, read_tolerances
from robustmnist.predictions import Predictions
from robustmnist.predictions.phrases import Phrases, phrases_of
from robustmnist.results import RESAMPLES, focus, summarise
from robustmnist.results.breakdown.worst_case import of_many_draws, worst_of_all_draws
from robustmnist.results.focus import KEEP
from robustmnist.results.robustness.areas import areas
from robustmnist.results.robustness.critical_strengths import critical_strengths
from robustmnist.results.robustness.suite_areas import suite_areas
from robustmnist.suites import Setting, Suite, Sweep

__all__ = [
    "KEEP",
    "RESAMPLES",
    "Overview",
    "ScoreKind",
    "SuiteOverview",
    "SuiteScore",
    "SweepOverview",
    "gather",
    "of_many_draws",
]


class ScoreKind(Enum):
    """What the one number of a suite is."""

    AREA = "the mean area under its curves"
    MAP = "the mean accuracy over its maps"
    WORST = "the accuracy in the worst of many draws"


@dataclass(frozen=True)
class SuiteScore:
    """A suite in one number for each checkpoint.

    Attributes:
        index: The suite's index in the run.
        suite: The suite.
        kind: What the number is.
        shares: The number for each checkpoint.
        draws: For `ScoreKind.WORST`: of how many draws the worst was taken.
    """

    index: int
    suite: Suite
    kind: ScoreKind
    shares: tuple[Area, ...]
    draws: int = 1


@dataclass(frozen=True)
class SweepOverview:
    """One sweep with the curves of all checkpoints.

    Attributes:
        index: The suite's index in the run, and the sweep's among the suite's curves.
        suite: The suite that it belongs to.
        sweep: The sweep.
        curves: One for each checkpoint.
        tolerances: One for each checkpoint.
        focus: The strength at which matrices and galleries look.
        invalid: How many rows were invalid.
        natural: The strengths between which a typical digit stays within the middle 95 % of handwriting, or None.
        phrases: What the digits do below and above the neutral strength, or None where the run does not say it.
    """

    index: tuple[int, int]
    suite: Suite
    sweep: Sweep
    curves: tuple[Curve, ...]
    tolerances: tuple[Tolerance, ...]
    focus: float
    invalid: int
    natural: tuple[float, float] | None = None
    phrases: Phrases | None = None

    @property
    def name(self) -> str:
        """The sweep's name."""
        return self.sweep.name

    @property
    def title(self) -> str:
        """The sweep's title."""
        return self.sweep.title

    @property
    def parameter(self) -> str:
        """The strength that varies."""
        return self.sweep.parameter

    @property
    def unit(self) -> str:
        """The unit of the strengths."""
        return self.sweep.unit

    @property
    def values(self) -> tuple[float, ...]:
        """The strengths, rising."""
        return self.sweep.values

    @property
    def neutral(self) -> float:
        """The strength of the unperturbed digit."""
        return self.sweep.neutral

    @property
    def setting(self) -> Setting:
        """The strength at which matrices and galleries look: the focus."""
        return Setting(self.suite.name, self.sweep.name, self.focus)

    @property
    def two_sided(self) -> bool:
        """Whether there are strengths on both sides of the neutral one."""
        return min(self.values) < self.neutral < max(self.values)

    @property
    def reach(self) -> float:
        """The mean of the checkpoints' reaches, 0 to 1."""
        return sum(one.reach for one in self.tolerances) / len(self.tolerances)


@dataclass(frozen=True)
class SuiteOverview:
    """One suite with its curves; `index` is its index in the run, `areas` the mean area for each checkpoint."""

    index: int
    suite: Suite
    sweeps: tuple[SweepOverview, ...]
    areas: tuple[Area, ...]

    @property
    def name(self) -> str:
        """The suite's name."""
        return self.suite.name

    @property
    def title(self) -> str:
        """The suite's title."""
        return self.suite.title

    @property
    def question(self) -> str:
        """What the suite asks."""
        return self.suite.question

    @property
    def hardest(self) -> SweepOverview:
        """The sweep in which the checkpoints fail earliest, as a share of its range; the first among equals."""
        return min(self.sweeps, key=lambda one: one.reach)


@dataclass(frozen=True)
class Overview:
    """A run: its predictions and what was computed from them.

    Attributes:
        predictions: The run.
        clean: Every checkpoint on the unperturbed images.
        scores: Every suite in one number for each checkpoint.
        suites: The suites that have a curve, with their curves; those that ask for the worst of k tries have none.
    """

    predictions: Predictions
    clean: tuple[Clean, ...]
    scores: tuple[SuiteScore, ...]
    suites: tuple[SuiteOverview, ...]

    @property
    def sweeps(self) -> Iterator[SweepOverview]:
        """All curves in the order of the run."""
        return (sweep for suite in self.suites for sweep in suite.sweeps)


def gather(predictions: Predictions) -> Overview:
    """Compute from predictions all numbers of which the report speaks."""
    names = predictions.checkpoints
    clean = tuple(clean_accuracy(predictions, index, name) for index, name in enumerate(names))
    means = {str(name): rows for name, rows in suite_areas(predictions, RESAMPLES).groupby("suite", sort=False)}
    suites = _suites(predictions, clean, means)
    scores = tuple(
        _score(predictions, index, suite, read_areas(means[suite.name], names))
        for index, suite in enumerate(predictions.suites)
    )
    return Overview(predictions, clean, scores, suites)


def _suites(
    predictions: Predictions, clean: tuple[Clean, ...], means: Mapping[str, pd.DataFrame]
) -> tuple[SuiteOverview, ...]:
    summary = summarise(predictions)
    if summary.empty:
        return ()
    names, keys = predictions.checkpoints, ["suite", "sweep"]
    settings, focused = _by(summary, keys), _by(focus(summary), keys)
    shares = _by(areas(predictions, RESAMPLES), keys)
    criticals = _by(critical_strengths(predictions, RESAMPLES, keep=KEEP), keys)
    natural = _natural(predictions)
    suites = []
    for i, suite in enumerate(predictions.suites):
        sweeps = []
        for j, sweep in enumerate(suite.curves):
            if of_many_draws(sweep):
                continue
            key = (suite.name, sweep.name)
            curves = _curves(sweep, names, settings[key])
            tolerances = read_tolerances(sweep, clean, shares[key], criticals.get(key))
            at, invalid = float(focused[key]["value"].iloc[0]), int(settings[key]["invalid"].sum())
            band, phrases = natural.get(key), phrases_of(predictions.manifest, sweep)
            sweeps.append(SweepOverview((i, j), suite, sweep, curves, tolerances, at, invalid, band, phrases))
        if sweeps:
            suites.append(SuiteOverview(i, suite, tuple(sweeps), read_areas(means[suite.name], names)))
    return tuple(suites)


def _score(predictions: Predictions, index: int, suite: Suite, shares: tuple[Area, ...]) -> SuiteScore:
    if not suite.curves:
        return SuiteScore(index, suite, ScoreKind.MAP, shares)
    if not all(of_many_draws(sweep) for sweep in suite.curves):
        return SuiteScore(index, suite, ScoreKind.AREA, shares)
    sweep = suite.curves[0]
    last = worst_of_all_draws(predictions, suite.name, sweep.name).set_index("checkpoint")
    columns = ("accuracy", "accuracy_low", "accuracy_high")
    worst = tuple(Area(*(_float(last.loc[name, column]) for column in columns)) for name in predictions.checkpoints)
    return SuiteScore(index, suite, ScoreKind.WORST, worst, sweep.draws)


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
