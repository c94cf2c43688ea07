"""The blocks of README that come from the study and from the cards."""

from collections.abc import Hashable
from typing import Any

import pandas as pd

from robustmnist.card import list_checkpoints

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
ONE_SIDED = ("radius", "margin", "gaussian")


def fill(text: str, name: str, content: str) -> str:
    """Return `text` with `content` between the markers called `name`."""
    before, begin, rest = text.partition(f"<!-- {name}: written by python -m reports -->")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    if not begin or not end:
        raise ValueError(f"no place for {name}")
    return f"{before}{begin}\n{content}\n{end}{after}"


def headline_table(table: pd.DataFrame) -> str:
    """Return the published table of README: how far until accuracy falls below 90 %."""
    n = int(table["n"].iloc[0])
    lines = [
        f"Strength at which accuracy on the {n:,} MNIST test digits falls below 90 %, when a digit …",
        "",
        "| | " + " | ".join(f"`{name}`" for name in CHECKPOINTS) + " |",
        "| --- " * (len(CHECKPOINTS) + 1) + "|",
        "| is left as it is (accuracy) | " + " | ".join(_clean(table, name) for name in CHECKPOINTS) + " |",
    ]
    for suite, sweep, words in ROWS:
        rows = table[(table["suite"] == suite) & (table["sweep"] == sweep)].set_index("checkpoint")
        lines.append(
            f"| {words} | "
            + " | ".join(_reach(sweep, rows.loc[[name]].iloc[0].to_dict()) for name in CHECKPOINTS)
            + " |"
        )
    lines += [
        "",
        "Accuracy with its 95 % Wilson interval; one training of each, seed 0; [all findings](reports/README.md).",
    ]
    return "\n".join(lines)


def checkpoint_table() -> str:
    """Return the table of shipped checkpoints of README, from their cards."""
    lines = ["| checkpoint | what it is | parameters | test accuracy (95 % Wilson) |", "| --- | --- | ---: | --- |"]
    for card in list_checkpoints():
        test = card.test_accuracy
        assert test is not None
        accuracy = f"{100 * test.accuracy:.2f} % ({100 * test.low:.2f}–{100 * test.high:.2f})"
        lines.append(f"| `{card.name}` | {card.description} | {card.parameters:,} | {accuracy} |")
    return "\n".join(lines)


def _clean(table: pd.DataFrame, name: str) -> str:
    row = table[table["checkpoint"] == name].iloc[0]
    low, high = 100 * row["clean_accuracy_low"], 100 * row["clean_accuracy_high"]
    return f"{100 * row['clean_accuracy']:.2f} % ({low:.2f}–{high:.2f})"


def _reach(sweep: str, row: dict[Hashable, Any]) -> str:
    unit = {"px": " px", "°": "°"}.get(str(row["unit"]), "")
    sign = "× " if row["unit"] == "×" else ""
    ends = [row["threshold_high"]] if sweep in ONE_SIDED else [row["threshold_low"], row["threshold_high"]]
    words = ["never" if end != end else f"{sign}{end:.2f}{unit}".replace("-", "−") for end in ends]
    return " and ".join(words)
