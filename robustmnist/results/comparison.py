"""Two checkpoints on the same images: is B better than A, where, by how much, and could it be chance?"""

from dataclasses import dataclass

import pandas as pd

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results.bootstrap import RESAMPLES
from robustmnist.results.contrasts import setting_contrasts, side_contrasts, suite_contrasts, sweep_contrasts
from robustmnist.results.families import corrected
from robustmnist.results.memory import remembered

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What sets two checkpoints apart. All differences are B − A; all intervals are of 95 %.

    ``p_holm`` is corrected over the tests that are read together: the clean row of `settings` and the suites are one
    family, the other settings one, the sweeps one, the sides one for each of their two tests. Intervals of differences
    are of the paired bootstrap over images, the same resamples throughout; they have a width where no image sets the
    two apart (`robustmnist.results.unseen`).

    Attributes:
        a: The checkpoint that B is held against.
        b: The other one.
        baseline: The checkpoint whose errors are the unit of the mCE.
        n: Images.
        settings: A row per setting, clean first and no neutral ones: ``suite``, ``sweep``, ``unit``, ``value``, ``n``,
            ``variants``, ``accuracy_a``, ``accuracy_b``, ``difference`` with ``difference_low``, ``difference_high``;
            ``only_a`` and ``only_b``, the images of which the one reads more variants right than the other;
            McNemar's exact ``p`` and ``p_holm``; ``odds_ratio = only_b / only_a``, ``cohens_g``; ``agreement`` (share
            of answers on which both are right or both wrong) and ``kappa``, their error consistency.
        sweeps: A row per sweep: ``suite``, ``sweep``, ``unit``, ``area_a``, ``area_b``, ``difference`` with interval,
            ``p`` of the paired t-test on the images' own areas, ``p_holm``, ``cohens_d`` of pairs.
        suites: A row per suite: ``suite``, ``sweeps`` (how many), ``area_a``, ``area_b`` (means over sweeps) and the
            same columns; ``mce_a``, ``mce_b``, ``mce_difference`` with ``mce_difference_low``, ``mce_difference_high``,
            at all strengths; negative where B errs less, NaN where sweeps of unequal length have no mCE.
        sides: A row per side of each sweep: ``suite``, ``sweep``, ``side``, ``unit``, ``end``; the median and mean
            distance of the first failure, ``median_a``, ``median_b`` (values of the sweep, NaN beyond the end),
            ``mean_a``, ``mean_b`` (an image that never fails counts with the end); ``difference`` of the means with
            interval; ``longer_a`` and ``longer_b``, the images that stand farther with the one than with the other;
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
        b: The other one.
        baseline: Whose errors are the unit of the mCE; `a` where none is named.
        resamples: Of the bootstrap over images.
        seed: Of the bootstrap.

    Raises:
        RunError: If one of them was not evaluated, or the two are one.
    """
    base = a if baseline is None else baseline
    first, second, unit = (predictions.index(name) for name in (a, b, base))
    if first == second:
        raise RunError(f"checkpoint '{a}' is compared with itself", remedy="name two")
    found = _compare(predictions, first, second, unit, resamples, seed)
    tables = (found.settings, found.sweeps, found.suites, found.sides)
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
