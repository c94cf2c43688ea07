"""Two checkpoints on the same images: is B better than A, where, by how much, and could it be chance?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results.comparison.contrasts import setting_contrasts, side_contrasts, suite_contrasts, sweep_contrasts
from robustmnist.results.remembered import remembered
from robustmnist.statistics.paired_tests import holm
from robustmnist.statistics.resampling import RESAMPLES

__all__ = ["Comparison", "compare", "compare_pairs", "corrected"]


OWN = (("sweeps", "p"), ("sides", "p"), ("sides", "logrank_p"))  # corrected over a whole column of one table


@dataclass(frozen=True, eq=False)
class Comparison:
    """What sets two checkpoints apart. All differences are B − A; all intervals are of 95 %.

    ``p_holm`` is corrected over the tests that are read together: the clean row of `settings` together with the suites;
    the other settings; the sweeps; the sides, each of their two tests by itself. Intervals of differences are of the
    paired bootstrap over images, the same resamples throughout; they have a width where no image sets the two apart
    (`robustmnist.statistics.unseen`).

    Attributes:
        a: The checkpoint that B is held against.
        b: The other checkpoint.
        baseline: The checkpoint whose errors are the unit of the mCE.
        n: Images.
        settings: A row per setting, clean first and no neutral settings: ``suite``, ``sweep``, ``unit``, ``value``,
            ``n``, ``variants``, ``accuracy_a``, ``accuracy_b``, ``difference`` with ``difference_low``,
            ``difference_high``; ``only_a`` and ``only_b``, the images of which A, or B, reads more variants right than
            the other; McNemar's exact ``p`` and ``p_holm``; ``odds_ratio = only_b / only_a``, ``cohens_g``;
            ``agreement`` (share of answers on which both are right or both wrong) and ``kappa``, their error
            consistency.
        sweeps: A row per sweep: ``suite``, ``sweep``, ``unit``, ``area_a``, ``area_b``, ``difference`` with interval,
            ``p`` of the paired t-test on the images' own areas, ``p_holm``, ``cohens_d`` of pairs.
        suites: A row per suite: ``suite``, ``sweeps`` (how many), ``area_a``, ``area_b`` (means over sweeps) and the
            same columns; ``mce_a``, ``mce_b``, ``mce_difference`` with ``mce_difference_low``, ``mce_difference_high``,
            at all strengths; negative where B errs less, NaN where sweeps of unequal length have no mCE.
        sides: A row per side of each sweep: ``suite``, ``sweep``, ``side``, ``unit``, ``end``; the median and mean
            distance of the first failure, ``median_a``, ``median_b`` (values of the sweep, NaN beyond the end),
            ``mean_a``, ``mean_b`` (an image that never fails counts with the end); ``difference`` of the means with
            interval; ``longer_a`` and ``longer_b``, the images that A, or B, reads right farther out than the other;
            ``p`` of the exact sign test on these, which is paired, and ``p_holm``; ``logrank``, negative where B stands
            longer, ``logrank_p``, ``logrank_p_holm``: the log-rank test, which is not paired and errs towards too large
            a p.
    """

    a: str
    b: str
    baseline: str
    n: int
    settings: pd.DataFrame
    sweeps: pd.DataFrame
    suites: pd.DataFrame
    sides: pd.DataFrame


def compare(
    predictions: Predictions,
    a: str,
    b: str,
    baseline: str | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Compare checkpoint `b` with checkpoint `a`, image by image.

    Args:
        predictions: What was evaluated.
        a: The checkpoint to hold against.
        b: The other checkpoint.
        baseline: Whose errors are the unit of the mCE; `a` where none is named.
        resamples: Of the bootstrap over images.
        seed: Of the bootstrap.

    Raises:
        RunError: If a checkpoint was not evaluated, or both are the same.
    """
    base = a if baseline is None else baseline
    first, second, unit = (predictions.index(name) for name in (a, b, base))
    if first == second:
        raise RunError(f"checkpoint '{a}' is compared with itself", remedy="name two")
    comparison = _compare(predictions, first, second, unit, resamples, seed)
    tables = (comparison.settings, comparison.sweeps, comparison.suites, comparison.sides)
    return Comparison(a, b, base, len(predictions), *(table.copy() for table in tables))


@remembered
def _compare(predictions: Predictions, a: int, b: int, base: int, resamples: int, seed: int) -> Comparison:
    names = predictions.checkpoints
    tables = (
        setting_contrasts(predictions, a, b, resamples, seed),
        sweep_contrasts(predictions, a, b, resamples, seed),
        suite_contrasts(predictions, a, b, base, resamples, seed),
        side_contrasts(predictions, a, b, resamples, seed),
    )
    return corrected([Comparison(names[a], names[b], names[base], len(predictions), *tables)])[0]


def corrected(several: "Sequence[Comparison]") -> "tuple[Comparison, ...]":
    """Return comparisons whose p-values are corrected by Holm's method over all of them together.

    Tests are corrected together if a reader looks at all of them to pick the winner:

    - clean accuracy and the suites' areas: the headline, in which every pair has a clean test and a test of each suite;
    - the perturbed settings, without the clean setting, which the headline has;
    - the sweeps; the sides by the sign test; the sides by the log-rank test.

    Every test is in one of these groups. If the clean test were corrected among hundreds of settings, the headline
    would hide a difference on clean digits while it shows a suite's with the same p, and the chance of a false claim
    in it would be that of two separate corrections. Tests without a p-value do not count.
    """
    settings = [pair.settings.copy() for pair in several]
    suites = [pair.suites.copy() for pair in several]
    clean, perturbed = [table.iloc[:1].copy() for table in settings], [table.iloc[1:].copy() for table in settings]
    _correct([*clean, *suites], "p")
    _correct(perturbed, "p")
    done: list[Comparison] = []
    tables = {name: [getattr(pair, name).copy() for pair in several] for name in ("sweeps", "sides")}
    for name, column in OWN:
        _correct(tables[name], column)
    for index, comparison in enumerate(several):
        settings[index]["p_holm"] = [*clean[index]["p_holm"], *perturbed[index]["p_holm"]]
        own = {name: parts[index] for name, parts in tables.items()}
        done.append(replace(comparison, settings=settings[index], suites=suites[index], **own))
    return tuple(done)


def _correct(tables: Sequence[pd.DataFrame], column: str) -> None:
    """Fill in ``COLUMN_holm`` of the tables, corrected over all of them together."""
    if not tables:
        return
    values = holm(np.concatenate([np.asarray(table[column], np.float64) for table in tables]))
    starts = np.cumsum([len(table) for table in tables])[:-1]
    for table, part in zip(tables, np.split(values, starts), strict=True):
        table[f"{column}_holm"] = part


def compare_pairs(
    predictions: Predictions, baseline: str | None = None, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[Comparison, ...]:
    """Return `compare` of every two checkpoints, in the order of the run: (0, 1), (0, 2), (1, 2) and so on.

    The corrections of `Comparison` are over all pairs together, because a reader of the page sees them all: each
    ``p_holm`` is corrected over clean accuracy and suites (or settings, sweeps, sides) of all pairs. Tests without a
    p-value do not count.

    Args:
        predictions: What was evaluated.
        baseline: The checkpoint by whose errors corruption errors are divided; by default the first of each pair.
        resamples: Of the bootstrap over images.
        seed: Of the bootstrap.
    """
    pairs = combinations(predictions.checkpoints, 2)
    return corrected([compare(predictions, a, b, baseline, resamples, seed) for a, b in pairs])
