"""What every strength did to the digits: the realised severities of a run, a row per value of each curve.

Columns: ``suite``, ``sweep``, ``value`` and its ``unit``; ``measure``, the property of a digit that the strength
changes (a key of `robustmnist.measure.MEASURES`), empty where there is none; ``measure_unit``, that of the next but
one; ``n``, the images that were measured; ``measured_mean`` and ``measured_sd``, by how much the property changed from
clean to perturbed, over images and variants; ``ink_clipped``, the share of ink that left the frame; ``psnr``, dB;
``natural_low`` and ``natural_high``, from `robustmnist.natural.band`. Nothing stands for a number that there is not.
"""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from robustmnist.errors import RunError
from robustmnist.files import sha256_bytes
from robustmnist.suites import Suite

__all__ = ["REALISED", "parse_realised", "read_realised", "realised_csv"]

NUMBERS = ("value", "measured_mean", "measured_sd", "ink_clipped", "psnr", "natural_low", "natural_high")
REALISED = ("suite", "sweep", "value", "unit", "measure", "measure_unit", "n", *NUMBERS[1:])
MAX_BYTES = 100_000_000


def realised_csv(table: pd.DataFrame) -> str:
    """Return the table as CSV, every number in its shortest exact form."""
    return str(table.to_csv(index=False, lineterminator="\n"))


def parse_realised(text: str, suites: Sequence[Suite]) -> pd.DataFrame:
    """Return what `realised_csv` was given.

    Raises:
        ValueError: If it is not a table of these suites: their curves' values in their order.
    """
    table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)  # a unit may be called "NA"
    if tuple(table.columns) != REALISED:
        raise ValueError(f"its columns are {', '.join(map(str, table.columns))}")
    # Python reads back exactly what was written; pandas does not in every version.
    table["n"] = [int(cell) for cell in table["n"]]
    for name in NUMBERS:
        table[name] = np.array([float(cell or "nan") for cell in table[name]])
    there = list(zip(table["suite"], table["sweep"], table["value"], strict=True))
    if there != [
        (suite.name, sweep.name, value) for suite in suites for sweep in suite.curves for value in sweep.values
    ]:
        raise ValueError("its rows are not the run's settings")
    return table


def read_realised(path: Path, sha256: str, suites: Sequence[Suite]) -> pd.DataFrame:
    """Read the file that a run's manifest speaks of.

    Raises:
        RunError: If the file is missing, is not what the hash says, or is no such table.
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
    # pandas lets several exception types through on damaged input; whatever it is, the file is no good.
    except Exception as cause:
        raise RunError(
            f"holds no realised severities ({cause})".replace("\n", " "), where=path, remedy=remedy
        ) from cause
