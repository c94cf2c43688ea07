"""How far handwritten digits lie from the typical digit of their class, by every measure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from robustmnist.measure import Measure

__all__ = ["COLUMNS", "describe", "natural_csv"]


COLUMNS = ("measure", "of", "unit", "n", "mean", "sd", "low", "median", "high")
SHARES = (2.5, 50.0, 97.5)  # % of the digits below low, median and high
Numbers = NDArray[np.floating[Any]]


def describe(
    readings: Mapping[str, Numbers], labels: NDArray[np.integer[Any]], measures: "Mapping[str, Measure]"
) -> pd.DataFrame:
    """Return the table that is shipped, with `COLUMNS`, of some digits.

    ``n`` counts the digits that have the property; ``low``, ``median`` and ``high`` are the quantiles 2.5, 50 and
    97.5 %, linear between digits. A class's median of a periodic measure is taken where its readings lie closest. A
    distance differs from its class by the distance to the class's median position.

    Args:
        readings: Measure -> `(n,)`, NaN where a digit has no such property; with both parts of every measure that is
            a length.
        labels: `(n,)`, the digits' classes.
        measures: `robustmnist.measure.MEASURES`.

    >>> from robustmnist.measure import MEASURES
    >>> table = describe({"ink": np.array([90.0, 100.0, 120.0])}, np.array([3, 3, 3]), MEASURES)
    >>> table[["of", "median", "mean"]].round(2).to_numpy().tolist()
    [['reading', 100.0, 103.33], ['difference', 0.0, 3.33], ['ratio', 1.0, 1.03]]
    """
    medians = {name: _class_medians(values, labels, measures[name]) for name, values in readings.items()}
    rows = []
    for name, values in readings.items():
        measure = measures[name]
        parts = [measures[part].difference(medians[part], readings[part]) for part in measure.parts]
        difference = np.hypot(*parts) if parts else measure.difference(medians[name], values)
        rows += [_row(name, "reading", measure.unit, values), _row(name, "difference", measure.unit, difference)]
        if measure.ratio:
            with np.errstate(divide="ignore", invalid="ignore"):  # what no ratio can be made of is not counted
                ratio = values / medians[name]
            rows.append(_row(name, "ratio", "×", ratio))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def natural_csv(table: pd.DataFrame, origin: Mapping[str, Any]) -> str:
    """Return the table as CSV, six significant digits, after a line of comment for each entry of `origin`.

    >>> natural_csv(pd.DataFrame({"n": [3], "mean": [0.5]}), {"data": "made up"}).splitlines()
    ['# data: made up', 'n,mean', '3,0.5']
    """
    head = "".join(f"# {key}: {value}\n" for key, value in origin.items())
    return head + str(table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def _class_medians(values: Numbers, labels: NDArray[np.integer[Any]], measure: "Measure") -> Numbers:
    """Return `(n,)`: for each digit the median over its class."""
    medians = np.full(len(values), np.nan)
    for digit in np.unique(labels):
        here = labels == digit
        known = values[here & np.isfinite(values)].astype(np.float64)
        if not len(known):
            continue
        middle = 0.0
        if measure.period is not None:  # cut the circle opposite to where most digits are
            turns = np.exp(2j * np.pi * known / measure.period).mean()
            middle = float(np.angle(turns)) / (2 * np.pi) * measure.period
        medians[here] = middle + np.median(measure.difference(middle, known))
    return medians


def _row(name: str, of: str, unit: str, values: Numbers) -> dict[str, Any]:
    known = values[np.isfinite(values)].astype(np.float64)
    low, median, high = np.percentile(known, SHARES) if len(known) else (np.nan,) * 3
    middle = {"mean": known.mean(), "sd": known.std()} if len(known) else {}
    return {
        "measure": name,
        "of": of,
        "unit": unit,
        "n": len(known),
        **middle,
        "low": low,
        "median": median,
        "high": high,
    }
