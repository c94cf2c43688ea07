"""The numbers of a run, gathered once for the whole page: results in, frozen records out."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from robustmnist.predictions import Predictions
from robustmnist.report.charts import Curve
from robustmnist.results import focus, headline, summarise
from robustmnist.suites import Suite, Sweep

__all__ = ["Clean", "Study", "SuiteStudy", "SweepStudy", "Tolerance", "study"]


@dataclass(frozen=True)
class Clean:
    """One checkpoint on the unperturbed images: accuracy as a share, with its interval."""

    index: int
    name: str
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class Tolerance:
    """How far one checkpoint follows one sweep.

    Attributes:
        index: The checkpoint's place in the run.
        name: Its name.
        clean: Its accuracy on clean images.
        area: Area under its curve over the sweep's range, 0 to 1.
        below: Strength at which accuracy falls below 90 % on the side below neutral; None: never, or no such side.
        above: The same on the side above.
        reach: The share of the way from neutral to the sweep's end at which it falls, on its weaker side; 1: never.
    """

    index: int
    name: str
    clean: float
    area: float
    below: float | None
    above: float | None
    reach: float


@dataclass(frozen=True)
class SweepStudy:
    """One sweep with the curves of all checkpoints; `place` is its (suite, sweep) index in the run."""

    place: tuple[int, int]
    suite: Suite
    sweep: Sweep
    curves: tuple[Curve, ...]
    tolerances: tuple[Tolerance, ...]
    focus: float
    invalid: int

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
    """One suite with its sweeps; `place` is its index in the run."""

    place: int
    suite: Suite
    sweeps: tuple[SweepStudy, ...]

    @property
    def hardest(self) -> SweepStudy:
        """The sweep that the checkpoints follow least far, as a share of its range; the first among equals."""
        return min(self.sweeps, key=lambda one: one.reach)


@dataclass(frozen=True)
class Study:
    """A run: its predictions and what was computed from them."""

    predictions: Predictions
    clean: tuple[Clean, ...]
    suites: tuple[SuiteStudy, ...]

    @property
    def sweeps(self) -> Iterator[SweepStudy]:
        """All sweeps in the order of the run."""
        return (sweep for suite in self.suites for sweep in suite.sweeps)


def study(predictions: Predictions) -> Study:
    """Compute from predictions all numbers of which the report speaks."""
    summary = summarise(predictions)
    heads = _by(headline(summary), ["suite", "sweep"])
    settings = _by(summary, ["suite", "sweep"])
    places = _by(focus(summary), ["suite", "sweep"])
    suites = []
    for i, suite in enumerate(predictions.suites):
        sweeps = []
        for j, sweep in enumerate(suite.sweeps):
            key = (suite.name, sweep.name)
            sweeps.append(_sweep((i, j), suite, sweep, predictions.checkpoints, settings[key], heads[key], places[key]))
        suites.append(SuiteStudy(i, suite, tuple(sweeps)))
    first = next(iter(heads.values())).set_index("checkpoint")
    clean = tuple(
        Clean(
            k,
            name,
            *(
                _float(first.loc[name, column])
                for column in ("clean_accuracy", "clean_accuracy_low", "clean_accuracy_high")
            ),
        )
        for k, name in enumerate(predictions.checkpoints)
    )
    return Study(predictions, clean, tuple(suites))


def _sweep(
    place: tuple[int, int],
    suite: Suite,
    sweep: Sweep,
    names: tuple[str, ...],
    settings: pd.DataFrame,
    heads: pd.DataFrame,
    focused: pd.DataFrame,
) -> SweepStudy:
    curves, tolerances = [], []
    for k, name in enumerate(names):
        rows = settings[settings["checkpoint"] == name].set_index("value").loc[list(sweep.values)]
        shares = (tuple(map(float, rows[c])) for c in ("accuracy", "accuracy_low", "accuracy_high"))
        curves.append(Curve(k, name, *shares))
        head = heads[heads["checkpoint"] == name].iloc[0]
        below, above = (_number(head[column]) for column in ("threshold_low", "threshold_high"))
        clean, area = float(head["clean_accuracy"]), float(head["area"])
        tolerances.append(Tolerance(k, name, clean, area, below, above, _reach(sweep, below, above)))
    invalid = int(settings["invalid"].sum())
    return SweepStudy(place, suite, sweep, tuple(curves), tuple(tolerances), float(focused["value"].iloc[0]), invalid)


def _reach(sweep: Sweep, below: float | None, above: float | None) -> float:
    ends = (min(sweep.values), below), (max(sweep.values), above)
    shares = [
        abs((at - sweep.neutral) / (end - sweep.neutral)) for end, at in ends if at is not None and end != sweep.neutral
    ]
    return min(shares, default=1.0)


def _by(frame: pd.DataFrame, columns: list[str]) -> dict[tuple[str, str], pd.DataFrame]:
    return dict(list(frame.groupby(columns, sort=False)))  # type: ignore[arg-type]


def _number(value: object) -> float | None:
    number = _float(value)
    return None if math.isnan(number) else number


def _float(value: object) -> float:
    return float(value)  # type: ignore[arg-type]
