"""Critical strengths of a study: how far digits may be perturbed, and what every change of the recipe does to that."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from robustmnist.ablation.cell import Cell
from robustmnist.ablation.effects import paired
from robustmnist.ablation.study import BASE
from robustmnist.statistics.crossed_effects import seed_effect
from robustmnist.statistics.paired_tests import holm

__all__ = ["CRITICAL_COLUMNS", "critical_effects", "critical_table"]

Side = tuple[str, str, str]
CRITICAL_COLUMNS = (
    *("variant", "suite", "sweep", "side", "unit", "seeds", "base", "value"),
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
    robust. Its 95 % interval ``low`` to ``high`` is over seeds alone; ``p_holm`` is corrected for all rows. Trainings
    that diverged, and cells that hold no critical strengths, are left out.

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


def _strengths(cell: Cell) -> dict[Side, Mapping[str, Any]]:
    return {(row["suite"], row["sweep"], row["side"]): row for row in cell.facts.get("critical", ())}


def _row(name: str, side: Side, both: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> dict[str, object]:
    values, base = (np.array([_within(pair[at]) for pair in both], np.float64) for at in (0, 1))
    effect = seed_effect((values - base) * (-1 if side[2] == "below" else 1))
    return {
        "variant": name,
        **dict(zip(("suite", "sweep", "side"), side, strict=True)),
        "unit": both[0][0]["unit"],
        "seeds": len(both),
        "base": float(base.mean()),
        "value": float(values.mean()),
        "farther": effect.mean,
        "low": effect.low,
        "high": effect.high,
        "p": effect.p,
        "p_holm": np.nan,
        "beyond": sum(bool(mine["beyond"]) for mine, _ in both),
    }


def _within(row: Mapping[str, Any]) -> float:
    """Return a critical strength, the end of the sweep where it is beyond."""
    return float(row["end"] if row["beyond"] or row["critical"] is None else row["critical"])
