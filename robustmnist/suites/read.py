"""Suites from TOML files, shipped or a user's own.

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

`source`, and `unit`, which is the perturbation's, may be left out. A perturbation of one's own is ``mine.py:f``, which
the user has to name too (``--code``); a bare function's strength has the unit that the sweep gives, and is neutral at
0 or at what the sweep calls `neutral`.

A table `along` ties a modifier to the values, one number for each. A table `over` may also hold further strengths as
ascending numbers; the sweep is then crossed, and its points make a map.
"""

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from robustmnist.errors import InputError, SuiteError
from robustmnist.suites.suite import NAME, Suite, Sweep
from robustmnist.system.files import sha256_file
from robustmnist.system.installation import shipped
from robustmnist.system.python_code import code_for, is_code, load_named
from robustmnist.system.validation import Table, did_you_mean, listed, mistakes_in, parse_toml, shorten

if TYPE_CHECKING:
    from robustmnist.perturb import Perturbation

__all__ = ["CORE", "SHIPPED", "check_suite_name", "list_suites", "load_suite", "load_suites", "suite_of"]

# In the order of reports; the core asks the plain questions, one strength and one suite each.
CORE = ("shift", "scale", "rotation", "thickness", "decentering", "noise")
FURTHER = ("blur", "intensity", "occlusion", "geometry", "stroke", "mnist-c")
JOINT = ("interpolation", "shift-map", "worst-of-k")
SHIPPED = (*CORE, *FURTHER, *JOINT)
GROUPS = ("core", "all")


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


def load_suite(name_or_path: str | Path, *, code: str | Sequence[str] = ()) -> Suite:
    """Read a shipped suite by name, or a user's by path (anything with a slash or the ending ``.toml``).

    Args:
        name_or_path: Which one.
        code: Code that may run, ``mine.py:f``, where the file asks for a perturbation of the user's own.

    Raises:
        SuiteError: If there is none, or with one line per mistake in the file.
    """
    return _read(_find(name_or_path), [code] if isinstance(code, str) else code)


def load_suites(names: Iterable[str | Path], *, code: Sequence[str] = ()) -> tuple[Suite, ...]:
    """Read several suites, one named twice once; ``core`` stands for the plain six, ``all`` for every shipped one.

    Raises:
        SuiteError: As `load_suite`, or if two files with different contents have one name.
    """
    found: dict[str, Suite] = {}
    groups: dict[str, Iterable[str]] = dict(zip(GROUPS, (CORE, _shipped_names()), strict=True))
    for name in itertools.chain.from_iterable(groups.get(str(name), [name]) for name in names):
        suite = _read(_find(name, *GROUPS), code)
        if found.setdefault(suite.name, suite).sha256 != suite.sha256:
            raise SuiteError("has the name of another suite of this run", where=name, remedy="rename the file")
    return tuple(found.values())


def list_suites() -> tuple[Suite, ...]:
    """Return the shipped suites."""
    return tuple(load_suite(name) for name in _shipped_names())


def check_suite_name(name_or_path: str | Path, *, several: bool = False) -> None:
    """Raise `SuiteError` if there is no such suite; a path is not looked at, and nothing that needs torch is imported.

    Args:
        name_or_path: A name or a path.
        several: Whether a word for several suites may stand there.
    """
    if not (several and str(name_or_path) in GROUPS):
        _find(name_or_path, *(GROUPS if several else ()))


def _shipped_names() -> list[str]:
    there = {path.stem for path in shipped("perturbations").glob("*.toml")}
    return [name for name in SHIPPED if name in there] + sorted(there - set(SHIPPED))


def _find(name_or_path: str | Path, *groups: str) -> Path:
    """Return where a suite lies; `groups` are the words for several that may be said in its place."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or "/" in text or os.sep in text or text.endswith(".toml"):
        return Path(name_or_path)
    known = _shipped_names()
    if text not in known:
        near = did_you_mean(text, known)
        several = f"{shorten(text)} stands for several suites, and one is needed"
        remedy = f"use one of {', '.join([*known, *groups])}, or a path to a TOML file"
        raise SuiteError(several if text in GROUPS else f"unknown suite {shorten(text)}{near}", remedy=remedy)
    return shipped("perturbations") / f"{text}.toml"


def _read(path: Path, codes: Sequence[str]) -> Suite:
    table = parse_toml(path, SuiteError)
    return suite_of(path.stem, table, _own(table, path, codes), where=path, sha256=sha256_file(path))


def suite_of(
    name: str, table: dict[str, Any], own: Mapping[str, "Perturbation"], *, where: object, sha256: str
) -> Suite:
    """Return the suite that a table as TOML has it describes.

    Args:
        name: The suite's.
        table: What the file says.
        own: Perturbations of the user's own, by the names that the table has for them.
        where: What mistakes name.
        sha256: Of the file.

    Raises:
        SuiteError: With one line per mistake.
    """
    mistakes = [*mistakes_in({"name": name}, _FileName), *mistakes_in(table, _SuiteTable), *_cross_check(table, own)]
    if mistakes:
        raise SuiteError(listed(mistakes), where=where)
    read = _SuiteTable.model_validate(table)
    sweeps = tuple(_sweep(one, own) for one in read.sweep)
    return Suite(name, read.title, read.question, read.source or "", read.seed, sweeps, sha256)


def _own(table: Mapping[str, Any], path: Path, codes: Sequence[str]) -> "dict[str, Perturbation]":
    """Return the perturbations that the table names as code, loaded and checked."""
    sweeps = table.get("sweep")
    asking: dict[str, list[Mapping[str, Any]]] = {}
    for sweep in sweeps if isinstance(sweeps, list) else []:
        if isinstance(sweep, dict) and is_code(str(sweep.get("perturbation"))):
            asking.setdefault(str(sweep["perturbation"]), []).append(sweep)
    named = {name: code_for(name, codes, error=SuiteError, where=path) for name in asking}
    if not named:
        return {}
    from robustmnist.perturb.own import named_perturbation

    try:
        return {name: named_perturbation(load_named(code), sweeps=asking[name]) for name, code in named.items()}
    except InputError as cause:
        what = f"{cause.where}: {cause.what}" if cause.where else cause.what
        raise SuiteError(what, where=path, remedy=cause.remedy) from cause


def _sweep(read: _SweepTable, owns: Mapping[str, "Perturbation"]) -> Sweep:
    from robustmnist.perturb import PERTURBATIONS

    own = owns.get(read.perturbation)
    strengths = (own or PERTURBATIONS[read.perturbation]).parameters
    numbers = {key: tuple(float(one) for one in chosen) for key, chosen in read.over.items() if key in strengths}
    given = {key: one for key, one in dict(read).items() if key != "neutral"}
    return Sweep(
        **given
        | {
            "perturbation": own.name if own else read.perturbation,
            "unit": strengths[read.parameter].unit,
            "values": tuple(read.values),
            "fixed": {key: one if isinstance(one, str) else float(one) for key, one in read.fixed.items()},
            "over": {key: numbers.get(key, tuple(chosen)) for key, chosen in read.over.items()},
            "along": {key: tuple(float(one) for one in chosen) for key, chosen in read.along.items()},
        },
        neutral=strengths[read.parameter].neutral,
        crossed={key: strengths[key].neutral for key in numbers},
        code_sha256=own.code_sha256 if own else "",
        own=own,
    )


def _cross_check(table: Mapping[str, Any], own: Mapping[str, "Perturbation"]) -> list[str]:
    from robustmnist.suites.checks import faults

    sweeps = table.get("sweep")
    found, names = [], set()
    for place, sweep in enumerate(sweeps if isinstance(sweeps, list) else []):
        if not isinstance(sweep, dict):
            continue
        found += [f"sweep.{place}.{fault}" for fault in faults(sweep, own.get(str(sweep.get("perturbation"))))]
        name = sweep.get("name")
        if isinstance(name, str) and name in names:
            found.append(f"sweep.{place}.name: {shorten(name)} is the name of an earlier sweep")
        names.add(str(name))
    return found
