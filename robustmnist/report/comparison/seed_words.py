"""What networks of one recipe say about the seed, in words: which weighs more, the seed or the choice of digits."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from robustmnist.wording.numbers import count, interval, percent, points_text

__all__ = ["SEED_NOTE", "SeedSpread", "seed_sentences", "span_text"]

ENOUGH = 10  # seeds from which on the spread is known to a quarter of itself; source: Ahn & Fessler 2003, σ/√(2(k − 1))
SEED_NOTE = (
    "The tests above compare these networks only. To show that a recipe is better than another, it takes networks "
    "of other seeds, too."
)


@dataclass(frozen=True)
class SeedSpread:
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


def seed_sentences(rows: Sequence[SeedSpread], apart: int, tests: int) -> tuple[str, ...]:
    """Say what the recipe reads, whether seed or digits weigh more, and how often the seeds differ.

    Args:
        rows: The settings that are shown, clean digits first.
        apart: In how many of all settings the seeds differ, after correction.
        tests: In how many settings that was tested.
    """
    clean = rows[0]
    clauses = [
        f"Over {clean.seeds} seeds the recipe reads {percent(clean.accuracy, 2)} of the clean digits "
        f"({span_text(clean)} for other seeds and other digits), its worst network {percent(clean.lowest, 2)}, "
        f"its best {percent(clean.highest, 2)}.",
        f"{_weigh(clean)}.",
    ]
    most = max(rows[1:], key=lambda row: row.by_seed, default=clean)
    if most is not clean and most.by_seed > clean.by_seed:
        clauses.append(f"The seed weighs most at {most.where}: {_weigh(most, short=True)}.")
    often = "in none of" if apart == 0 else f"in {count(apart)} of"
    clauses.append(f"The networks are shown to differ {often} {count(tests)} settings (Cochran’s Q, Holm over these).")
    if clean.seeds < ENOUGH:
        # The standard error of a standard deviation, as a share of it.
        rough = 1 / math.sqrt(2 * (clean.seeds - 1))
        clauses.append(f"A spread taken from {clean.seeds} networks is itself uncertain by about {percent(rough, 0)}.")
    return tuple(clauses)


def _weigh(spread: SeedSpread, *, short: bool = False) -> str:
    seed, digits = points_text(spread.by_seed), points_text(spread.by_digits)
    if short:
        return f"a standard deviation of {seed} by seed, {digits} by the choice of {count(spread.n)} digits"
    if spread.by_seed == 0:
        return (
            f"On clean digits the networks differ no more than chance allows: no spread by seed is seen beside "
            f"{digits} by the choice of {count(spread.n)} digits (standard deviations)"
        )
    heavier = "seed" if spread.by_seed > spread.by_digits else "choice of digits"
    return (
        f"On clean digits the {heavier} weighs more: another seed would move a network’s accuracy by {seed}, another "
        f"{count(spread.n)} digits by {digits} (standard deviations)"
    )


def span_text(spread: SeedSpread) -> str:
    """Return the interval of an accuracy in %: "92.78–96.68"."""
    return interval(spread.low, spread.high, 2)
