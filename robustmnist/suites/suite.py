"""A suite: a list of sweeps with a seed, as plain data, to JSON and back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from robustmnist.errors import SuiteError
from robustmnist.suites.record import record_faults
from robustmnist.suites.sweep import Sweep

__all__ = ["NAME", "Suite", "check_names", "check_suites"]


NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


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
            SuiteError: If the table is not the record of a suite, or breaks a rule of suites (`suites.record`).
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
        SuiteError: If there is no suite, two have the same name, or a name is not allowed (see `check_names`).
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
