"""What one checkpoint achieves: on clean digits, over a curve, and on each side of the unperturbed digit."""

from dataclasses import dataclass

__all__ = ["Area", "Clean", "Fall", "Tolerance"]


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
    """

    end: float
    at: float | None
    near: float | None
    far: float | None


@dataclass(frozen=True)
class Tolerance:
    """How far one checkpoint follows one sweep.

    Attributes:
        index: The checkpoint's place in the run.
        name: Its name.
        clean: Its accuracy on clean images.
        area: Area under its curve over the sweep's range.
        below: Where it falls on the side below neutral; None: there is no such side.
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
        """The sides that there are, the one below neutral first."""
        return tuple(side for side in (self.below, self.above) if side is not None)
