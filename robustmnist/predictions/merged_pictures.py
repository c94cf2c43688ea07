"""The pictures of several runs for the report of all: what a run drew serves wherever the same digit is shown again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from robustmnist.predictions.pictures import CLEAN, Digits
from robustmnist.predictions.table import Predictions

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["merged_pictures"]

Shown = tuple[str, str, float, int, int]  # suite, sweep, value, variant, row


def merged_pictures(merged: Predictions, several: Sequence[Predictions]) -> Digits:
    """Return the pictures that the report of `merged` shows, out of those that the runs it comes from kept.

    A mistake looks the same whichever checkpoint makes it. Where a run kept no picture of one of a list's mistakes, the
    list has none.
    """
    # Results are made from predictions; only which mistakes are shown flows back, and only here.
    from robustmnist.results import clean_mistakes, mistakes

    arrays: dict[str, NDArray[np.uint8]] = {}
    seen: dict[Shown, NDArray[np.uint8]] = {}
    twins: dict[int, NDArray[np.uint8]] = {}
    for run in several:
        digits = run.digits or Digits()
        if not digits.arrays:
            continue
        for key, array in digits.arrays.items():
            if key.startswith("examples/"):
                arrays.setdefault(key, array)
        for name in run.checkpoints:
            for suite in (CLEAN, *(one.name for one in run.suites)):
                kept, clean = digits.mistakes(name, suite), digits.twins(name, suite)
                table = clean_mistakes(run, name) if suite == CLEAN else mistakes(run, name, suite)
                if len(kept) != len(table) or len(clean) != len(table):
                    continue
                for shown, picture, twin in zip(_shown(table, suite), kept, clean, strict=True):
                    seen.setdefault(shown, picture)
                    twins.setdefault(shown[-1], twin)
    for name in merged.checkpoints if seen else ():
        for suite in (CLEAN, *(one.name for one in merged.suites)):
            table = clean_mistakes(merged, name) if suite == CLEAN else mistakes(merged, name, suite)
            wanted = _shown(table, suite)
            if wanted and all(shown in seen for shown in wanted):
                arrays[f"mistakes/{name}/{suite}"] = np.stack([seen[shown] for shown in wanted])
                arrays[f"twins/{name}/{suite}"] = np.stack([twins[shown[-1]] for shown in wanted])
    return Digits(arrays)


def _shown(table: "pd.DataFrame", suite: str) -> list[Shown]:
    clean = suite == CLEAN
    columns = (table[name] for name in ("sweep", "value", "variant", "row"))
    return [
        (suite, str(sweep), 0.0 if clean else float(value), int(variant), int(row))
        for sweep, value, variant, row in zip(*columns, strict=True)
    ]
