"""A suite from the table that a TOML file holds, checked.

title = "Shift"
question = "How far may a digit move before it is misread?"
source = "…"
seed = 0

[[sweep]]
name = "right"
title = "Shift to the right"
perturbation = "shift-towards"
parameter = "distance"
unit = "px"
values = [0, 1, 2, 3]
[sweep.fixed]            # choices (words) and modifiers (numbers) that stay the same
direction = "right"
[sweep.over]             # choices of which every combination is run and averaged
metric = ["euclidean"]

`source`, and `unit`, which is the perturbation's, may be left out. A perturbation of the user's own is ``mine.py:f``,
which the user has to name too (``--code``); a bare function's strength has the unit that the sweep gives, and is
neutral at 0 or at what the sweep calls `neutral`.

A table `along` ties a modifier to the values, a number for each. A table `over` may also hold further strengths as
ascending numbers; the sweep is then crossed, and its points make a map.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from robustmnist.errors import SuiteError
from robustmnist.suites.suite import NAME, Suite
from robustmnist.suites.sweep import Sweep
from robustmnist.system.validation import Table, listed, mistakes_in, shorten

if TYPE_CHECKING:
    from robustmnist.perturb import Perturbation

__all__ = ["check_form", "suite_of"]


def _is_name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ValueError(f"must be lower-case letters, digits and single dashes, not {shorten(text)}")
    return text


def _is_said(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Name = Annotated[str, Field(max_length=64), AfterValidator(_is_name)]
Title = Annotated[str, Field(max_length=100), AfterValidator(_is_said)]
Text = Annotated[str, Field(max_length=2000), AfterValidator(_is_said)]


class _SweepTable(Table):
    name: Name
    title: Title
    perturbation: str
    parameter: str
    unit: str = ""
    neutral: float | None = None
    values: Annotated[list[float], Field(min_length=2, max_length=1000)]
    fixed: Annotated[dict[str, Any], Field(default_factory=dict)]
    along: Annotated[dict[str, Any], Field(default_factory=dict)]
    over: Annotated[dict[str, Any], Field(default_factory=dict)]
    draws: Annotated[int, Field(ge=1, le=1000)] = 1


class _FileName(Table):
    name: Name


class _SuiteTable(Table):
    title: Title
    question: Text
    source: Text | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    sweep: Annotated[list[_SweepTable], Field(min_length=1, max_length=100)]


def check_form(name: str, table: dict[str, Any], *, where: object) -> None:
    """Raise `SuiteError`, with one line per mistake, where keys or types of a table are wrong; as `suite_of`."""
    mistakes = [*mistakes_in({"name": name}, _FileName), *mistakes_in(table, _SuiteTable)]
    if mistakes:
        raise SuiteError(listed(mistakes), where=where)


def suite_of(
    name: str, table: dict[str, Any], own: Mapping[str, "Perturbation"], *, where: object, sha256: str
) -> Suite:
    """Return the suite that the table of a TOML file describes.

    Args:
        name: The suite's.
        table: What the file says.
        own: Perturbations of the user's own, by the names that the table has for them.
        where: The file or the suite that a message names.
        sha256: Of the file.

    Raises:
        SuiteError: With one line per mistake.
    """
    mistakes = [*mistakes_in({"name": name}, _FileName), *mistakes_in(table, _SuiteTable), *_cross_check(table, own)]
    if mistakes:
        raise SuiteError(listed(mistakes), where=where)
    read = _SuiteTable.model_validate(table)
    sweeps = tuple(_sweep(sweep, own) for sweep in read.sweep)
    return Suite(name, read.title, read.question, read.source or "", read.seed, sweeps, sha256)


def _sweep(read: _SweepTable, owns: Mapping[str, "Perturbation"]) -> Sweep:
    from robustmnist.perturb import PERTURBATIONS

    own = owns.get(read.perturbation)
    strengths = (own or PERTURBATIONS[read.perturbation]).parameters
    numbers = {key: tuple(float(number) for number in chosen) for key, chosen in read.over.items() if key in strengths}
    given = {key: value for key, value in dict(read).items() if key != "neutral"}
    return Sweep(
        **given
        | {
            "perturbation": own.name if own else read.perturbation,
            "unit": strengths[read.parameter].unit,
            "values": tuple(read.values),
            "fixed": {key: value if isinstance(value, str) else float(value) for key, value in read.fixed.items()},
            "over": {key: numbers.get(key, tuple(chosen)) for key, chosen in read.over.items()},
            "along": {key: tuple(float(number) for number in chosen) for key, chosen in read.along.items()},
        },
        neutral=strengths[read.parameter].neutral,
        crossed={key: strengths[key].neutral for key in numbers},
        code_sha256=own.code_sha256 if own else "",
        own=own,
    )


def _cross_check(table: Mapping[str, Any], own: Mapping[str, "Perturbation"]) -> list[str]:
    from robustmnist.suites.checks import faults

    sweeps = table.get("sweep")
    mistakes: list[str] = []
    names: set[str] = set()
    for index, sweep in enumerate(sweeps if isinstance(sweeps, list) else []):
        if not isinstance(sweep, dict):
            continue
        mistakes += [f"sweep.{index}.{fault}" for fault in faults(sweep, own.get(str(sweep.get("perturbation"))))]
        name = sweep.get("name")
        if isinstance(name, str) and name in names:
            mistakes.append(f"sweep.{index}.name: {shorten(name)} is the name of an earlier sweep")
        names.add(str(name))
    return mistakes
