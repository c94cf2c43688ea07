"""What is known of a digit and a checkpoint: answers, maps, how the margin fell, and the way back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from robustmnist.explanation.answer import Answer
from robustmnist.explanation.regions import shares_by_region, shares_by_stroke

__all__ = ["Answer", "Back", "Case", "Explanation", "Fall", "Frame", "Map", "Verdict", "View"]

Map = NDArray[np.float32]


class Verdict(Protocol):
    """What the maps of a method are worth, as measured."""

    @property
    def believed(self) -> bool:
        """Whether they say more than the image itself."""

    @property
    def sentence(self) -> str:
        """The verdict in words, a clause without its subject."""


@dataclass(frozen=True, eq=False)
class View:
    """One image as one checkpoint saw it: float32 (28, 28) ink, the answer, and a map by each method's name."""

    image: Map
    answer: Answer
    maps: Mapping[str, Map]


@dataclass(frozen=True, eq=False)
class Frame:
    """A digit at one strength on the way: the strength, the image, float32 (28, 28), and the answer."""

    value: float
    image: Map
    answer: Answer


@dataclass(frozen=True, eq=False)
class Fall:
    """How the target fell on the way from neutral to the strength.

    Attributes:
        values: Strengths, close together, from neutral outwards.
        scores: The target at each.
        flip: The first of `values` at which the digit is misread; None where none is.
        frames: The digit at a few strengths, both ends among them.
        maps: Each pixel's share of what was lost between two frames, one fewer than frames.
        gap: How far all shares are from adding up to the whole loss, a fraction.
        moves: Whether the perturbation moves strokes, which are then where each frame has them; else where the clean
            digit has them, whatever noise lies over it.
    """

    values: tuple[float, ...]
    scores: tuple[float, ...]
    flip: float | None
    frames: tuple[Frame, ...]
    maps: tuple[Map, ...]
    gap: float
    moves: bool = False

    @property
    def lost(self) -> tuple[float, ...]:
        """What was lost between two frames."""
        scores = [frame.answer.score for frame in self.frames]
        return tuple(before - after for before, after in pairwise(scores))

    @property
    def lost_by_stroke(self) -> tuple[dict[str, float], ...]:
        """What was lost between two frames on each stroke of the former, by the stroke's name."""
        images = [frame.image if self.moves else self.frames[0].image for frame in self.frames[:-1]]
        return tuple(shares_by_stroke(part, image) for part, image in zip(self.maps, images, strict=True))


@dataclass(frozen=True)
class Back:
    """The smallest change of one kind that is read right; NaN where none of those tried is.

    Attributes:
        name: ``turn``, ``shift``, ``size`` or ``stroke``.
        size: In its unit.
        unit: That of `size`.
        arguments: The perturbation's own, with their signs; empty where none is read right.
        control: The smallest that is read as `control_class`, a class drawn among the others.
        control_class: That class.
    """

    name: str
    size: float
    unit: str
    arguments: Mapping[str, float]
    control: float
    control_class: int


@dataclass(frozen=True, eq=False)
class Case:
    """One digit and one checkpoint.

    Attributes:
        id: The digit's id.
        label: Its true class.
        target: What all its maps explain, in words: ``4 rather than 2``.
        wanted: The class that counts for the target.
        rival: The class that counts against it; −1 where there is none.
        clean: The digit as it is.
        perturbed: The digit perturbed; None without a perturbation.
        change: Each pixel's share of what the target lost from clean to perturbed; None without a perturbation.
        fall: How it fell on the way; None without a perturbation.
        ink_lost: The share of the ink that left the frame; NaN where that is not known.
        realised: The change measured on this digit, in the strength's unit or that of the measure; NaN if unknown.
        back: The ways back of a digit that is misread; empty for others.
    """

    id: int
    label: int
    target: str
    wanted: int
    rival: int
    clean: View
    perturbed: View | None = None
    change: Map | None = None
    fall: Fall | None = None
    ink_lost: float = float("nan")
    realised: float = float("nan")
    back: tuple[Back, ...] = ()

    @property
    def views(self) -> tuple[View, ...]:
        """The clean view, then the perturbed one if there is one."""
        return (self.clean,) if self.perturbed is None else (self.clean, self.perturbed)

    @property
    def lost(self) -> float:
        """How far the target fell from clean to perturbed; 0 without a perturbation."""
        return self.clean.answer.score - self.views[-1].answer.score

    @property
    def lost_by_part(self) -> dict[str, float]:
        """What the target lost in each part of the digit, by the part's name; empty without a change map."""
        if self.change is None or self.perturbed is None:
            return {}
        return shares_by_region(self.change, self.clean.image, self.perturbed.image)

    @property
    def misread(self) -> bool:
        """Whether the digit, perturbed if it is, is not read as its true class."""
        return self.views[-1].answer.predicted != self.label


@dataclass(frozen=True, eq=False)
class Explanation:
    """One checkpoint on the chosen digits.

    Attributes:
        checkpoint: Its name.
        sha256: The SHA-256 of its weights file.
        methods: Keys of `METHODS`, those that could explain it.
        cases: One per digit.
        gaps: The largest completeness gap over all maps, by the methods that promise to add up.
        skipped: Why a method could not explain it, by the method.
        temperature: What confidences are calibrated with; None where the card has none.
        layer: The layer that was asked for by name; None for the methods' own choice.
        realised_unit: That of `Case.realised`.
        verdicts: What the maps are worth, by method.
        judged_on: On how many digits that was measured; 0 where it was not.
    """

    checkpoint: str
    sha256: str
    methods: tuple[str, ...]
    cases: tuple[Case, ...]
    gaps: Mapping[str, float] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    temperature: float | None = None
    layer: str | None = None
    realised_unit: str = ""
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    judged_on: int = 0

    def maps(self, method: str) -> list[Map]:
        """Return all maps of one method, digit after digit."""
        return [view.maps[method] for case in self.cases for view in case.views]
