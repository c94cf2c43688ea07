"""The files of maps followed over a sweep: the curves as a table, where they break, and a page."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from robustmnist.explanation.curves.followed import Followed
from robustmnist.explanation.curves.half_life import half_life_rows, pair_rows
from robustmnist.explanation.curves.rows import curve_table, curves_of
from robustmnist.explanation.output.curve_page import render_curves

if TYPE_CHECKING:
    from robustmnist.data import Dataset

__all__ = ["curve_files"]


def curve_files(followed: Sequence[Followed], data: "Dataset", *, command: str, seed: int) -> dict[str, bytes]:
    """Return the files to write, name -> content.

    ``curves.csv`` has a row per checkpoint, method, similarity, kind, group and value; ``half-life.csv`` a row per
    checkpoint, method and side; ``curves.html`` shows both.
    """
    curves = [list(curves_of(each)) for each in followed]
    half, pairs = half_life_rows(followed), pair_rows(followed)
    rows = []
    for row in half:
        plain = dataclasses.asdict(row)
        for name in ("explanation", "prediction"):
            plain |= dict(zip((name, f"{name}_low", f"{name}_high"), plain.pop(name), strict=True))
        plain["first_low"], plain["first_high"] = plain.pop("first_interval")
        rows.append(plain)
    page = render_curves(followed, curves, half, pairs, data, command=command, seed=seed)
    return {
        "curves.html": page.encode(),
        "curves.csv": _csv(curve_table(followed, curves)),
        "half-life.csv": _csv(pd.DataFrame(rows)),
    }


def _csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, float_format="%.6f", lineterminator="\n").encode()
