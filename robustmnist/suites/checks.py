"""What can be wrong with a sweep of a suite file: its names, numbers and words, one line for each mistake."""

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

from robustmnist.perturb.perturbation import Parameter, Perturbation, range_faults
from robustmnist.perturb.registry import PERTURBATIONS
from robustmnist.suites.record import MOST_VARIANTS
from robustmnist.system.validation import did_you_mean, shorten

__all__ = ["arguments", "faults", "not_increasing", "out_of_range", "unknown"]


def arguments(name: str, perturbation: Perturbation, sweep: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the tables ``fixed``, ``along`` and ``over``, one ``key path: what`` each.

    Beside the strength a sweep may fix choices and modifiers, which leave the neutral value neutral; it may tie
    modifiers to its values; and it may go over choices or over further strengths.

    Args:
        name: The perturbation's key.
        perturbation: Its entry in the registry.
        sweep: Raw TOML. Tables of a wrong type are passed over.
    """
    tables = {table: sweep.get(table, {}) for table in ("fixed", "along", "over")}
    tables = {table: given for table, given in tables.items() if isinstance(given, dict)}
    checks = {"fixed": _fixed, "along": _along, "over": _over}
    lines = [
        fault
        for table, given in tables.items()
        for key, value in given.items()
        for fault in checks[table](_path(table, key), key, value, name, perturbation, sweep)
    ]
    for (first, given), (second, others) in itertools.combinations(tables.items(), 2):
        lines += [f"{_path(second, key)}: is in {first} already" for key in sorted(given.keys() & others.keys())]
    lengths = [len(chosen) for chosen in tables.get("over", {}).values() if isinstance(chosen, list)]
    draws = sweep.get("draws", 1)
    if math.prod(lengths) * (draws if isinstance(draws, int) else 1) > MOST_VARIANTS:
        lines.append(f"over: makes more than {MOST_VARIANTS} combinations")
    return lines


def unknown(key: str, kind: str, given: object, known: Mapping[str, object] | tuple[str, ...]) -> str:
    """Return the line that says that `given` is not a known `kind`, with a near match, and all that are known."""
    near = did_you_mean(given, known) if isinstance(given, str) else ""
    return f"{key}: unknown {kind} {shorten(given)}{near} (known: {', '.join(known) or 'none'})"


def not_increasing(path: str, values: object) -> Iterator[str]:
    """Yield a line for every number in the list `values` that is not above the number before it."""
    if not isinstance(values, list):
        return
    for index, (before, value) in enumerate(itertools.pairwise(values), start=1):
        if _is_number(before) and _is_number(value) and not before < value:
            yield f"{path}.{index}: values must increase, but {shorten(value)} follows {shorten(before)}"


def out_of_range(path: str, name: str, parameter: Parameter, values: object) -> Iterator[str]:
    """Yield a line for every number in the list `values` that the parameter may not have."""
    for index, value in enumerate(values if isinstance(values, list) else []):
        if _is_number(value):
            yield from range_faults(f"{path}.{index}", name, parameter, value)


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def _path(table: str, key: str) -> str:
    return f"{table}.{key}" if key.isprintable() else f"{table}.{shorten(key)}"


def _fixed(path: str, key: str, value: object, name: str, known: Perturbation, _: Mapping[str, Any]) -> Iterator[str]:
    if key in known.parameters:
        yield f"{path}: is a strength; fixed it would keep the neutral value from being neutral"
    elif key in known.choices:
        if value not in known.choices[key]:
            yield unknown(path, key, value, known.choices[key])
    elif key not in known.modifiers:
        yield unknown(path, f"choice or modifier of '{name}'", key, (*known.choices, *known.modifiers))
    elif isinstance(value, int | float) and _is_number(value):
        yield from range_faults(path, key, known.modifiers[key], value)
    else:
        yield f"{path}: must be a finite number, not {shorten(value)}"


def _along(
    path: str, key: str, given: object, name: str, known: Perturbation, sweep: Mapping[str, Any]
) -> Iterator[str]:
    values = sweep.get("values")
    if key not in known.modifiers:
        yield unknown(path, f"modifier of '{name}'", key, known.modifiers)
    elif isinstance(values, list) and (not isinstance(given, list) or len(given) != len(values)):
        yield f"{path}: must be a list of {len(values)} numbers, one for each value"
    elif isinstance(given, list):
        yield from _numbers(path, given)
        yield from out_of_range(path, key, known.modifiers[key], given)


def _over(
    path: str, key: str, given: object, name: str, known: Perturbation, sweep: Mapping[str, Any]
) -> Iterator[str]:
    if key == sweep.get("parameter"):
        yield f"{path}: is the sweep's own strength, which goes over values"
    elif key in known.parameters:
        if not isinstance(given, list) or not given:
            yield f"{path}: must be a list of increasing numbers"
            return
        yield from _numbers(path, given)
        yield from not_increasing(path, given)
        yield from out_of_range(path, key, known.parameters[key], given)
    elif key in known.modifiers:
        yield f"{path}: is a modifier: put it under fixed or along"
    elif key not in known.choices:
        yield unknown(path, f"choice or strength of '{name}'", key, (*known.choices, *known.parameters))
    else:
        yield from _words(path, key, given, known.choices[key])


def _numbers(path: str, given: list[Any]) -> Iterator[str]:
    for index, value in enumerate(given):
        if not _is_number(value):
            yield f"{path}.{index}: must be a finite number, not {shorten(value)}"


def _words(path: str, key: str, chosen: object, allowed: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(chosen, list) or not chosen:
        yield f"{path}: must be a list of at least one of: {', '.join(allowed)}"
        return
    for index, word in enumerate(chosen):
        if word not in allowed:
            yield unknown(f"{path}.{index}", key, word, allowed)
        elif word in chosen[:index]:
            yield f"{path}.{index}: '{word}' is there twice"


def faults(sweep: Mapping[str, Any], own: Perturbation | None = None) -> list[str]:
    """Return what is wrong with a sweep's table, one ``key path: what`` each.

    Values of a wrong type are passed over: the table's model reports them.

    Args:
        sweep: Raw TOML: perturbation, parameter, unit, values, fixed, along, over, draws.
        own: The perturbation where it is the user's own.
    """
    lines = list(not_increasing("values", sweep.get("values")))
    name = sweep.get("perturbation")
    if not isinstance(name, str):
        return lines
    perturbation = own or PERTURBATIONS.get(name)
    if perturbation is None:
        return [unknown("perturbation", "perturbation", name, (*PERTURBATIONS, "FILE.py:NAME")), *lines]
    neutral = sweep.get("neutral")
    if isinstance(neutral, int | float) and own is None:
        lines.append(f"neutral: '{name}' has its own; leave it out")
    lines += arguments(name, perturbation, sweep)
    draws = sweep.get("draws", 1)
    if not perturbation.random and isinstance(draws, int) and draws > 1:
        lines.append(f"draws: '{name}' is not random: all its draws are the same; leave them out")
    asked = sweep.get("parameter")
    if not isinstance(asked, str):
        return lines
    parameter = perturbation.parameters.get(asked)
    if parameter is None:
        return [*lines, unknown("parameter", f"parameter of '{name}'", asked, perturbation.parameters)]
    unit = sweep.get("unit")
    if isinstance(unit, str) and unit != parameter.unit:
        lines.append(f"unit: {asked} is in '{parameter.unit}', not {shorten(unit)}")
    values = sweep.get("values")
    lines += out_of_range("values", asked, parameter, values)
    if isinstance(values, list) and values and parameter.neutral not in values:
        lines.append(f"values: the neutral value {parameter.neutral:g} is missing, at which the digit is as it was")
    return lines
