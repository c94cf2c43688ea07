"""What every strength did to the digits: the realised severities of a run.

A row per value of each curve; of a map, a row per strength and point.

Columns:

- ``suite``, ``sweep``; ``parameter``, the strength, with its ``value`` and ``unit``; ``others``, for a point of a map
  its other strengths, as in "dy -10", else empty
- ``measure``, the property of a digit that the strength changes (a key of `robustmnist.measure.MEASURES`), empty where
  there is none; ``measured_mean`` and ``measured_sd``, by how much the property changed from clean to perturbed, over
  images that have it and variants; ``measure_unit``, the unit of both; ``n``, the images that were measured
- ``ink_clipped``, the share of ink that left the frame; ``psnr``, dB; ``natural_low`` and ``natural_high``, from
  `robustmnist.suites.natural_band.band`

An empty cell is a number that is not known.
"""

import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from robustmnist.errors import RunError
from robustmnist.suites import Suite, Sweep
from robustmnist.system.files import sha256_bytes

__all__ = ["REALISED", "others", "parse_realised", "points", "read_realised", "realised_csv"]

NUMBERS = ("value", "measured_mean", "measured_sd", "ink_clipped", "psnr", "natural_low", "natural_high")
REALISED = (
    *("suite", "sweep", "parameter", "value", "unit", "others"),
    *("measure", "measure_unit", "n", "measured_mean", "measured_sd"),
    *("ink_clipped", "psnr", "natural_low", "natural_high"),
)
NEW = ("parameter", "others")  # columns that came with the rows of maps
MAX_BYTES = 100_000_000


def realised_csv(table: pd.DataFrame) -> str:
    """Return the table as CSV, every number in its shortest exact form."""
    return str(table.to_csv(index=False, lineterminator="\n"))


def parse_realised(text: str, suites: Sequence[Suite]) -> pd.DataFrame:
    """Return what `realised_csv` was given.

    Earlier versions did not measure maps: their tables have no rows for maps, and get the two columns that they lack.

    Raises:
        ValueError: If it is not a table of these suites: their sweeps' settings in their order.
    """
    table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)  # a unit may be called "NA"
    expected = [
        (suite.name, sweep.name, *rest) for suite in suites for sweep in suite.sweeps for rest in _settings(sweep)
    ]
    if tuple(table.columns) == tuple(name for name in REALISED if name not in NEW):
        curves = {(suite.name, sweep.name): sweep.parameter for suite in suites for sweep in suite.curves}
        expected = [row for row in expected if row[:2] in curves]
        there = zip(table["suite"], table["sweep"], strict=True)
        table.insert(2, "parameter", [curves.get(key, "") for key in there])
        table.insert(5, "others", "")
    if tuple(table.columns) != REALISED:
        raise ValueError(f"its columns are {', '.join(map(str, table.columns))}")
    # Python reads back exactly what was written; pandas does not in every version.
    table["n"] = [int(cell) for cell in table["n"]]
    for name in NUMBERS:
        table[name] = np.array([float(cell or "nan") for cell in table[name]])
    if (
        list(zip(*(table[name] for name in ("suite", "sweep", "parameter", "value", "others")), strict=True))
        != expected
    ):
        raise ValueError("its rows are not the run's settings")
    return table


def points(sweep: Sweep) -> list[dict[str, float]]:
    """Return the points of a map, as all its strengths by name; of a curve its values, each alone.

    >>> from robustmnist.suites import load_suite
    >>> points(load_suite("shift-map").maps[0])[:2]
    [{'dx': -10.0, 'dy': -10.0}, {'dx': -10.0, 'dy': -9.0}]
    """
    axes = {sweep.parameter: sweep.values, **{key: tuple(map(float, sweep.over[key])) for key in sweep.crossed}}
    return [dict(zip(axes, point, strict=True)) for point in itertools.product(*axes.values())]


def others(point: Mapping[str, float], parameter: str) -> str:
    """Return the strengths of a point of a map as text, without that of `parameter`.

    >>> others({"angle": 30.0, "dx": 0.0, "dy": -1.5}, "dx")
    'angle 30, dy -1.5'
    """
    return ", ".join(f"{key} {value:g}" for key, value in point.items() if key != parameter)


def read_realised(path: Path, sha256: str, suites: Sequence[Suite]) -> pd.DataFrame:
    """Read the file that a run's manifest speaks of.

    Raises:
        RunError: If the file is missing, does not have this hash, or is not such a table.
    """
    remedy = "delete run.json and run the same command again with -o to make it anew"
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RunError(f"is larger than {MAX_BYTES:,} bytes", where=path)
        data = path.read_bytes()
    except OSError as cause:
        raise RunError(f"cannot be read ({cause.strerror})", where=path, remedy=remedy) from cause
    if sha256_bytes(data) != sha256:
        raise RunError("was changed after it was written: its sha256 does not match", where=path, remedy=remedy)
    try:
        return parse_realised(data.decode(), suites)
    # pandas raises several exception types on damaged input; each of them means that the file is damaged.
    except Exception as cause:
        raise RunError(
            f"holds no realised severities ({cause})".replace("\n", " "), where=path, remedy=remedy
        ) from cause


def _settings(sweep: Sweep) -> Iterator[tuple[str, float, str]]:
    """Yield the strength, its value and `others` of each row of a sweep."""
    for parameter in (sweep.parameter, *sweep.crossed):
        for point in points(sweep):
            yield parameter, point[parameter], others(point, parameter)
