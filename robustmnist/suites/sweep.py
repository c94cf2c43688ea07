"""A sweep, one perturbation along one strength, and its variants: plain data."""

import functools
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from robustmnist.errors import SuiteError

if TYPE_CHECKING:
    from robustmnist.perturb import Perturbation

__all__ = ["Sweep", "Variant"]


@dataclass(frozen=True)
class Variant:
    """One way of running a sweep: all its words chosen, and which of a sample's draws.

    Attributes:
        fixed: Keyword arguments beside the strength, the other strengths of a crossed sweep among them.
        draw: The draws' index.
        label: What sets the variant apart from the sweep's others; empty where there is no other.
    """

    fixed: Mapping[str, float | str]
    draw: int
    label: str


@dataclass(frozen=True)
class Sweep:
    """One perturbation along one strength.

    Attributes:
        name: Lower-case letters, digits and single dashes.
        title: For people.
        perturbation: A key of `robustmnist.perturb.PERTURBATIONS`, or the name of a perturbation of the user's own.
        parameter: The strength that varies.
        unit: Its unit.
        values: The strengths, strictly increasing, the neutral value among them.
        neutral: The strength at which the output is the input bit for bit.
        fixed: Choices and modifiers that stay the same.
        over: Choices of which every combination is run, results being means over them; or further strengths, whose
            combinations with the values are the points of a map.
        draws: How many independent draws of each sample are run.
        along: Modifiers that go with the values, a number for each.
        crossed: The strengths among `over` with their neutral values; empty where the sweep is a curve.
        code_sha256: Of the code of a perturbation of the user's own; empty for a perturbation of this package.
        own: That perturbation; None too in a suite that was read from a run, which shows it and cannot run it.
    """

    name: str
    title: str
    perturbation: str
    parameter: str
    unit: str
    values: tuple[float, ...]
    neutral: float
    fixed: Mapping[str, float | str]
    over: Mapping[str, tuple[float | str, ...]]
    draws: int
    along: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    crossed: Mapping[str, float] = field(default_factory=dict)
    code_sha256: str = ""
    own: "Perturbation | None" = field(default=None, compare=False, repr=False)

    @property
    def entry(self) -> "Perturbation":
        """What is known of the perturbation: its entry in the registry, or the user's own."""
        if self.own is not None:
            return self.own
        from robustmnist.perturb import PERTURBATIONS

        if self.code_sha256 or self.perturbation not in PERTURBATIONS:
            what = f"the perturbation {self.perturbation} is not at hand"
            raise SuiteError(what, where=f"sweep '{self.name}'", remedy="load the suite's file, with its --code")
        return PERTURBATIONS[self.perturbation]

    @functools.cached_property
    def variants(self) -> tuple[Variant, ...]:
        """Every combination of `over`, and of each every draw, in the order of the file."""
        variants = []
        for chosen in itertools.product(*self.over.values()):
            words = dict(zip(self.over, chosen, strict=True))
            named = [f"{key} {word:g}" if isinstance(word, float) else word for key, word in words.items()]
            for draw in range(self.draws):
                parts = [*named, *([f"draw {draw}"] if self.draws > 1 else [])]
                variants.append(Variant({**self.fixed, **words}, draw, ", ".join(parts)))
        return tuple(variants)

    def arguments(self, value: float, variant: Variant) -> dict[str, float | str]:
        """Return the perturbation's keyword arguments at a value; between the sweep's values `along` is linear."""
        tied = {key: _between(self.values, numbers, value) for key, numbers in self.along.items()}
        return {**variant.fixed, **tied, self.parameter: value}

    def is_neutral(self, value: float, variant: Variant) -> bool:
        """Whether a value leaves the images as they are: all strengths are neutral."""
        return value == self.neutral and all(variant.fixed[key] == neutral for key, neutral in self.crossed.items())

    def as_dict(self) -> dict[str, Any]:
        """Return the sweep as what JSON has."""
        return {
            **{key: getattr(self, key) for key in ("name", "title", "perturbation", "parameter", "unit")},
            "values": list(self.values),
            "neutral": self.neutral,
            "fixed": dict(self.fixed),
            "over": {key: list(words) for key, words in self.over.items()},
            "draws": self.draws,
            "along": {key: list(numbers) for key, numbers in self.along.items()},
            "crossed": dict(self.crossed),
            **({"code_sha256": self.code_sha256} if self.code_sha256 else {}),
        }


def _between(values: tuple[float, ...], numbers: tuple[float, ...], value: float) -> float:
    """Return the number that goes with `value`: that of the nearest end outside, linear between two values."""
    if value in values:
        return numbers[values.index(value)]
    above = sum(known < value for known in values)
    if above in (0, len(values)):
        return numbers[min(above, len(values) - 1)]
    share = (value - values[above - 1]) / (values[above] - values[above - 1])
    return numbers[above - 1] + share * (numbers[above] - numbers[above - 1])
