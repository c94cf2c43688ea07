"""Networks of one recipe that differ in the seed, side by side: in words and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from robustmnist.overview.in_words import NAME, focus_text
from robustmnist.overview.overview import Overview
from robustmnist.page.colours import hue
from robustmnist.page.records import Key, Table
from robustmnist.report.comparison.seed_words import SeedSpread, seed_sentences, span_text
from robustmnist.report.comparison.words import CLEAN_DIGITS
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import count, listing, percent, points_text
from robustmnist.wording.tests import ALPHA, p_text

__all__ = ["SeedGroup", "seed_group"]


@dataclass(frozen=True)
class SeedGroup:
    """Networks of one recipe: their keys, sentences on their spread, and the table behind."""

    keys: tuple[Key, ...]
    sentences: tuple[str, ...]
    table: Table


def seed_group(overview: Overview, names: Sequence[str], every: pd.DataFrame, shown: pd.DataFrame) -> SeedGroup:
    """Return the record of checkpoints that are of one recipe.

    Args:
        overview: The run.
        names: The checkpoints.
        every: Their `seed_variance` at all settings.
        shown: Its rows that are shown, clean digits first.
    """
    titles = {(sweep.suite.name, sweep.name): focus_text(sweep) for sweep in overview.sweeps}
    rows = [_spread(row, titles) for _, row in shown.iterrows()]
    apart, tests = int((every["p_holm"] < ALPHA).sum()), int(every["p"].notna().sum())
    keys = tuple(Key(hue(overview.predictions.index(name)), shorten(name, NAME)) for name in names)
    lines = tuple(
        (
            spread.where,
            f"{percent(spread.accuracy, 2)} ({span_text(spread)})",
            percent(spread.lowest, 2),
            percent(spread.highest, 2),
            points_text(spread.by_seed),
            points_text(spread.by_digits),
            p_text(spread.p, name=False),
        )
        for spread in rows
    )
    head = (
        *("setting", "accuracy (95 % interval)", "lowest", "highest", "spread by seed", "by digits"),
        f"p, Holm over {count(tests)}",
    )
    called = listing([key.name for key in keys])
    table = Table(f"Accuracy of {called}, networks of one recipe, with standard deviations", head, lines)
    return SeedGroup(keys, seed_sentences(rows, apart, tests), table)


def _spread(row: "pd.Series[float]", titles: dict[tuple[str, str], str]) -> SeedSpread:
    columns = ("accuracy", "total_low", "total_high", "lowest", "highest", "seed_sd", "sample_sd", "p_holm")
    numbers = (float(row[name]) for name in columns)
    where = titles.get((str(row["suite"]), str(row["sweep"])), CLEAN_DIGITS)
    return SeedSpread(where, int(row["seeds"]), int(row["n"]), *numbers)
