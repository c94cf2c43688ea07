"""Which tests of a comparison are corrected together."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from robustmnist.results.holm import holm

if TYPE_CHECKING:
    from robustmnist.results.comparison import Comparison

__all__ = ["corrected"]

OWN = (("sweeps", "p"), ("sides", "p"), ("sides", "logrank_p"))  # a whole column of one table is a family


def corrected(several: "Sequence[Comparison]") -> "tuple[Comparison, ...]":
    """Return comparisons whose p-values are corrected by Holm's method over all of them together.

    A family is what a reader looks over at once to pick the winner from:

    - clean accuracy and the suites' areas: the headline, in which every pair has one clean test and one of each suite;
    - the perturbed settings, without the clean one, which the headline has;
    - the sweeps; the sides by the sign test; the sides by the log-rank test.

    Every test is in one family. Were the clean one corrected among hundreds of settings, the headline would hide a
    difference on clean digits that it shows of a suite with the same p, and its chance of any false claim would be that
    of two families. Tests without a p-value do not count.
    """
    settings = [one.settings.copy() for one in several]
    suites = [one.suites.copy() for one in several]
    clean, perturbed = [one.iloc[:1].copy() for one in settings], [one.iloc[1:].copy() for one in settings]
    _correct([*clean, *suites], "p")
    _correct(perturbed, "p")
    found: list[Comparison] = []
    tables = {name: [getattr(one, name).copy() for one in several] for name in ("sweeps", "sides")}
    for name, column in OWN:
        _correct(tables[name], column)
    for place, one in enumerate(several):
        settings[place]["p_holm"] = [*clean[place]["p_holm"], *perturbed[place]["p_holm"]]
        own = {name: parts[place] for name, parts in tables.items()}
        found.append(replace(one, settings=settings[place], suites=suites[place], **own))
    return tuple(found)


def _correct(tables: Sequence[pd.DataFrame], column: str) -> None:
    """Fill in ``COLUMN_holm`` of the tables, which are one family."""
    if not tables:
        return
    values = holm(np.concatenate([np.asarray(table[column], np.float64) for table in tables]))
    starts = np.cumsum([len(table) for table in tables])[:-1]
    for table, part in zip(tables, np.split(values, starts), strict=True):
        table[f"{column}_holm"] = part
