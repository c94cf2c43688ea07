"""Which checkpoint is better: every pair, in words, as a figure, and in tables."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from robustmnist.report.colours import hue
from robustmnist.report.comparison_tables import pair_tables
from robustmnist.report.comparison_words import (
    Counts,
    Difference,
    clean_sentence,
    consistency_sentence,
    sentences,
    verdict,
)
from robustmnist.report.content import Key, Table
from robustmnist.report.forest import Side, forest
from robustmnist.report.study import RESAMPLES, Study
from robustmnist.report.text import anchor, count, listing, shorten
from robustmnist.report.words import NAME
from robustmnist.results import Comparison, compare_pairs

__all__ = ["ComparisonSection", "Pair", "comparison_section"]

OPEN = 3  # pairs that are shown unfolded: all of three checkpoints


@dataclass(frozen=True)
class Pair:
    """Two checkpoints: the verdict, a sentence per suite and two on answers, figure and tables; `extra`: folded."""

    anchor: str
    a: Key
    b: Key
    verdict: str
    sentences: tuple[str, ...]
    figure: Markup
    caption: str
    tables: tuple[Table, ...]
    extra: bool


@dataclass(frozen=True)
class ComparisonSection:
    """All pairs, after a note on how they were tested."""

    note: str
    pairs: tuple[Pair, ...]


def comparison_section(study: Study, resamples: int = RESAMPLES) -> ComparisonSection | None:
    """Return the comparison of every two checkpoints of a run.

    None where there is one checkpoint only, or no suite with a curve.

    Args:
        study: The run.
        resamples: Of the bootstrap over images.
    """
    if len(study.clean) < 2 or not study.suites:
        return None
    found = compare_pairs(study.predictions, resamples=resamples)
    names = ("settings", "sweeps", "suites")
    family = {name: sum(int(getattr(one, name)["p"].notna().sum()) for one in found) for name in names}
    pairs = tuple(_pair(study, one, family, place) for place, one in enumerate(found))
    return ComparisonSection(_note(study, family), pairs)


def _pair(study: Study, found: Comparison, family: Mapping[str, int], place: int) -> Pair:
    at = [study.predictions.index(name) for name in (found.a, found.b)]
    a, b = (Key(hue(k), shorten(study.clean[k].name, NAME)) for k in at)
    rows = [_difference(row) for _, row in found.suites.iterrows()]
    parts = [[float(one) for one in table["difference"]] for _, table in found.sweeps.groupby("suite", sort=False)]
    looked_at = _looked_at(study, found.settings)
    clean = looked_at.iloc[0]
    said = (
        *sentences(a.name, b.name, rows, family["suites"]),
        clean_sentence(a.name, b.name, Counts(*(float(clean[name]) for name in ("only_a", "only_b", "p_holm")))),
        consistency_sentence([float(kappa) for kappa in looked_at["kappa"]]),
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
        tables=pair_tables(study, found, looked_at, family),
        extra=place >= OPEN,
    )


def _difference(row: "pd.Series[float]") -> Difference:
    numbers = (float(row[name]) for name in ("difference", "difference_low", "difference_high", "p_holm"))
    return Difference(shorten(row["suite"], NAME), *numbers)


def _looked_at(study: Study, settings: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `settings` of the clean digits and of each suite's hardest sweep at its focus."""
    found = [settings[settings["suite"] == ""]]
    for suite in study.suites:
        sweep = suite.hardest
        same = (settings["suite"] == suite.suite.name) & (settings["sweep"] == sweep.sweep.name)
        found.append(settings[same & (settings["value"] == sweep.focus)])
    return pd.concat(found)


def _caption(rows: list[Difference]) -> str:
    grey = ", grey where the two are not told apart" if any(not one.told for one in rows) else ""
    return (
        "Dot: the suite’s mean over its sweeps, with its 95 % interval where that is wider; faint dots: its sweeps. "
        f"A row takes the hue of the better checkpoint{grey}."
    )


def _note(study: Study, family: Mapping[str, int]) -> str:
    several = " and pairs" if len(study.clean) > 2 else ""
    tests = listing([f"{count(family[name])} of {name}" for name in ("suites", "sweeps", "settings")])
    return (
        f"The checkpoints read the same {count(len(study.predictions))} digits, so they are compared digit by digit: "
        "areas under the accuracy curve by a paired t-test, with an interval from the bootstrap over digits; settings "
        f"by McNemar’s exact test. P-values are corrected by Holm’s method over tests of one kind{several} ({tests}). "
        "“Better” means p below 0.05 after that."
    )
