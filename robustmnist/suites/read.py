"""Suites from TOML files, shipped or a user's own. What stands in a file: `robustmnist.suites.table`."""

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustmnist.errors import InputError, SuiteError
from robustmnist.suites.suite import Suite
from robustmnist.suites.table import check_form, suite_of
from robustmnist.system.files import sha256_file
from robustmnist.system.installation import shipped
from robustmnist.system.python_code import code_for, is_code, load_named
from robustmnist.system.validation import did_you_mean, parse_toml, shorten

if TYPE_CHECKING:
    from robustmnist.perturb import Perturbation

__all__ = ["CORE", "SHIPPED", "check_suite_name", "list_suites", "load_suite", "load_suites", "shipped_files"]

# In the order of reports; the core has the plain perturbations, a suite of one strength each.
CORE = ("shift", "scale", "rotation", "thickness", "decentering", "noise")
FURTHER = ("blur", "intensity", "occlusion", "geometry", "stroke", "mnist-c")
JOINT = ("interpolation", "shift-map", "worst-of-k")
SHIPPED = (*CORE, *FURTHER, *JOINT)
GROUPS = ("core", "all")


def load_suite(name_or_path: str | Path, *, code: str | Sequence[str] = ()) -> Suite:
    """Read a shipped suite by name, or a user's by path (anything with a slash or the ending ``.toml``).

    Args:
        name_or_path: Which suite.
        code: Code that may run, ``mine.py:f``, where the file asks for a perturbation of the user's own.

    Raises:
        SuiteError: If there is no such suite, or with one line per mistake in the file.
    """
    return _read(_find(name_or_path), [code] if isinstance(code, str) else code)


def load_suites(names: Iterable[str | Path], *, code: Sequence[str] = ()) -> tuple[Suite, ...]:
    """Read several suites, each once; ``core`` stands for the plain six, ``all`` for all shipped suites.

    Raises:
        SuiteError: As `load_suite`, or if two files with different contents have one name.
    """
    suites: dict[str, Suite] = {}
    groups: dict[str, Iterable[str]] = dict(zip(GROUPS, (CORE, _shipped_names()), strict=True))
    for name in itertools.chain.from_iterable(groups.get(str(name), [name]) for name in names):
        suite = _read(_find(name, *GROUPS), code)
        if suites.setdefault(suite.name, suite).sha256 != suite.sha256:
            raise SuiteError("has the name of another suite of this run", where=name, remedy="rename the file")
    return tuple(suites.values())


def list_suites() -> tuple[Suite, ...]:
    """Return the shipped suites."""
    return tuple(load_suite(name) for name in _shipped_names())


def shipped_files() -> list[Path]:
    """Return the files of the shipped suites, in the order of reports."""
    return [shipped("perturbations") / f"{name}.toml" for name in _shipped_names()]


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
    """Return the path of a suite's file; a mistake's remedy names the `groups` too."""
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
    check_form(path.stem, dict(table), where=path)  # no code runs for a file that cannot be used
    from robustmnist.perturb.own import named_perturbation

    try:
        return {name: named_perturbation(load_named(code), sweeps=asking[name]) for name, code in named.items()}
    except InputError as cause:
        what = f"{cause.where}: {cause.what}" if cause.where else cause.what
        raise SuiteError(what, where=path, remedy=cause.remedy) from cause
