"""Which checkpoint is better: every pair, in words, as a figure, and in tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from robustmnist.overview.gather import RESAMPLES
from robustmnist.overview.in_words import NAME
from robustmnist.overview.overview import Overview
from robustmnist.page.anchors import anchor
from robustmnist.page.colours import hue
from robustmnist.page.records import Key, Table
from robustmnist.report.comparison.forest_plot import Side, forest
from robustmnist.report.comparison.galleries import PairGallery, pair_gallery
from robustmnist.report.comparison.seed_words import SEED_NOTE
from robustmnist.report.comparison.seeds import SeedGroup, seed_group
from robustmnist.report.comparison.tables import pair_tables
from robustmnist.report.comparison.words import (
    FAMILIES,
    OPEN,
    Counts,
    Difference,
    clean_sentence,
    consistency_sentence,
    figure_caption,
    section_note,
    sentences,
    verdict,
)
from robustmnist.results import (
    Comparison,
    compare_pairs,
    mistakes_read_right,
    recipe_groups,
    seed_variance,
    wrong_and_right,
)
from robustmnist.results.mistakes.pictures import pictures
from robustmnist.wording.characters import shorten

__all__ = ["ComparisonSection", "Pair", "comparison_section"]


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
    """All pairs and what the seeds of one recipe have in common, each after a note on what was tested."""

    note: str
    pairs: tuple[Pair, ...]
    seed_note: str
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

    Raises:
        RunError: If a checkpoint of a group was not evaluated, is named twice, or a group has fewer than two.
    """
    if len(overview.clean) < 2 or not overview.suites:
        return None
    run = overview.predictions
    pairs = compare_pairs(run, resamples=resamples)
    family = {name: sum(int(getattr(pair, name)["p"].notna().sum()) for pair in pairs) for name in FAMILIES}
    # The clean row of each table of settings is of the suites' family.
    clean = sum(int(pair.settings["p"].iloc[:1].notna().sum()) for pair in pairs)
    family |= {"suites": family["suites"] + clean, "settings": family["settings"] - clean}
    groups = []
    for names in recipe_groups(run) if seeds is None else seeds:
        every = seed_variance(run, names)
        groups.append(seed_group(overview, names, every, _shown(overview, every)))
    return ComparisonSection(
        note=section_note(len(overview.clean), len(run), family),
        pairs=tuple(_pair(overview, pair, family, extra=index >= OPEN) for index, pair in enumerate(pairs)),
        seed_note=SEED_NOTE,
        seeds=tuple(groups),
    )


def _pair(overview: Overview, pair: Comparison, family: Mapping[str, int], *, extra: bool) -> Pair:
    at = [overview.predictions.index(name) for name in (pair.a, pair.b)]
    a, b = (Key(hue(k), shorten(overview.clean[k].name, NAME)) for k in at)
    rows = [_difference(row) for _, row in pair.suites.iterrows()]
    parts = [
        [float(difference) for difference in table["difference"]]
        for _, table in pair.sweeps.groupby("suite", sort=False)
    ]
    clean, shown, caption = pair.settings.iloc[0], _shown(overview, pair.settings), figure_caption(rows)
    clauses = (
        *sentences(a.name, b.name, rows, family["suites"]),
        clean_sentence(a.name, b.name, Counts(*(float(clean[name]) for name in ("only_a", "only_b", "p_holm")))),
        consistency_sentence([float(kappa) for kappa in shown["kappa"]]),
    )
    return Pair(
        anchor=anchor("pair", *at),
        a=a,
        b=b,
        verdict=verdict(a.name, b.name, rows),
        sentences=tuple(filter(None, clauses)),
        figure=forest(Side(a.name, a.hue), Side(b.name, b.hue), rows, parts, caption),
        caption=caption,
        galleries=() if extra else tuple(_gallery(overview, *both) for both in (at, at[::-1])),
        tables=pair_tables(overview, (pair.a, pair.b), pair.suites, pair.sweeps, shown, family),
        extra=extra,
    )


def _gallery(overview: Overview, wrong: int, right: int) -> PairGallery:
    run = overview.predictions
    names = run.checkpoints[wrong], run.checkpoints[right]
    suites = [mistakes_read_right(run, *names, suite.name).assign(suite=suite.name) for suite in overview.suites]
    disturbed = pd.concat([table for table in suites if len(table)] or suites[:1], ignore_index=True)
    return pair_gallery(overview, wrong, right, wrong_and_right(run, *names), disturbed, pictures(run))


def _shown(overview: Overview, settings: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table that are shown: the clean digits and each suite's hardest sweep at its focus.

    Args:
        overview: The run.
        settings: A row per setting: ``suite`` ("" for clean digits), ``sweep``, ``value``.
    """
    shown = [settings[settings["suite"] == ""]]
    for suite in overview.suites:
        sweep = suite.hardest
        same = (settings["suite"] == suite.name) & (settings["sweep"] == sweep.name)
        shown.append(settings[same & (settings["value"] == sweep.focus)])
    return pd.concat(shown)


def _difference(row: "pd.Series[float]") -> Difference:
    numbers = (float(row[name]) for name in ("difference", "difference_low", "difference_high", "p_holm"))
    return Difference(shorten(row["suite"], NAME), *numbers)
