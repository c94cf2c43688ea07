"""What every change of the recipe does: differences to the base with intervals over seeds and digits, and p-values."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.ablation.cell import Cell
from robustmnist.ablation.study import BASE
from robustmnist.statistics.crossed_effects import Effect, crossed_effect, seed_effect
from robustmnist.statistics.paired_tests import holm

__all__ = ["AREA", "CALIBRATION", "COLUMNS", "Numbers", "cell_table", "effects_table", "measured", "paired"]

Numbers = dict[str, dict[str, float]]

AREA = "area"  # the mean over the suites
CALIBRATION = ("ece", "ece_perturbed")
COLUMNS = ("variant", "measure", "seeds", "n", "base", "value", "difference", "low", "high", "p", "p_holm")


def effects_table(cells: Mapping[str, Sequence[Cell]]) -> pd.DataFrame:
    """Return a row per variant and measure.

    Measures: ``accuracy`` on clean digits; ``area``, the mean over the suites of the area under a digit's curves, and
    that of each suite, ``area:SUITE``; ``ece`` and ``ece_perturbed``, calibration errors. ``difference`` is the
    variant's minus the base's, both with the same seeds, with the 95 % interval ``low`` to ``high`` over other seeds
    and other digits; of the calibration errors, which are no means over digits, over seeds alone. ``p_holm`` is
    corrected for all rows.

    Args:
        cells: By variant, that called base among them.
    """
    rows = []
    for name, own in cells.items():
        if name == BASE:
            continue
        pairs = paired(own, cells[BASE])
        if pairs:
            rows += [_row(name, measure, pairs) for measure in _measures(pairs[0][0])]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["p_holm"] = holm(table["p"].to_numpy(np.float64))
    return table


def measured(effects: pd.DataFrame, measure: str) -> Numbers:
    """Return the numbers of `effects` for one measure, by variant, then by column."""
    rows = effects[effects["measure"] == measure].to_dict("records")
    return {str(row["variant"]): {key: float(row[key]) for key in COLUMNS[2:]} for row in rows}


def cell_table(cells: Mapping[str, Sequence[Cell]]) -> pd.DataFrame:
    """Return a row per cell: accuracies, areas, calibration, epochs and seconds."""
    keys = ("accuracy", "validation_accuracy", "nll", *CALIBRATION, "parameters", "epochs", "best_epoch", "seconds")
    return pd.DataFrame(
        [
            {"variant": name, "seed": cell.facts["seed"], **{key: cell.facts.get(key) for key in keys}}
            | {f"area:{suite}": area for suite, area in cell.facts["areas"].items()}
            for name, several in cells.items()
            for cell in several
        ]
    )


def paired(own: Sequence[Cell], base: Sequence[Cell]) -> list[tuple[Cell, Cell]]:
    """Return the cells of a variant with those of the base that have the same seed."""
    by_seed = {cell.facts["seed"]: cell for cell in base}
    return [(cell, by_seed[cell.facts["seed"]]) for cell in own if cell.facts["seed"] in by_seed]


def _measures(cell: Cell) -> list[str]:
    return ["accuracy", AREA, *(f"{AREA}:{suite}" for suite in cell.areas), *CALIBRATION]


def _row(name: str, measure: str, pairs: Sequence[tuple[Cell, Cell]]) -> dict[str, object]:
    if measure in CALIBRATION:
        scores = np.array([[cell.facts.get(measure, np.nan) for cell in pair] for pair in pairs], np.float64)
        effect, value, base = seed_effect(scores[:, 0] - scores[:, 1]), scores[:, 0].mean(), scores[:, 1].mean()
    else:
        own, other = (np.stack([_digits(pair[at], measure) for pair in pairs]) for at in (0, 1))
        effect, value, base = crossed_effect(own - other), own.mean(), other.mean()
    return _named(name, measure, pairs, effect) | {"value": float(value), "base": float(base)}


def _named(name: str, measure: str, pairs: Sequence[tuple[Cell, Cell]], effect: Effect) -> dict[str, object]:
    numbers = {"difference": effect.mean, "low": effect.low, "high": effect.high, "p": effect.p, "p_holm": np.nan}
    return {"variant": name, "measure": measure, "seeds": len(pairs), "n": len(pairs[0][0].right)} | numbers


def _digits(cell: Cell, measure: str) -> NDArray[np.float64]:
    if measure == "accuracy":
        return cell.right.astype(np.float64)
    _, _, suite = measure.partition(":")
    chosen = [cell.areas[suite]] if suite else list(cell.areas.values())
    mean: NDArray[np.float64] = np.mean(chosen, axis=0)
    return mean
