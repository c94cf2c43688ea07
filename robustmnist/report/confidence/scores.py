"""Scores of confidence per setting: as the checkpoints give it, and with the temperature that was fitted for them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from robustmnist.page.records import Cell, Key
from robustmnist.wording.numbers import score_texts

__all__ = ["Score", "Scores", "scores"]


@dataclass(frozen=True)
class Score:
    """A column of the table: its head, the column of `quality` behind it, and whether with the fitted temperature."""

    label: str
    column: str
    tempered: bool


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
    shown: Sequence[Score],
) -> Scores:
    """Return the scores of some settings.

    Args:
        keys: The checkpoints.
        titles: The settings.
        raw: For each setting, `quality` of each checkpoint.
        tempered: The same with temperatures.
        fitted: For each checkpoint whether it has a temperature.
        shown: The columns under each checkpoint.
    """
    rows = []
    for title, plain_score, other in zip(titles, raw, tempered, strict=True):
        cells = []
        for k, has_temperature in enumerate(fitted):
            for score in shown:
                row = (other if score.tempered else plain_score).iloc[k]
                numbers = (float(row.get(f"{score.column}{end}", math.nan)) for end in ("", "_low", "_high"))
                cells.append(_cell(*numbers) if has_temperature or not score.tempered else Cell("–"))
        rows.append((title, tuple(cells)))
    return Scores(keys, tuple(score.label for score in shown), tuple(rows))


def _cell(value: float, low: float, high: float) -> Cell:
    return Cell(*score_texts(value, low, high))
