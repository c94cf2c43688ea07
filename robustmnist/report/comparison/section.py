"""Which checkpoint is better: every pair, in words, as a figure, and in tables."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from robustmnist.overview.in_words import NAME
from robustmnist.overview.overview import RESAMPLES, Overview
from robustmnist.page.colours import hue
from robustmnist.page.records import Key, Table
from robustmnist.report.comparison.forest_plot import Side, forest
from robustmnist.report.comparison.galleries import PairGallery, pair_galleries
from robustmnist.report.comparison.seeds import SeedGroup, seed_groups
from robustmnist.report.comparison.tables import looked_at, pair_tables
from robustmnist.report.comparison.words import (
    Counts,
    Difference,
    clean_sentence,
    consistency_sentence,
    sentences,
    verdict,
)
from robustmnist.results import Comparison, compare_pairs, recipe_groups
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import anchor, count, listing

__all__ = ["ComparisonSection", "Pair", "comparison_section"]

FAMILIES = ("suites", "sweeps", "settings")
OPEN = 3  # pairs that are shown unfolded: all of three checkpoints


@dataclass(frozen=True)
class Pair:
    """Two checkpoints: the verdict, a sentence per suite and two on answers, figure, galleries and tables.

    An `extra` pair starts folded and has no galleries.
    """

    anchor: str
    a: Key
    b: Key
    verdict: str
    sentences: tuple[str, ...]
    figure: Markup
    caption: str
    galleries: tuple[PairGallery, ...]
    tables: tuple[Table, ...]
    extra: bool


@dataclass(frozen=True)
class ComparisonSection:
    """All pairs, after a note on how they were tested, and last what the seeds of one recipe have in common."""

    note: str
    pairs: tuple[Pair, ...]
    seeds: tuple[SeedGroup, ...]


def comparison_section(
    overview: Overview, resamples: int = RESAMPLES, seeds: Sequence[Sequence[str]] | None = None
) -> ComparisonSection | None:
    """Return the comparison of every two checkpoints of a run.

    None where there is one checkpoint only, or no suite with a curve.

    Args:
        overview: The run.
        resamples: Of the bootstrap over images.
        seeds: Groups of checkpoints that are of one recipe and different seeds; None: those that the run's manifest
            tells, see `recipe_groups`.
    """
    if len(overview.clean) < 2 or not overview.suites:
        return None
    found = compare_pairs(overview.predictions, resamples=resamples)
    family = {name: sum(int(getattr(one, name)["p"].notna().sum()) for one in found) for name in FAMILIES}
    # The clean row of each table of settings is of the suites' family.
    clean = sum(int(one.settings["p"].iloc[:1].notna().sum()) for one in found)
    family |= {"suites": family["suites"] + clean, "settings": family["settings"] - clean}
    pairs = tuple(_pair(overview, one, family, place) for place, one in enumerate(found))
    groups = seed_groups(overview, recipe_groups(overview.predictions) if seeds is None else seeds)
    return ComparisonSection(_note(overview, family), pairs, groups)


def _pair(overview: Overview, found: Comparison, family: Mapping[str, int], place: int) -> Pair:
    at = [overview.predictions.index(name) for name in (found.a, found.b)]
    a, b = (Key(hue(k), shorten(overview.clean[k].name, NAME)) for k in at)
    rows = [_difference(row) for _, row in found.suites.iterrows()]
    parts = [[float(one) for one in table["difference"]] for _, table in found.sweeps.groupby("suite", sort=False)]
    clean, extra = found.settings.iloc[0], place >= OPEN
    said = (
        *sentences(a.name, b.name, rows, family["suites"]),
        clean_sentence(a.name, b.name, Counts(*(float(clean[name]) for name in ("only_a", "only_b", "p_holm")))),
        consistency_sentence([float(kappa) for kappa in looked_at(overview, found.settings)["kappa"]]),
    )
    caption = _caption(rows)
    return Pair(
        anchor=anchor("pair", *at),
        a=a,
        b=b,
        verdict=verdict(a.name, b.name, rows),
        sentences=tuple(filter(None, said)),
        figure=forest(Side(a.name, a.hue), Side(b.name, b.hue), rows, parts, caption),
        caption=caption,
        galleries=() if extra else pair_galleries(overview, *at),
        tables=pair_tables(overview, found, family),
        extra=extra,
    )


def _difference(row: "pd.Series[float]") -> Difference:
    numbers = (float(row[name]) for name in ("difference", "difference_low", "difference_high", "p_holm"))
    return Difference(shorten(row["suite"], NAME), *numbers)


def _caption(rows: list[Difference]) -> str:
    grey = ", grey where the two are not told apart" if any(not one.told for one in rows) else ""
    return (
        "Dot: the suite’s mean over its sweeps, with its 95 % interval where that is wider; faint dots: its sweeps. "
        f"A row takes the hue of the better checkpoint{grey}."
    )


def _note(overview: Overview, family: Mapping[str, int]) -> str:
    several = ", each over all pairs" if len(overview.clean) > 2 else ""
    called = {"suites": "clean accuracy and the suites", "sweeps": "the sweeps", "settings": "the perturbed settings"}
    tests = listing([f"{called[name]} ({count(family[name])} tests)" for name in FAMILIES])
    pairs = math.comb(len(overview.clean), 2)
    under = "Under each pair" if pairs <= OPEN else f"Under the first {OPEN} pairs"
    digits = count(len(overview.predictions))
    return (
        f"The checkpoints read the same {digits} digits, so they are compared digit by digit: "
        "areas under the accuracy curve by a paired t-test, with an interval from the bootstrap over digits; answers "
        "at one setting by McNemar’s exact test. P-values are corrected by Holm’s method over what is looked over at "
        f"once to pick the better one: {tests}{several}. “Better” means p below 0.05 after that. {under} stand digits "
        "that only one of the two reads, the surest mistakes first, clean and then disturbed: the true class, and what "
        "either read, how surely."
    )
