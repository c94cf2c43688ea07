"""The shipped suites in outline, as their files say it: for a list, which needs no perturbation and no torch."""

import math
from dataclasses import dataclass

from robustmnist.errors import SuiteError
from robustmnist.suites.read import shipped_files
from robustmnist.system.validation import parse_toml

__all__ = ["Outline", "outlines"]


@dataclass(frozen=True)
class Outline:
    """A sweep of a shipped suite.

    Attributes:
        suite: Name of the suite.
        sweep: Name of the sweep.
        perturbation: A key of `robustmnist.perturb.PERTURBATIONS`.
        parameter: The strength that varies.
        low: The lowest value, in `unit`.
        high: The highest value.
        unit: Of the values.
        values: How many there are.
        variants: How many variants of each.
    """

    suite: str
    sweep: str
    perturbation: str
    parameter: str
    low: float
    high: float
    unit: str
    values: int
    variants: int


def outlines() -> list[Outline]:
    """Return the sweeps of all shipped suites, in the order of the suites.

    The files are not checked: `list_suites` does that, with torch.

    Raises:
        SuiteError: If a file cannot be read as TOML.

    >>> first = outlines()[0]
    >>> first.suite, first.sweep, first.low, first.high, first.unit, first.values
    ('shift', 'right', 0.0, 10.0, 'px', 11)
    """
    return [
        Outline(
            path.stem,
            sweep["name"],
            sweep["perturbation"],
            sweep["parameter"],
            float(sweep["values"][0]),
            float(sweep["values"][-1]),
            sweep["unit"],
            len(sweep["values"]),
            math.prod(map(len, sweep.get("over", {}).values())) * sweep.get("draws", 1),
        )
        for path in shipped_files()
        for sweep in parse_toml(path, SuiteError)["sweep"]
    ]
