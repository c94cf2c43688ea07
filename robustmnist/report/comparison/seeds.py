"""How much is luck of the seed? Networks of one recipe side by side, in words and as a table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from robustmnist.overview.in_words import NAME, focus_text
from robustmnist.overview.overview import Overview
from robustmnist.page.colours import hue
from robustmnist.page.records import Key, Table
from robustmnist.report.comparison.tables import looked_at
from robustmnist.results import seed_variance
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import NBSP, count, listing, percent, plain
from robustmnist.wording.tests import ALPHA, p_text

__all__ = ["Luck", "SeedGroup", "luck_sentences", "seed_groups"]


@dataclass(frozen=True)
class Luck:
    """One row of `seed_variance` and what its setting is called."""

    where: str
    seeds: int
    n: int
    accuracy: float
    low: float
    high: float
    lowest: float
    highest: float
    by_seed: float
    by_digits: float
    p: float


@dataclass(frozen=True)
class SeedGroup:
    """Networks of one recipe: their keys, sentences on their spread, and the table behind."""

    keys: tuple[Key, ...]
    sentences: tuple[str, ...]
    table: Table


def seed_groups(overview: Overview, groups: Sequence[Sequence[str]]) -> tuple[SeedGroup, ...]:
    """Return a group's record for each tuple of checkpoints that are of one recipe.

    Raises:
        RunError: If one was not evaluated, is named twice, or a group has fewer than two.
    """
    return tuple(_group(overview, group) for group in groups)


def luck_sentences(rows: Sequence[Luck], told: int, tests: int) -> tuple[str, ...]:
    """Say what the recipe reads, whether seed or digits weigh more, and how often seeds can be told apart.

    Args:
        rows: The settings that are shown, clean digits first.
        told: In how many of all settings the seeds are told apart, after correction.
        tests: In how many settings that was tested.
    """
    clean = rows[0]
    said = [
        f"Over {clean.seeds} seeds the recipe reads {percent(clean.accuracy, 2)} of the clean digits ({_span(clean)} "
        f"for other seeds and other digits), its worst network {percent(clean.lowest, 2)}, its best "
        f"{percent(clean.highest, 2)}.",
        f"{_weigh(clean)}.",
    ]
    most = max(rows[1:], key=lambda one: one.by_seed, default=clean)
    if most is not clean and most.by_seed > clean.by_seed:
        said.append(f"The seed weighs most at {most.where}: {_weigh(most, short=True)}.")
    apart = "in none of" if told == 0 else f"in {count(told)} of"
    said.append(f"The networks are told apart {apart} {count(tests)} settings (Cochran’s Q, Holm over these).")
    if clean.seeds < ENOUGH:
        # The standard error of a standard deviation, as a share of it.
        rough = 1 / math.sqrt(2 * (clean.seeds - 1))
        said.append(f"A spread taken from {clean.seeds} networks is itself uncertain by about {percent(rough, 0)}.")
    return tuple(said)


ENOUGH = 10  # seeds from which on the spread is known to a quarter of itself; source: Ahn & Fessler 2003, σ/√(2(k − 1))


def _weigh(one: Luck, *, short: bool = False) -> str:
    seed, digits = _points(one.by_seed), _points(one.by_digits)
    if short:
        return f"a standard deviation of {seed} by seed, {digits} by the choice of {count(one.n)} digits"
    if one.by_seed == 0:
        return (
            f"On clean digits the networks differ no more than chance allows: no spread by seed is seen beside "
            f"{digits} by the choice of {count(one.n)} digits (standard deviations)"
        )
    heavier = "seed" if one.by_seed > one.by_digits else "choice of digits"
    return (
        f"On clean digits the {heavier} weighs more: another seed would move a network’s accuracy by {seed}, another "
        f"{count(one.n)} digits by {digits} (standard deviations)"
    )


def _group(overview: Overview, names: Sequence[str]) -> SeedGroup:
    found = seed_variance(overview.predictions, names)
    places = {(one.suite.name, one.sweep.name): focus_text(one) for one in overview.sweeps}
    rows = [_luck(row, places) for _, row in looked_at(overview, found).iterrows()]
    told, tests = int((found["p_holm"] < ALPHA).sum()), int(found["p"].notna().sum())
    keys = tuple(Key(hue(place), shorten(name, NAME)) for name in names for place in [overview.predictions.index(name)])
    lines = tuple(
        (
            one.where,
            f"{percent(one.accuracy, 2)} ({_span(one)})",
            percent(one.lowest, 2),
            percent(one.highest, 2),
            _points(one.by_seed),
            _points(one.by_digits),
            p_text(one.p, name=False),
        )
        for one in rows
    )
    head = (
        *("setting", "accuracy (95 % interval)", "lowest", "highest", "spread by seed", "by digits"),
        f"p, Holm over {count(tests)}",
    )
    called = listing([key.name for key in keys])
    table = Table(f"Accuracy of {called}, networks of one recipe, with standard deviations", head, lines)
    return SeedGroup(keys, luck_sentences(rows, told, tests), table)


def _luck(row: "pd.Series[float]", places: dict[tuple[str, str], str]) -> Luck:
    columns = ("accuracy", "total_low", "total_high", "lowest", "highest", "seed_sd", "sample_sd", "p_holm")
    numbers = (float(row[name]) for name in columns)
    where = places.get((str(row["suite"]), str(row["sweep"])), "Clean digits")
    return Luck(where, int(row["seeds"]), int(row["n"]), *numbers)


def _span(one: Luck) -> str:
    return f"{percent(one.low, 2, sign=False)}–{percent(one.high, 2, sign=False)}"


def _points(share: float) -> str:
    return f"{plain(100 * share, 2)}{NBSP}points"
