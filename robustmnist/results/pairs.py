"""Every pair of checkpoints compared, the p-values corrected over all of them."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd

from robustmnist.predictions import Predictions
from robustmnist.results.bootstrap import RESAMPLES
from robustmnist.results.comparison import Comparison, compare
from robustmnist.results.holm import holm

__all__ = ["compare_pairs"]

CORRECTED = {"p": "p_holm", "logrank_p": "logrank_p_holm"}


def compare_pairs(
    predictions: Predictions, baseline: str | None = None, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[Comparison, ...]:
    """Return `compare` of every two checkpoints, in the order of the run: (0, 1), (0, 2), (1, 2) and so on.

    A family is one table of all pairs together: each ``p_holm`` is corrected over all suites (or sweeps, settings,
    sides) of all pairs, because a reader of the page sees them all. Tests without a p-value do not count.

    Args:
        predictions: What was evaluated.
        baseline: The checkpoint by whose errors corruption errors are divided; by default the first of each pair.
        resamples: Of the bootstrap over images.
        seed: Of the bootstrap.
    """
    pairs = combinations(predictions.checkpoints, 2)
    found = [compare(predictions, a, b, baseline, resamples, seed) for a, b in pairs]
    settings = _corrected([one.settings for one in found])
    sweeps = _corrected([one.sweeps for one in found])
    suites = _corrected([one.suites for one in found])
    sides = _corrected([one.sides for one in found])
    return tuple(
        replace(one, settings=settings[i], sweeps=sweeps[i], suites=suites[i], sides=sides[i])
        for i, one in enumerate(found)
    )


def _corrected(tables: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    fresh = [table.copy() for table in tables]
    for raw, corrected in CORRECTED.items():
        if not fresh or raw not in fresh[0]:
            continue
        values = holm(np.concatenate([np.asarray(table[raw], np.float64) for table in fresh]))
        starts = np.cumsum([len(table) for table in fresh])[:-1]
        for table, part in zip(fresh, np.split(values, starts), strict=True):
            table[corrected] = part
    return fresh
