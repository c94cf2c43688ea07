"""How strong is natural? How far handwritten digits lie from the typical digit of their class, by every measure.

``perturbations/natural.csv`` holds what ``robustmnist measure`` gives for the 60,000 MNIST training digits: for every
measure its readings (``reading``), their differences from the median of the digit's own class (``difference``) and,
where it makes sense, their ratios to it (``ratio``). A perturbation within the middle 95 % of these takes a typical
digit no further than handwriting does, with two reservations. Position and size vary by what MNIST's preprocessing
leaves of them (a box of 20 px, centred by mass): what was written varied more. And the long axis turns with a digit's
shape too, so that the band of ``angle``, although only digits with a long axis of their own are in it (43,944; see
`robustmnist.measure.principal_angle`), is wider than hands turn: the long axis of a four may stand or lie, within
−51° to 79° of their median; of ones, which are nothing but axis, the middle 95 % lie within −26° to 25°.
"""

import functools
from typing import TYPE_CHECKING

import pandas as pd

from robustmnist.system.installation import shipped

if TYPE_CHECKING:
    from robustmnist.measure import Measure
    from robustmnist.perturb import Parameter
    from robustmnist.suites import Sweep

__all__ = ["band", "comparison", "natural_bands"]


def band(sweep: "Sweep", strength: str | None = None) -> tuple[float, float] | None:
    """Return the strengths between which a typical digit stays within the middle 95 % of handwriting, or None.

    They are in the strength's own unit: differences where its neutral value is 0, ratios where it is 1. A strength that
    is a distance, in whatever direction, has a band from 0 to what 97.5 % of the digits stay within. None where the
    strength changes no measure, or changes it in another unit, as px on both axes at once (``chessboard``) do.

    Args:
        sweep: A curve or a map.
        strength: Which one of a map's strengths; the sweep's own by default.
    """
    from robustmnist.measure import MEASURES

    parameter = sweep.entry.parameters[strength or sweep.parameter]
    if parameter.measure is None:
        return None
    measure = MEASURES[parameter.measure]
    how, unit = comparison(parameter, measure)
    metrics = (sweep.fixed.get("metric"), *sweep.over.get("metric", ()))
    if unit != parameter.unit or "chessboard" in metrics:
        return None
    low, high = natural_bands()[parameter.measure]["ratio" if how == "change" else how]
    if how == "change":
        return low - 1, high - 1
    return (0.0, high) if measure.parts else (low, high)


def comparison(parameter: "Parameter", measure: "Measure") -> tuple[str, str]:
    """Return how readings of `measure` before and after are compared with the strength, and the unit of the comparison.

    ``ratio`` (×) for a factor, ``change`` (the ratio less 1) for a fraction, else ``difference`` in the measure's unit.
    """
    if measure.ratio and parameter.unit in ("×", "fraction"):
        return ("ratio" if parameter.unit == "×" else "change"), parameter.unit
    return "difference", measure.unit


@functools.cache
def natural_bands() -> dict[str, dict[str, tuple[float, float]]]:
    """Return measure -> ``reading``, ``difference`` or ``ratio`` -> the ends of the middle 95 % of the digits."""
    table = pd.read_csv(shipped("perturbations") / "natural.csv", comment="#")
    bands: dict[str, dict[str, tuple[float, float]]] = {}
    for row in table.to_dict("records"):
        bands.setdefault(row["measure"], {})[row["of"]] = float(row["low"]), float(row["high"])
    return bands
