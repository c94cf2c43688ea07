"""The blocks of README that come from the study and from the cards."""

import math
from collections.abc import Hashable
from typing import Any

import pandas as pd

from robustmnist.models.checkpoints.card_file import list_checkpoints
from robustmnist.overview.tolerance import MISSED
from robustmnist.wording.numbers import NBSP, percent, share_text

__all__ = ["checkpoint_table", "fill", "headline_table"]

CHECKPOINTS = ("fc", "cnn", "cnn-augmented")
ROWS = (
    ("shift", "radius", "moves, mean of 8 directions"),
    ("scale", "isotropic", "grows or shrinks"),
    ("rotation", "angle", "turns"),
    ("thickness", "change", "gets a wider or thinner stroke"),
    ("decentering", "margin", "drifts off centre, share of its margin"),
    ("noise", "gaussian", "drowns in Gaussian noise"),
)


def fill(text: str, name: str, content: str) -> str:
    """Return `text` with `content` between the markers called `name`."""
    before, begin, rest = text.partition(f"<!-- {name}: written by python -m reports -->")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    if not begin or not end:
        raise ValueError(f"no markers for {name}")
    return f"{before}{begin}\n{content}\n{end}{after}"


def headline_table(headline: pd.DataFrame, critical: pd.DataFrame) -> str:
    """Return the published table of README: how far until a tenth of the clean accuracy is lost, and how surely.

    Args:
        headline: From `robustmnist.results.headline`.
        critical: From `robustmnist.results.critical_strengths`.
    """
    n = int(headline["n"].iloc[0])
    lines = [
        f"How far a digit may go until a tenth of the clean accuracy is lost, over the {n:,} MNIST test digits:",
        "",
        "| a digit … | " + " | ".join(f"`{name}`" for name in CHECKPOINTS) + " |",
        "| --- " * (len(CHECKPOINTS) + 1) + "|",
        "| is left as it is (accuracy) | " + " | ".join(_clean(headline, name) for name in CHECKPOINTS) + " |",
    ]
    farthest, asked = 0.0, False
    for suite, sweep, words in ROWS:
        rows = critical[(critical["suite"] == suite) & (critical["sweep"] == sweep)]
        sides = [rows[rows["checkpoint"] == name].to_dict("records") for name in CHECKPOINTS]
        lines.append(f"| {words} | {' | '.join(map(_reach, sides))} |")
        farthest = max(farthest, *(_doubt(side) for own in sides for side in own))
        asked |= any(_measured(side) is not None for own in sides for side in own)
    lines += [
        "",
        "Accuracy with its 95 % Wilson interval. Each distance is known to within "
        f"{percent(farthest, sign=False)} % of itself (95 % bootstrap [intervals](reports/critical.csv)). "
        + (
            "A distance is what was asked for; in brackets what was measured on the digits, if it differs by more than "
            "a tenth. "
            if asked
            else ""
        )
        + "One training of each, seed 0; [all findings](reports/README.md).",
    ]
    return "\n".join(lines)


def checkpoint_table() -> str:
    """Return the table of shipped checkpoints of README, from their cards."""
    lines = ["| checkpoint | what it is | parameters | test accuracy (95 % Wilson) |", "| --- | --- | ---: | --- |"]
    for card in list_checkpoints():
        test = card.test_accuracy
        assert test is not None
        accuracy = share_text(test.accuracy, test.low, test.high, decimals=2, sign=True).replace(NBSP, " ")
        lines.append(f"| `{card.name}` | {card.description} | {card.parameters:,} | {accuracy} |")
    return "\n".join(lines)


def _clean(table: pd.DataFrame, name: str) -> str:
    row = table[table["checkpoint"] == name].iloc[0]
    shares = (float(row[f"clean_accuracy{end}"]) for end in ("", "_low", "_high"))
    return share_text(*shares, decimals=2, sign=True).replace(NBSP, " ")


def _reach(sides: list[dict[Hashable, Any]]) -> str:
    """Return the strengths at which a tenth is lost, on each side of neutral that the sweep has."""
    words = []
    for side in sides:
        unit = {"px": " px", "°": "°"}.get(str(side["unit"]), "")
        sign = "× " if side["unit"] == "×" else ""
        if side["beyond"]:
            least = "" if math.isnan(side["critical_near"]) else f" (at least {sign}{side['critical_near']:.3g}{unit})"
            words.append(f"not by {sign}{side['end']:g}{unit}{least}")
            continue
        measured = _measured(side)
        beside = "" if measured is None else f" (measured {sign}{measured:.2f}{unit})"
        words.append(f"{sign}{side['critical']:.2f}{unit}{beside}")
    return " and ".join(words).replace("-", "−")


def _measured(side: dict[Hashable, Any]) -> float | None:
    """Return what was measured at the strength, where it is off what was asked by over a tenth of the distance."""
    measured = float(side.get("critical_measured", math.nan))
    off = abs(measured - side["critical"]) > MISSED * abs(side["critical"] - side["neutral"])
    return measured if off and not side["beyond"] else None


def _doubt(side: dict[Hashable, Any]) -> float:
    """Return how far the interval's farther end lies from the strength, as a share of its distance from neutral."""
    if side["beyond"]:
        return 0.0
    ends = [abs(side[end] - side["critical"]) for end in ("critical_near", "critical_far")]
    return float(max(ends) / abs(side["critical"] - side["neutral"]))
