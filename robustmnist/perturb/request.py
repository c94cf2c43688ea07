"""What can be wrong with what a suite asks of a perturbation, beyond the types of its keys."""

from collections.abc import Mapping
from typing import Any

from robustmnist.perturb.arguments import arguments, not_increasing, out_of_range, unknown
from robustmnist.perturb.registry import PERTURBATIONS
from robustmnist.tomlfile import shorten

__all__ = ["faults"]


def faults(sweep: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a sweep's table, one ``key path: what`` each.

    Values of a wrong type are passed over: the table's model reports them.

    Args:
        sweep: Raw TOML: perturbation, parameter, unit, values, fixed, along, over, draws.
    """
    found = list(not_increasing("values", sweep.get("values")))
    name = sweep.get("perturbation")
    if not isinstance(name, str):
        return found
    perturbation = PERTURBATIONS.get(name)
    if perturbation is None:
        return [unknown("perturbation", "perturbation", name, PERTURBATIONS), *found]
    found += arguments(name, perturbation, sweep)
    draws = sweep.get("draws", 1)
    if not perturbation.random and isinstance(draws, int) and draws > 1:
        found.append(f"draws: '{name}' is not random: all its draws are the same; leave them out")
    asked = sweep.get("parameter")
    if not isinstance(asked, str):
        return found
    parameter = perturbation.parameters.get(asked)
    if parameter is None:
        return [*found, unknown("parameter", f"parameter of '{name}'", asked, perturbation.parameters)]
    unit = sweep.get("unit")
    if isinstance(unit, str) and unit != parameter.unit:
        found.append(f"unit: {asked} is in '{parameter.unit}', not {shorten(unit)}")
    values = sweep.get("values")
    found += out_of_range("values", asked, parameter, values)
    if isinstance(values, list) and values and parameter.neutral not in values:
        found.append(f"values: the neutral value {parameter.neutral:g} is missing, at which the digit is as it was")
    return found
