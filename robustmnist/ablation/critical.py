"""Critical strengths of a study: how far digits may be perturbed, and what every change of the recipe does to that."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.ablation.cell import Cell
from robustmnist.ablation.effects import paired
from robustmnist.ablation.study import BASE
from robustmnist.statistics.crossed_effects import crossed_effect, seed_effect
from robustmnist.statistics.paired_tests import holm

__all__ = ["CRITICAL_COLUMNS", "critical_effects", "critical_table"]

Side = tuple[str, str, str]
Strength = tuple[Mapping[str, Any], NDArray[np.float64]]  # a row of a cell's critical, and influences (n,)
CRITICAL_COLUMNS = (
    *("variant", "suite", "sweep", "side", "unit", "seeds", "n", "base", "value"),
    *("farther", "low", "high", "p", "p_holm", "beyond"),
)


def critical_table(cells: Mapping[str, Sequence[Cell]]) -> pd.DataFrame:
    """Return a row per variant, sweep and side: the mean critical strength over the seeds that have one.

    Columns: ``variant``, ``suite``, ``sweep``, ``side``, ``unit``, ``critical`` (NaN where no seed has one), ``end`` of
    the sweep, and ``beyond``, the number of seeds that keep nine tenths of their accuracy up to there.
    """
    rows = [
        {"variant": name, **row}
        for name, several in cells.items()
        for cell in several
        for row in cell.facts.get("critical", ())
    ]
    if not rows:
        return pd.DataFrame(columns=["variant", "suite", "sweep", "side", "unit", "critical", "end", "beyond"])
    table = pd.DataFrame(rows)
    table["critical"] = pd.to_numeric(table["critical"])
    keys = ["variant", "suite", "sweep", "side", "unit"]
    grouped = table.groupby(keys, sort=False).agg(
        critical=("critical", "mean"), end=("end", "first"), beyond=("beyond", "sum")
    )
    return grouped.reset_index()


def critical_effects(cells: Mapping[str, Sequence[Cell]]) -> pd.DataFrame:
    """Return a row per variant, sweep and side: how much farther digits may be pushed than with the recipe as it is.

    A strength is critical where a tenth of clean accuracy is lost; where it is beyond the sweep's end, the end counts,
    so that differences are never overstated, and ``beyond`` says in how many seeds of the variant that was so.
    ``farther`` is the mean of the differences of equal seeds, in the sweep's unit away from neutral: more is more
    robust. Its 95 % interval ``low`` to ``high`` is over other seeds and other digits, of which there are ``n``: to
    first order a critical strength is a mean over digits. Where a cell was made before the digits' influences were
    kept, ``n`` is 0 and the interval is over seeds alone; of one seed it is over other digits alone, and without their
    influences there is none. ``p_holm`` is corrected for all rows. Trainings that diverged, and cells that hold no
    critical strengths, are left out.

    Args:
        cells: By variant, that called base among them.
    """
    rows = []
    for name, own in cells.items():
        if name == BASE:
            continue
        pairs = [tuple(map(_strengths, pair)) for pair in paired(own, cells[BASE])]
        sides = dict.fromkeys(side for mine, base in pairs for side in mine if side in base)
        for side in sides:
            both = [(mine[side], base[side]) for mine, base in pairs if side in mine and side in base]
            rows.append(_row(name, side, both))
    table = pd.DataFrame(rows, columns=list(CRITICAL_COLUMNS))
    table["p_holm"] = holm(table["p"].to_numpy(np.float64))
    return table


def _strengths(cell: Cell) -> dict[Side, Strength]:
    rows = cell.facts.get("critical", ())
    influences = cell.influences if len(cell.influences) == len(rows) else np.zeros((len(rows), 0))
    return {(row["suite"], row["sweep"], row["side"]): (row, own) for row, own in zip(rows, influences, strict=True)}


def _row(name: str, side: Side, both: Sequence[tuple[Strength, Strength]]) -> dict[str, object]:
    values, base = (np.array([_within(pair[at][0]) for pair in both], np.float64) for at in (0, 1))
    farther = (values - base) * (-1 if side[2] == "below" else 1)
    digits = min(len(influences) for pair in both for _, influences in pair)
    effect = seed_effect(farther)
    if digits:
        moved = np.stack([own - other for (_, own), (_, other) in both])
        effect = crossed_effect(farther[:, None] + moved)
    return {
        "variant": name,
        **dict(zip(("suite", "sweep", "side"), side, strict=True)),
        "unit": both[0][0][0]["unit"],
        "seeds": len(both),
        "n": digits,
        "base": float(base.mean()),
        "value": float(values.mean()),
        "farther": effect.mean,
        "low": effect.low,
        "high": effect.high,
        "p": effect.p,
        "p_holm": np.nan,
        "beyond": sum(bool(mine["beyond"]) for (mine, _), _ in both),
    }


def _within(row: Mapping[str, Any]) -> float:
    """Return a critical strength, the end of the sweep where it is beyond."""
    return float(row["end"] if row["beyond"] or row["critical"] is None else row["critical"])
