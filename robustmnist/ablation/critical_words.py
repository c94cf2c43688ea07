"""What a study says about critical strengths, in sentences by rules."""

import math
from collections.abc import Mapping

import pandas as pd

from robustmnist.ablation.effects import Numbers
from robustmnist.ablation.study import Study
from robustmnist.ablation.words import LEVEL, READS, title_of
from robustmnist.wording.numbers import listing, plain, strength

__all__ = ["critical_words", "farther_text", "reach", "strength_text"]


def critical_words(farther: pd.DataFrame) -> str:
    """Return how the table of critical strengths is read.

    Args:
        farther: From `robustmnist.ablation.critical.critical_effects`.
    """
    return (
        "The strength at which a tenth of clean accuracy is lost, the mean over the seeds, in each direction: a sweep, "
        "below or above neutral. In brackets how much farther from neutral that is than with the recipe as it is, with "
        f"its 95 % interval over {_varied(farther)}; * where it is clear after Holm's correction for these tables. "
        "Where a seed keeps its accuracy to the end of the sweep, the end counts: the true difference may be larger."
    )


def reach(study: Study, farther: pd.DataFrame, accuracy: Numbers) -> tuple[str, ...]:
    """Return with which changes digits may be pushed clearly farther, or less far, before a tenth is lost.

    Changes that leave next to nothing read are not named: a network that only guesses has nothing to lose.

    Args:
        study: The study.
        farther: From `robustmnist.ablation.critical.critical_effects`.
        accuracy: Clean accuracy by variant.
    """
    if farther.empty:
        return ()
    reading = [name for name in accuracy if accuracy[name]["value"] > READS]
    clear = farther[(farther["p_holm"] < LEVEL) & farther["variant"].isin(reading)]
    sides = len(farther.drop_duplicates(["suite", "sweep", "side"]))
    said = []
    for more, word in ((True, "farther"), (False, "less far")):
        rows = clear[(clear["farther"] > 0) == more]
        many = rows.groupby("variant", sort=False).size().sort_values(ascending=False, kind="stable")
        if len(many):
            named = [f"{title_of(study, str(name))} ({times})" for name, times in many.items()]
            where = f"in how many of {sides} directions"
            said.append(f"With these changes digits may be pushed clearly {word} ({where}): {listing(named)}.")
    return tuple(said) or (
        "In no direction does a change that leaves most digits readable move the critical strength clearly, over "
        f"{_varied(farther)}.",
    )


def strength_text(critical: float, beyond: int, seeds: int, end: float, unit: str) -> str:
    """Return a mean critical strength, or that some or all seeds have none up to the end of the sweep."""
    if beyond == seeds:
        return f"beyond {strength(end, unit)}"
    note = f" ({beyond} of {seeds} beyond)" if beyond else ""
    return strength(critical, unit, 2) + note


def farther_text(effect: Mapping[str, object]) -> str:
    """Return how much farther a critical strength is, with its interval, in brackets; a star where that is clear."""
    farther, low, high = (float(str(effect[key])) for key in ("farther", "low", "high"))
    star = "*" if float(str(effect["p_holm"])) < LEVEL else ""
    ends = "" if math.isnan(low) else f"; {plain(low, 2, signed=True)} to {plain(high, 2, signed=True)}"
    return f"({plain(farther, 2, signed=True)}{star}{ends})"


def _varied(farther: pd.DataFrame) -> str:
    """Return over what the intervals of critical strengths are: of one seed nothing is known about others."""
    if len(farther) and (farther["n"] > 0).all() and (farther["seeds"] == 1).all():
        return "other digits alone, of one seed"
    if farther.empty or (farther["n"] > 0).all():
        return "seeds and digits together"
    return "the seeds"
