"""The numbers of a run that page and terminal share, as frozen records; `robustmnist.overview.gather` fills them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from robustmnist.overview.tolerance import Area, Clean, Curve, Tolerance
from robustmnist.predictions import Predictions
from robustmnist.predictions.phrases import Phrases
from robustmnist.suites import Setting, Suite, Sweep

__all__ = ["Overview", "ScoreKind", "SuiteOverview", "SuiteScore", "SweepOverview"]


class ScoreKind(Enum):
    """What the number is in which a suite is summed up."""

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
        """Whether there are strengths on both sides of the neutral strength."""
        return min(self.values) < self.neutral < max(self.values)

    @property
    def reach(self) -> float:
        """The mean of the checkpoints' reaches, 0 to 1."""
        return sum(tolerance.reach for tolerance in self.tolerances) / len(self.tolerances)


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
        return min(self.sweeps, key=lambda sweep: sweep.reach)


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
