"""What can be wrong with what a suite asks of a perturbation, beyond the types of its keys."""

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

from robustmnist.perturb.registry import PERTURBATIONS, Parameter, Perturbation
from robustmnist.tomlfile import did_you_mean, shorten

__all__ = ["faults"]


def faults(sweep: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a sweep's table, one ``key path: what`` each.

    Values of a wrong type are passed over: the table's model reports them.

    Args:
        sweep: Raw TOML: perturbation, parameter, unit, values, fixed, over, draws.
    """
    found = list(_order(sweep.get("values")))
    name = sweep.get("perturbation")
    if not isinstance(name, str):
        return found
    perturbation = PERTURBATIONS.get(name)
    if perturbation is None:
        return [_unknown("perturbation", "perturbation", name, PERTURBATIONS), *found]
    found += _words(name, perturbation, sweep)
    draws = sweep.get("draws", 1)
    if not perturbation.random and isinstance(draws, int) and draws > 1:
        found.append(f"draws: '{name}' is not random: all its draws are the same; leave them out")
    asked = sweep.get("parameter")
    if not isinstance(asked, str):
        return found
    parameter = perturbation.parameters.get(asked)
    if parameter is None:
        return [*found, _unknown("parameter", f"parameter of '{name}'", asked, perturbation.parameters)]
    unit = sweep.get("unit")
    if isinstance(unit, str) and unit != parameter.unit:
        found.append(f"unit: {asked} is in '{parameter.unit}', not {shorten(unit)}")
    return [*found, *_range(asked, parameter, sweep.get("values"))]


def _unknown(key: str, kind: str, given: object, known: Mapping[str, object] | tuple[str, ...]) -> str:
    near = did_you_mean(given, known) if isinstance(given, str) else ""
    return f"{key}: unknown {kind} {shorten(given)}{near} (known: {', '.join(known)})"


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def _order(values: object) -> Iterator[str]:
    if not isinstance(values, list):
        return
    for place, (before, value) in enumerate(itertools.pairwise(values), start=1):
        if _is_number(before) and _is_number(value) and not before < value:
            yield f"values.{place}: values must increase, but {shorten(value)} follows {shorten(before)}"


def _range(name: str, parameter: Parameter, values: object) -> Iterator[str]:
    if not isinstance(values, list) or not values:
        return
    neutral, low, high, unit = parameter.neutral, parameter.low, parameter.high, parameter.unit
    for place, value in enumerate(values):
        if not _is_number(value):
            continue
        if not low <= value <= high:
            yield f"values.{place}: {name} goes from {low:g} to {high:g} {unit}, not {shorten(value)}"
        elif value != neutral and abs(value - neutral) < parameter.smallest:
            yield (
                f"values.{place}: {name} must be {neutral:g} or at least {parameter.smallest:g} {unit} from it, "
                f"not {shorten(value)}"
            )
    if neutral not in values:
        yield f"values: the neutral value {neutral:g} is missing, at which the digit is as it was"


def _words(name: str, perturbation: Perturbation, sweep: Mapping[str, Any]) -> Iterator[str]:
    """Check `fixed` and `over`: they may only choose words, so that the neutral value stays neutral."""
    fixed, over = sweep.get("fixed", {}), sweep.get("over", {})
    for table, given in (("fixed", fixed), ("over", over)):
        for key, chosen in given.items() if isinstance(given, dict) else ():
            path = f"{table}.{key}" if key.isprintable() else f"{table}.{shorten(key)}"
            if key in perturbation.parameters:
                yield f"{path}: is a strength; only words may be chosen here, or the neutral value would not be neutral"
            elif key not in perturbation.choices:
                yield _unknown(path, f"choice of '{name}'", key, perturbation.choices)
            elif table == "fixed":
                if chosen not in perturbation.choices[key]:
                    yield _unknown(path, key, chosen, perturbation.choices[key])
            else:
                yield from _list(path, key, chosen, perturbation.choices[key])
    if isinstance(fixed, dict) and isinstance(over, dict):
        for key in sorted(fixed.keys() & over.keys()):
            yield f"over.{key}: is fixed already"


def _list(path: str, key: str, chosen: object, allowed: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(chosen, list) or not chosen:
        yield f"{path}: must be a list of at least one of: {', '.join(allowed)}"
        return
    for place, word in enumerate(chosen):
        if word not in allowed:
            yield _unknown(f"{path}.{place}", key, word, allowed)
        elif word in chosen[:place]:
            yield f"{path}.{place}: '{word}' is there twice"
