"""How many images a checkpoint reads right in every one of k tries: the numbers behind chart, sentence and table."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from robustmnist.overview.in_words import NAME
from robustmnist.overview.tolerance import Area, Clean
from robustmnist.page.records import Table
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import share_text

__all__ = ["Tries", "read_tries", "tries_table"]

SHOWN = (1, 2, 5, 10, 20, 50, 100)  # numbers of tries in the table behind the figure
COLUMNS = ["accuracy", "accuracy_low", "accuracy_high"]


@dataclass(frozen=True)
class Tries:
    """One checkpoint: accuracy clean, at a random try, in the worst of the first k (k = 1 first), and over grids.

    A grid is how many points it has, and the accuracy in the worst of them.
    """

    index: int
    name: str
    clean: float
    random: float
    worst: tuple[Area, ...]
    grids: tuple[tuple[int, Area], ...]


def read_tries(clean: Clean, table: pd.DataFrame, grids: Sequence[pd.DataFrame]) -> Tries:
    """Return the numbers of one checkpoint.

    Args:
        clean: It on the unperturbed images.
        table: Rows of `worst_of_k` at one strength, of any checkpoints.
        grids: `worst_over_grid` of each map beside it.
    """
    rows = table[table["checkpoint"] == clean.name].sort_values("k")
    worst = tuple(Area(*row) for row in rows[COLUMNS].itertuples(index=False))
    points = []
    for grid in grids:
        row = grid[grid["checkpoint"] == clean.name].iloc[0]
        points.append((int(row["points"]), Area(*(float(row[column]) for column in COLUMNS))))
    return Tries(clean.index, clean.name, clean.accuracy, float(rows["random"].iloc[0]), worst, tuple(points))


def tries_table(title: str, tries: Sequence[Tries]) -> Table:
    """Return the numbers as a table, a column for each checkpoint."""
    most = len(tries[0].worst)
    rows = [(f"{k} drawn", *(_text(checkpoint.worst[k - 1]) for checkpoint in tries)) for k in SHOWN if k <= most]
    for i, (points, _) in enumerate(tries[0].grids):
        rows.append((f"{points} of the grid", *(_text(checkpoint.grids[i][1]) for checkpoint in tries)))
    head = ("poses", *(shorten(checkpoint.name, NAME) for checkpoint in tries))
    return Table(f"{title}: images read right in all of them, in %, with 95 % interval", head, tuple(rows))


def _text(area: Area) -> str:
    return share_text(area.share, area.low, area.high)
