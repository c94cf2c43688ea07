"""What one checkpoint achieves: on clean digits, over a curve, and on each side of the unperturbed digit."""

import math
from dataclasses import dataclass

import pandas as pd

from robustmnist.predictions import Predictions
from robustmnist.results import decide, wilson
from robustmnist.suites import Sweep

__all__ = ["Area", "Clean", "Curve", "Fall", "Tolerance", "clean_accuracy", "read_areas", "read_tolerances"]


MISSED = 0.1  # where the measured change differs from the asked one by more than this share, both are shown


@dataclass(frozen=True)
class Curve:
    """One checkpoint's accuracies along a sweep, with their intervals, in the order of the sweep's values."""

    index: int
    name: str
    accuracy: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Clean:
    """One checkpoint on the unperturbed images: accuracy as a share, with its interval."""

    index: int
    name: str
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class Area:
    """A share from 0 to 1 with its interval: the area under a curve, its mean over a suite, or an accuracy."""

    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Fall:
    """Where one checkpoint has lost a tenth of its clean accuracy, on one side of neutral.

    Attributes:
        end: The outermost strength on this side.
        at: The critical strength, linear between values; None: it lies beyond the end.
        near: The end of its 95 % interval nearer to neutral; None: beyond the end as well.
        far: The end of its 95 % interval farther from neutral; None: beyond the end.
        measured: The mean change that was measured on the digits there; None: nothing was, or it is what was asked but
            for a tenth.
    """

    end: float
    at: float | None
    near: float | None
    far: float | None
    measured: float | None = None

    def share_of_range(self, neutral: float) -> float:
        """Return the share of the way from `neutral` to the end at which it falls, 0 to 1; 1 where it never does."""
        return 1.0 if self.at is None else abs((self.at - neutral) / (self.end - neutral))


@dataclass(frozen=True)
class Tolerance:
    """How far one checkpoint can be disturbed along one sweep.

    Attributes:
        index: The checkpoint's index in the run.
        name: Its name.
        clean: Its accuracy on clean images.
        area: Area under its curve over the sweep's range.
        below: Where it falls on the side below neutral; None: the sweep has no values there.
        above: The same on the side above.
        reach: The share of the way from neutral to the sweep's end at which it falls, on its weaker side; 1: never.
    """

    index: int
    name: str
    clean: float
    area: Area
    below: Fall | None
    above: Fall | None
    reach: float

    @property
    def falls(self) -> tuple[Fall, ...]:
        """The sides that the sweep has, the side below neutral first."""
        return tuple(side for side in (self.below, self.above) if side is not None)


def clean_accuracy(predictions: Predictions, index: int, name: str) -> Clean:
    """Return what the checkpoint called `name`, at `index` in the run, achieves on the unperturbed images."""
    right = int((decide(predictions.clean[index]).predicted == predictions.labels).sum())
    low, high = wilson(right, len(predictions))
    return Clean(index, name, right / len(predictions), float(low), float(high))


def read_areas(rows: pd.DataFrame, names: tuple[str, ...]) -> tuple[Area, ...]:
    """Return the area of each of `names` from rows of `robustmnist.results.areas` or `suite_areas`."""
    named = rows.set_index("checkpoint")
    columns = ("area", "area_low", "area_high")
    return tuple(Area(*(_float(named.loc[name, column]) for column in columns)) for name in names)


def read_tolerances(
    sweep: Sweep, clean: tuple[Clean, ...], shares: pd.DataFrame, criticals: pd.DataFrame | None
) -> tuple[Tolerance, ...]:
    """Return how far each checkpoint can be disturbed along a sweep.

    Args:
        sweep: The sweep.
        clean: The checkpoints on the unperturbed images.
        shares: The sweep's rows of `robustmnist.results.areas`.
        criticals: Its rows of `robustmnist.results.critical_strengths`; None: there are none.
    """
    tolerances = []
    for checkpoint, share in zip(
        clean, read_areas(shares, tuple(checkpoint.name for checkpoint in clean)), strict=True
    ):
        falls: dict[str, Fall] = {}
        if criticals is not None:  # a sweep of its neutral value alone has no side
            for row in criticals[criticals["checkpoint"] == checkpoint.name].to_dict("records"):
                at, near, far = (_number(row[key]) for key in ("critical", "critical_near", "critical_far"))
                measured = _number(row["critical_measured"])
                if at is None or measured is None or abs(measured - at) <= MISSED * abs(at - sweep.neutral):
                    measured = None
                falls[str(row["side"])] = Fall(_float(row["end"]), at, near, far, measured)
        below, above = falls.get("below"), falls.get("above")
        reach = min((fall.share_of_range(sweep.neutral) for fall in falls.values()), default=1.0)
        tolerances.append(Tolerance(checkpoint.index, checkpoint.name, checkpoint.accuracy, share, below, above, reach))
    return tuple(tolerances)


def _number(value: object) -> float | None:
    number = _float(value)
    return None if math.isnan(number) else number


def _float(value: object) -> float:
    return float(value)  # type: ignore[arg-type]
