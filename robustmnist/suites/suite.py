"""A suite, its sweeps and their variants: plain data, to JSON and back."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from robustmnist.errors import SuiteError

__all__ = ["Suite", "Sweep", "Variant"]


@dataclass(frozen=True)
class Variant:
    """One way of running a sweep: all its words chosen, and which of a sample's draws.

    Attributes:
        fixed: Keyword arguments beside the strength.
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
        perturbation: A key of `robustmnist.perturb.PERTURBATIONS`.
        parameter: The strength that varies.
        unit: Its unit.
        values: The strengths, strictly increasing, the neutral one among them.
        neutral: The strength at which the output is the input bit for bit.
        fixed: Choices that stay the same.
        over: Choices of which every combination is run; results are means over them.
        draws: How many independent draws of each sample are run.
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

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Every combination of `over`, and of each every draw, in the order of the file."""
        found = []
        for chosen in itertools.product(*self.over.values()):
            words = dict(zip(self.over, chosen, strict=True))
            for draw in range(self.draws):
                parts = [*(str(word) for word in chosen), *([f"draw {draw}"] if self.draws > 1 else [])]
                found.append(Variant({**self.fixed, **words}, draw, ", ".join(parts)))
        return tuple(found)

    def as_dict(self) -> dict[str, Any]:
        """Return the sweep as what JSON has."""
        return {
            **{key: getattr(self, key) for key in ("name", "title", "perturbation", "parameter", "unit")},
            "values": list(self.values),
            "neutral": self.neutral,
            "fixed": dict(self.fixed),
            "over": {key: list(words) for key, words in self.over.items()},
            "draws": self.draws,
        }


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

    def as_dict(self) -> dict[str, Any]:
        """Return the suite as what JSON has; `from_dict` reads it back."""
        fields = ("name", "title", "question", "source", "seed")
        sweeps = [sweep.as_dict() for sweep in self.sweeps]
        return {**{key: getattr(self, key) for key in fields}, "sweeps": sweeps, "sha256": self.sha256}

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "Suite":
        """Read what `as_dict` returned, through JSON or not.

        Raises:
            SuiteError: If the table is not such a one.
        """
        try:
            sweeps = tuple(
                Sweep(
                    **{
                        **sweep,
                        "values": tuple(float(value) for value in sweep["values"]),
                        "over": {key: tuple(words) for key, words in sweep["over"].items()},
                    }
                )
                for sweep in table["sweeps"]
            )
            return cls(**{**table, "sweeps": sweeps})
        except (KeyError, TypeError, ValueError, AttributeError) as cause:
            raise SuiteError(f"a suite's record is damaged ({type(cause).__name__}: {cause})") from cause
