"""Sentences on where the numbers come from, and on what was asked of the digits and measured on them."""

from collections.abc import Mapping

from robustmnist.overview.in_words import NAME
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import count, listing, percent

__all__ = [
    "COMMAND_NOTE",
    "FROM_PYTHON",
    "NOT_MNIST",
    "SHARED_WORK",
    "fallback_text",
    "farthest_text",
    "invalid_text",
    "lost_ink_text",
    "near_tie_text",
    "realised_note",
]

COMMAND_NOTE = "To run this again with the same data and weights:"
FROM_PYTHON = "robustmnist.evaluate(…), called from Python"
NOT_MNIST = "Not MNIST."
SHARED_WORK = "unknown: several processes shared the work"


def fallback_text(dataset: str, note: str) -> str:
    """Say which data set stood in for MNIST, and why, where a `note` says so."""
    why = f" {note[:1].upper()}{note[1:]}." if note else ""
    return f"The numbers are for the data set {dataset}.{why}"


def invalid_text(rows: Mapping[str, int]) -> str:
    """Say how many answers of each checkpoint were invalid."""
    wrong = [f"{shorten(name, NAME)} {count(many)}" for name, many in rows.items()]
    return f"Answers with a NaN or an infinity count as wrong: {listing(wrong)}."


def near_tie_text(rows: Mapping[str, int]) -> str:
    """Say how many predictions of each checkpoint were decided by next to nothing."""
    named = [f"{shorten(name, NAME)} {count(many)}" for name, many in rows.items()]
    return f"{listing(named)} predictions whose two highest logits differ by less than 0.0001"


def realised_note(*, maps: bool) -> str:
    """Say which strengths the table of measured changes shows; `maps`: whether there are points of maps."""
    note = "What was asked for and what was measured, at the ends of each sweep and at ◆."
    if maps:
        note += (
            " For a map: at the ends of each of its strengths while the others are neutral, and at the point where the "
            "two differ most."
        )
    return note


def farthest_text(title: str, measured: str, asked: str) -> str:
    """Say where what was measured differs most from what was asked."""
    return f"Largest difference: {title}, {measured} measured at {asked}."


def lost_ink_text(share: float, where: str, least: float) -> str:
    """Say where most ink leaves the frame; or, below a share of `least`, that next to none does."""
    if share >= least:
        return f"Most ink leaves the frame at {where}: {percent(share)}."
    return f"Less than {percent(least)} of the ink leaves the frame anywhere."
