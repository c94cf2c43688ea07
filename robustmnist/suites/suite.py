"""A suite, its sweeps and their variants: plain data, to JSON and back."""

import functools
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from robustmnist.errors import SuiteError
from robustmnist.suites.record import record_faults

if TYPE_CHECKING:
    from robustmnist.perturb import Perturbation

__all__ = ["NAME", "Suite", "Sweep", "Variant", "check_names", "check_suites"]


NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Variant:
    """One way of running a sweep: all its words chosen, and which of a sample's draws.

    Attributes:
        fixed: Keyword arguments beside the strength, the other strengths of a crossed sweep among them.
        draw: The draws' index.
        label: What sets the variant apart from the sweep's others; empty where it is the only one.
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
        perturbation: A key of `robustmnist.perturb.PERTURBATIONS`, or the name of one of the user's own.
        parameter: The strength that varies.
        unit: Its unit.
        values: The strengths, strictly increasing, the neutral one among them.
        neutral: The strength at which the output is the input bit for bit.
        fixed: Choices and modifiers that stay the same.
        over: Choices of which every combination is run, results being means over them; or further strengths, whose
            combinations with the values are the points of a map.
        draws: How many independent draws of each sample are run.
        along: Modifiers that go with the values, one number for each.
        crossed: The strengths among `over` with their neutral values; empty where the sweep is a curve.
        code_sha256: Of the code of a perturbation of the user's own; empty for one of this package.
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
        found = []
        for chosen in itertools.product(*self.over.values()):
            words = dict(zip(self.over, chosen, strict=True))
            named = [f"{key} {one:g}" if isinstance(one, float) else one for key, one in words.items()]
            for draw in range(self.draws):
                parts = [*named, *([f"draw {draw}"] if self.draws > 1 else [])]
                found.append(Variant({**self.fixed, **words}, draw, ", ".join(parts)))
        return tuple(found)

    def arguments(self, value: float, variant: Variant) -> dict[str, float | str]:
        """Return the perturbation's keyword arguments at a value; between the sweep's values `along` is linear."""
        tied = {key: _between(self.values, numbers, value) for key, numbers in self.along.items()}
        return {**variant.fixed, **tied, self.parameter: value}

    def is_neutral(self, value: float, variant: Variant) -> bool:
        """Whether a value leaves the images as they are: all strengths are neutral."""
        return value == self.neutral and all(variant.fixed[key] == one for key, one in self.crossed.items())

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
    above = sum(one < value for one in values)
    if above in (0, len(values)):
        return numbers[min(above, len(values) - 1)]
    share = (value - values[above - 1]) / (values[above] - values[above - 1])
    return numbers[above - 1] + share * (numbers[above] - numbers[above - 1])


@dataclass(frozen=True)
class Suite:
    """A named list of sweeps with a seed.

    Attributes:
        name: The file's name without its ending.
        title: For people.
        question: What the suite asks.
        source: Where its perturbations and values come from.
        seed: What its draws depend on, beside the samples.
        sweeps: At least one.
        sha256: Of the file's bytes.
    """

    name: str
    title: str
    question: str
    source: str
    seed: int
    sweeps: tuple[Sweep, ...]
    sha256: str

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the question and the sweeps."""
        from robustmnist.page.notebook import card, table

        rows = [
            (sweep.title, sweep.perturbation, f"{min(sweep.values):g} to {max(sweep.values):g} {sweep.unit}".strip())
            for sweep in self.sweeps
        ]
        facts = {"asks": self.question, "source": self.source, "seed": self.seed}
        return card(self.title, facts, table(("sweep", "perturbation", "strengths"), rows))

    @property
    def curves(self) -> tuple[Sweep, ...]:
        """The sweeps along one strength."""
        return tuple(sweep for sweep in self.sweeps if not sweep.crossed)

    @property
    def maps(self) -> tuple[Sweep, ...]:
        """The crossed sweeps."""
        return tuple(sweep for sweep in self.sweeps if sweep.crossed)

    def as_dict(self) -> dict[str, Any]:
        """Return the suite as what JSON has; `from_dict` reads it back."""
        fields = ("name", "title", "question", "source", "seed")
        sweeps = [sweep.as_dict() for sweep in self.sweeps]
        return {**{key: getattr(self, key) for key in fields}, "sweeps": sweeps, "sha256": self.sha256}

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "Suite":
        """Read what `as_dict` returned, through JSON or not.

        Raises:
            SuiteError: If the table is not one of these, or breaks a rule of suites (`suites.record`).
        """
        faults = record_faults(table)
        if faults:
            raise SuiteError(f"a suite's record is damaged ({faults[0]})")
        sweeps = tuple(
            Sweep(
                **{
                    **sweep,
                    "values": tuple(float(value) for value in sweep["values"]),
                    "over": {key: tuple(words) for key, words in sweep["over"].items()},
                    "along": {key: tuple(numbers) for key, numbers in sweep.get("along", {}).items()},
                }
            )
            for sweep in table["sweeps"]
        )
        return cls(**{**table, "sweeps": sweeps})


def check_suites(suites: Sequence[Suite]) -> None:
    """Refuse suites that cannot be run together and written side by side.

    Raises:
        SuiteError: If there is none, two have the same name, or a name is none (see `check_names`).
    """
    if not suites:
        raise SuiteError("no suite was given", remedy="give at least one")
    names = [suite.name for suite in suites]
    if len(set(names)) < len(names):
        raise SuiteError(f"two suites have the same name among {', '.join(names)}", remedy="rename one")
    codes: dict[str, str] = {}
    for sweep in (sweep for suite in suites for sweep in suite.sweeps):
        if codes.setdefault(sweep.perturbation, sweep.code_sha256) != sweep.code_sha256:
            what = f"two perturbations have the name {sweep.perturbation}"
            raise SuiteError(what, where=f"sweep '{sweep.name}'", remedy="rename one of the functions")
    check_names(suites)


def check_names(suites: Sequence[Suite]) -> None:
    """Refuse names that cannot be part of a file's name: those of suites and of their sweeps become files and folders.

    Raises:
        SuiteError: If a name is not made of lower-case letters, digits and single dashes.
    """
    for name in [name for suite in suites for name in (suite.name, *(sweep.name for sweep in suite.sweeps))]:
        if not NAME.fullmatch(name):
            raise SuiteError(f"{name!r} is not a name", remedy="use lower-case letters, digits and single dashes")
