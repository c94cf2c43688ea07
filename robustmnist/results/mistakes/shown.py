"""Which mistakes a report shows: the most confident over all suites, on clean digits, and suite by suite."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from robustmnist.predictions import Predictions
from robustmnist.results.breakdown.worst_case import of_many_draws
from robustmnist.results.mistakes.most_confident import clean_mistakes, mistakes

__all__ = ["FEWER", "TOP", "ShownMistakes", "shown_mistakes"]

TOP = 25  # mistakes in a gallery
FEWER = 8  # of each suite, where there are several


@dataclass(frozen=True, eq=False)
class ShownMistakes:
    """The mistakes of one checkpoint, tables as of `mistakes` with the ``suite`` beside it.

    Attributes:
        every: Over all suites, each digit once; empty where nothing was perturbed.
        clean: On clean digits; its suite is empty.
        by_suite: Of each suite that has curves to show, by its name; fewer where there are several.
    """

    every: pd.DataFrame
    clean: pd.DataFrame
    by_suite: Mapping[str, pd.DataFrame]


def shown_mistakes(predictions: Predictions, checkpoint: str) -> ShownMistakes:
    """Return the mistakes of `checkpoint` that a report shows."""
    suites = predictions.suites
    names = [suite.name for suite in suites if not all(map(of_many_draws, suite.curves))]
    tables = {name: mistakes(predictions, checkpoint, name, TOP).assign(suite=name) for name in names}
    clean = clean_mistakes(predictions, checkpoint, TOP).assign(suite="")
    few = {name: table[:FEWER] for name, table in tables.items()} if len(names) > 1 else tables
    return ShownMistakes(_all(list(tables.values())) if tables else clean[:0], clean, few)


def _all(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
    # A digit appears once, with its most confident mistake; the order of the suites decides between equals.
    return table.sort_values("log_odds", ascending=False, kind="stable").drop_duplicates("row")[:TOP]
