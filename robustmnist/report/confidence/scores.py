"""Scores of confidence per setting: as the checkpoints give it, and with the temperature that was fitted for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from robustmnist.overview.overview import Overview
from robustmnist.page.records import Cell, Key
from robustmnist.results import quality
from robustmnist.wording.numbers import plain

__all__ = ["Scores", "focus_quality", "scores"]

# Column of the table -> which of `quality`, and whether with the fitted temperature.
METRICS = {
    "NLL": ("nll", False),
    "NLL, T": ("nll", True),
    "Brier": ("brier", False),
    "ECE": ("ece_width", False),
    "ECE, T": ("ece_width", True),
    "AURC": ("aurc", False),
}


@dataclass(frozen=True)
class Scores:
    """Scores per setting and checkpoint: `metrics` are the columns under each key, a row its title and the cells.

    The note of a cell is the 95 % interval of its score.
    """

    keys: tuple[Key, ...]
    metrics: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def scores(
    keys: tuple[Key, ...],
    titles: Sequence[str],
    raw: Sequence[pd.DataFrame],
    cooled: Sequence[pd.DataFrame],
    *,
    tempered: bool,
) -> Scores:
    """Return the scores of some settings.

    Args:
        keys: The checkpoints.
        titles: The settings.
        raw: For each setting, `quality` of each checkpoint.
        cooled: The same with temperatures, NaN where a checkpoint has none.
        tempered: Whether any has one; otherwise there are no columns for it.
    """
    metrics = {name: source for name, source in METRICS.items() if tempered or not source[1]}
    rows = []
    for title, one, other in zip(titles, raw, cooled, strict=True):
        found = [
            [float((other if cool else one)[f"{column}{end}"].iloc[k]) for end in ("", "_low", "_high")]
            for k in range(len(keys))
            for column, cool in metrics.values()
        ]
        rows.append((title, tuple(_cell(*numbers) for numbers in found)))
    return Scores(keys, tuple(metrics), tuple(rows))


def focus_quality(overview: Overview, temperatures: Mapping[str, float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `quality`, clean and in each suite's hardest sweep: raw, and with temperatures (NaN without one)."""
    # Only the settings that are shown: those of a whole overview would take minutes.
    shown = [(one.suite.name, one.hardest.sweep.name, one.hardest.focus) for one in overview.suites]
    raw = quality(overview.predictions, at=shown)
    if not temperatures:
        return raw, raw
    cooled = quality(overview.predictions, temperatures, at=shown)
    columns = [f"{name}{end}" for name, cool in METRICS.values() if cool for end in ("", "_low", "_high")]
    cooled.loc[~cooled["checkpoint"].isin(temperatures), columns] = np.nan
    return raw, cooled


def _cell(value: float, low: float, high: float) -> Cell:
    if value != value:
        return Cell("–")
    places = 3 if value >= 0.1 else 4 if value >= 0.001 or value == 0 else 5
    return Cell(plain(value, places), "" if low != low else f"{plain(low, places)}–{plain(high, places)}")
