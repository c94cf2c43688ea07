"""The arguments of a perturbation of the user's own: does its function take what its entry says?"""

import inspect
from collections.abc import Callable
from typing import Any

from robustmnist.errors import InputError
from robustmnist.measure import MEASURES
from robustmnist.perturb.perturbation import Perturbation

__all__ = ["broken", "check_keywords", "keywords"]

IMAGES = "return a new float32 tensor (B, 1, 28, 28) of ink in [0, 1]"


def keywords(function: Callable[..., Any], name: str) -> dict[str, inspect.Parameter]:
    """Return the arguments of a function after the images."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        remedy = "define it as f(images, *, strength)"
        raise InputError("cannot be asked for its arguments", where=name, remedy=remedy) from None
    return {each.name: each for each in parameters[1:]}


def check_keywords(entry: Perturbation) -> None:
    """Raise `InputError` where a function does not take what its entry says, or a parameter's numbers contradict."""
    if not entry.parameters:
        raise broken(entry, "has no strength", 'name one: strength=rm.Parameter("px", neutral=0, low=0, high=9)')
    known = keywords(entry.function, entry.name)
    takes_all = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in known.values())
    for key, parameter in {**entry.parameters, **entry.modifiers, **dict.fromkeys(entry.choices)}.items():
        if key not in known and not takes_all:
            raise broken(entry, f"takes no argument {key} ({', '.join(known) or 'none'})", "name one of its arguments")
        if parameter is not None and not parameter.low <= parameter.neutral <= parameter.high:
            what = f"{key}: neutral {parameter.neutral:g} is not within {parameter.low:g} to {parameter.high:g}"
            raise broken(entry, what, "correct its Parameter")
        if parameter is not None and parameter.measure is not None and parameter.measure not in MEASURES:
            raise broken(entry, f"{key}: no measure is called {parameter.measure!r}", f"use {', '.join(MEASURES)}")


def broken(entry: Perturbation, what: str, remedy: str = IMAGES) -> InputError:
    """Return the error that says what a perturbation does wrong, and the remedy."""
    return InputError(what, where=entry.name, remedy=remedy)
