"""The sentences of the page about generalisation."""

from collections.abc import Sequence
from typing import Any

from robustmnist.generalisation.explained import MATCHED
from robustmnist.generalisation.matching import TOGETHER
from robustmnist.wording.characters import printable, shorten
from robustmnist.wording.numbers import count, interval, listing, percent, plain

__all__ = [
    "ACCURACY_NOTE",
    "CONFIDENCE_NOTE",
    "EXPLAINED_NOTE",
    "FACTOR_NOTE",
    "NAME",
    "QUESTION",
    "SAMPLE_NOTE",
    "SHIFT_NOTE",
    "answer",
    "explained_answer",
    "not_at_home",
    "sample_caption",
]

NAME = 40  # letters of a name
QUESTION = "Does it generalise to other hands, pens and print?"
SAMPLE_NOTE = "Digits of each set, a line for each class, spread evenly over the set."
ACCURACY_NOTE = (
    "Share of each set that is read right, with its 95 % interval. Where it is known who wrote a digit, or of which "
    "font it is, whole writers and fonts are resampled: digits of the same hand are no independent evidence. The loss "
    "is against the set that the checkpoint is at home in: the one of its training, or else the first."
)
CONFIDENCE_NOTE = (
    "Mean confidence and expected calibration error (15 bins of equal width), as the network answers and at the "
    "temperature of its card, which was fitted on validation digits of its training. AUROC: how often a digit of home "
    "is answered with a higher score than one of this set (50 %: the score does not notice the difference); FPR95: the "
    "share of this set that passes where 95 % of home passes."
)
SHIFT_NOTE = (
    f"Median of each measure over up to {count(MATCHED)} images of the set, and the share of them outside of the "
    "middle 95 % of MNIST's 60,000 training digits: 5 % of MNIST itself."
)
EXPLAINED_NOTE = (
    "The digits of a set are brought to where those of home lie, by each measure alone and by all: the median becomes "
    "that of home, and no digit stays beyond the outermost of home. Then they are read once more. What comes back is "
    "the part of the loss that this measure explains; what does not come back lies in the forms themselves, or is the "
    "price of changing them: beside it stands what the digits of home lose that are brought to where the set lies and "
    "back, which changes them twice by as much."
)
FACTOR_NOTE = "What the digits of a set were made with is known: accuracy at each level of it, with its 95 % interval."


def answer(home: dict[str, Any], others: Sequence[dict[str, Any]]) -> str:
    """Return how a checkpoint reads at home and elsewhere: a sentence whose subject is its name.

    Args:
        home: Its row of the table of accuracies in the set where it is at home.
        others: Its rows in other sets of digits.
    """
    said = f"reads {_share(home)} of {_name(home)}"
    if not others:
        return f"{said}."
    worst = min(others, key=lambda row: row["accuracy"])
    rest = [f"{_share(row)} of {_name(row)}" for row in others]
    points = 100 * (home["accuracy"] - worst["accuracy"])
    change = f"{plain(points, 1)} points fewer" if points > 0 else "no fewer"
    where = f"on {_name(worst)} it reads {change} than at home" if len(others) > 1 else f"{change} than at home"
    return f"{said}, {listing(rest)}: {where}."


def explained_answer(rows: Sequence[dict[str, Any]]) -> str:
    """Return what of a checkpoint's loss on a set comes back, from its rows of the table of explained losses."""
    first = rows[0]
    loss = 100 * first["loss"]
    if loss <= 0:
        return f"loses nothing on {_name(first)}."
    single = [row for row in rows if row["matched"] != TOGETHER]
    helping = [row for row in single if row["back_low"] > 0]
    said = [
        f"{plain(100 * row['back'], 1)} ({plain(100 * row['back_low'], 1)} to {plain(100 * row['back_high'], 1)}) "
        f"come back with the {row['matched']} of home{_price(row)}"
        for row in sorted(helping, key=lambda row: -row["back"])
    ]
    what = listing(said) if said else "none come back with any single measure, beyond chance"
    return f"loses {plain(loss, 1)} points on {_name(first)}: {what}."


def _price(row: dict[str, Any]) -> str:
    """Return what the changing itself costs, where that is more than chance."""
    if row.get("price_low", 0.0) <= 0:
        return ""
    return f", where home's own digits lose {plain(100 * row['price'], 1)} there and back"


def not_at_home(name: str, trained_on: str, home: str) -> str:
    """Return that a checkpoint is compared with another set than that of its training."""
    return f"{shorten(name, NAME)} was trained on {shorten(trained_on, NAME)}; here it is compared with {home}."


def sample_caption(record: dict[str, Any]) -> str:
    """Return what a set is, in a line."""
    many = record.get("choice") or count(record["n"])
    kind = "digits" if record["digits"] else f"images ({record.get('content') or 'no digits'})"
    groups = f", {count(record['groups'])} writers or fonts" if record["groups"] else ""
    return printable(f"{record['set']}: {many} {kind}{groups}; {shorten(record['source'], 80)}")


def _share(row: dict[str, Any]) -> str:
    low, high = row["accuracy_low"], row["accuracy_high"]
    return f"{percent(row['accuracy'])} ({interval(low, high)})"


def _name(row: dict[str, Any]) -> str:
    return shorten(row["set"], NAME)
