"""Scores of confidence per setting: as the checkpoints give it, and with the temperature that was fitted for them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from robustmnist.page.records import Cell, Key
from robustmnist.wording.numbers import plain

__all__ = ["Scores", "scores"]

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
    tempered: Sequence[pd.DataFrame],
    fitted: Sequence[bool],
) -> Scores:
    """Return the scores of some settings.

    Args:
        keys: The checkpoints.
        titles: The settings.
        raw: For each setting, `quality` of each checkpoint.
        tempered: The same with temperatures.
        fitted: For each checkpoint whether it has a temperature; if none has, there are no columns for it.
    """
    metrics = {name: source for name, source in METRICS.items() if any(fitted) or not source[1]}
    rows = []
    for title, one, other in zip(titles, raw, tempered, strict=True):
        cells = []
        for k, has_temperature in enumerate(fitted):
            for column, with_temperature in metrics.values():
                table = other if with_temperature else one
                numbers = (float(table[f"{column}{end}"].iloc[k]) for end in ("", "_low", "_high"))
                cells.append(_cell(*numbers) if has_temperature or not with_temperature else Cell("–"))
        rows.append((title, tuple(cells)))
    return Scores(keys, tuple(metrics), tuple(rows))


def _cell(value: float, low: float, high: float) -> Cell:
    if value != value:
        return Cell("–")
    places = 3 if value >= 0.1 else 4 if value >= 0.001 or value == 0 else 5
    return Cell(plain(value, places), "" if low != low else f"{plain(low, places)}–{plain(high, places)}")
