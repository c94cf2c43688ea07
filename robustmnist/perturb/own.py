"""A perturbation of the user's own: a function with its strengths, checked before anything is computed from it."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor

from robustmnist.errors import InputError
from robustmnist.perturb.own_arguments import check_keywords, keywords
from robustmnist.perturb.own_trial import check_own, checked_images
from robustmnist.perturb.perturbation import Parameter, Perturbation
from robustmnist.perturb.registry import PERTURBATIONS
from robustmnist.system.files import sha256_bytes
from robustmnist.system.fingerprint import code_of
from robustmnist.system.python_code import Named
from robustmnist.system.running_code import guarded

__all__ = ["named_perturbation", "perturbation"]


def perturbation(
    function: Callable[..., Tensor],
    /,
    *,
    modifiers: Mapping[str, Parameter] | None = None,
    choices: Mapping[str, tuple[str, ...]] | None = None,
    **strengths: Parameter,
) -> Perturbation:
    """Return a function of images as a perturbation that suites can use, having checked it.

    ``rm.perturbation(fade, share=rm.Parameter("fraction", neutral=0, low=0, high=1))``

    Args:
        function: ``f(images, *, share) -> images``: float32 (B, 1, 28, 28), ink in [0, 1], in and out. At the neutral
            values it returns the images bit for bit, and it works image by image. One with a keyword ``draws`` is
            random and takes its numbers from there (`robustmnist.draws.Draws`), from no generator of its own.
        modifiers: Further numbers that it takes; their ``neutral`` is the default.
        choices: Keywords that take a word, with the words.
        **strengths: Its strengths, each by the name of the keyword.

    Raises:
        InputError: If the function does not take these keywords, or breaks a rule when it is tried on some images.
    """
    name = str(getattr(function, "__name__", type(function).__name__)).strip("<>").replace("_", "-")
    if name in PERTURBATIONS:
        raise InputError("is the name of a shipped perturbation", where=name, remedy="rename the function")
    entry = Perturbation(
        function,
        strengths,
        modifiers=dict(modifiers or {}),
        choices=dict(choices or {}),
        random="draws" in keywords(function, name),
        name=name,
        code_sha256=sha256_bytes(code_of(function).encode()),
    )
    check_keywords(entry)
    check_own(entry)
    return _watched(entry)


def named_perturbation(named: Named, *, sweeps: Sequence[Mapping[str, Any]] = ()) -> Perturbation:
    """Return the perturbation that the user's code ``mine.py:f`` is, checked.

    Args:
        named: What `perturbation` returned, or a function like those that it takes.
        sweeps: The tables of a suite that ask for it, each at least with ``parameter`` and ``values``. A function says
            nothing of its strengths: their ranges are what the sweeps ask for, and neutral is what they call so, or 0.

    Raises:
        InputError: If it is neither, or breaks a rule when it is tried.
    """
    value, name = named.value, f"{named.file.name}:{named.name}"
    complete = [sweep for sweep in sweeps if _is_complete(sweep)]
    sha256 = named.code.sha256
    if isinstance(value, Perturbation):
        entry = replace(value, function=guarded(value.function, named.file), name=name, code_sha256=sha256)
    elif callable(value):
        known = keywords(value, name)
        numbers = {
            key: Parameter("", float(each.default), -np.inf, np.inf)
            for key, each in known.items()
            if isinstance(each.default, int | float) and not isinstance(each.default, bool)
        }
        strengths = {str(sweep["parameter"]): _strength(sweep, complete) for sweep in complete}
        entry = Perturbation(
            guarded(value, named.file),
            strengths,
            modifiers={key: number for key, number in numbers.items() if key not in strengths},
            random="draws" in known,
            name=name,
            code_sha256=sha256,
        )
    else:
        what = f"is of type {type(value).__name__}, neither a function nor a perturbation"
        raise InputError(what, where=name, remedy="define it as f(images, *, strength)")
    check_keywords(entry)
    check_own(entry, complete)
    return _watched(entry)


def _watched(entry: Perturbation) -> Perturbation:
    """Return the perturbation so that whatever it returns, at any strength, is checked to be images."""

    @functools.wraps(entry.function)
    def function(images: Tensor, **arguments: Any) -> Tensor:
        return checked_images(entry, entry.function(images, **arguments), images)

    return replace(entry, function=function)


def _strength(sweep: Mapping[str, Any], sweeps: Sequence[Mapping[str, Any]]) -> Parameter:
    """Return the parameter that a sweep varies, with the range that all sweeps over it cover together."""
    same = [other for other in sweeps if other["parameter"] == sweep["parameter"]]
    values = [float(value) for other in same for value in other["values"]]
    neutral = next((float(other["neutral"]) for other in same if isinstance(other.get("neutral"), int | float)), 0.0)
    unit = next((other["unit"] for other in same if isinstance(other.get("unit"), str)), "")
    return Parameter(unit, neutral, min([*values, neutral]), max([*values, neutral]))


def _is_complete(sweep: Mapping[str, Any]) -> bool:
    """Whether a sweep's table, in which anything may stand, names its parameter and lists finite values."""
    values = sweep.get("values")
    return (
        isinstance(sweep.get("parameter"), str)
        and isinstance(values, list)
        and bool(values)
        and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        and all(np.isfinite(values))
    )
