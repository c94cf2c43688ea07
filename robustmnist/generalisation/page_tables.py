"""The tables of the page, from the numbers."""

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from robustmnist.generalisation import words
from robustmnist.generalisation.session import Generalisation
from robustmnist.page.records import Table
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import MINUS, count, percent, plain, share_text, strength
from robustmnist.wording.tests import points_change

__all__ = [
    "accuracy_rows",
    "accuracy_table",
    "confidence_table",
    "explained_table",
    "factor_tables",
    "plain_rows",
    "shift_table",
]

CONFUSIONS = 3  # of a checkpoint on a set that are named
MANY = 12  # levels of a factor; more are left to the CSV file


def accuracy_table(result: Generalisation) -> Table:
    """Return accuracy, loss and the commonest confusions of each checkpoint on each set."""
    head = ("set", "checkpoint", "images", "writers or fonts", "read right, %", "loss, points", "commonest misreadings")
    return Table(words.ACCURACY_NOTE, head, tuple(accuracy_rows(result)))


def accuracy_rows(result: Generalisation) -> list[tuple[str, ...]]:
    """Return the rows of `accuracy_table`, as page and terminal show them."""
    rows: list[tuple[str, ...]] = []
    table = _by_pair(result.tables["accuracy"])
    for (name, checkpoint), row in table.items():
        if math.isnan(row.get("accuracy", math.nan)):
            continue
        home = table[result.homes[checkpoint], checkpoint]
        loss = 100 * (home["accuracy"] - row["accuracy"])
        rows.append(
            (
                shorten(name, words.NAME),
                shorten(checkpoint, words.NAME),
                count(row["n"]),
                count(row["groups"]) if row["groups"] else "–",
                share_text(row["accuracy"], row["accuracy_low"], row["accuracy_high"]),
                "home" if name == result.homes[checkpoint] else plain(loss, 1),
                _confusions(result, checkpoint, name),
            )
        )
    return rows


def confidence_table(result: Generalisation) -> Table:
    """Return what confidence is worth on each set, and whether it notices that the set is another."""
    noticed = {(row["set"], row["checkpoint"], row["score"]): row for row in plain_rows(result.tables["detection"])}
    rows = []
    for (name, checkpoint), row in _by_pair(result.tables["accuracy"]).items():
        by_score = [noticed.get((name, checkpoint, score)) for score in ("confidence", "energy")]
        rows.append(
            (
                shorten(name, words.NAME),
                shorten(checkpoint, words.NAME),
                _share(row, "confidence"),
                _share(row, "ece"),
                _share(row, "ece_tempered"),
                *(_share(score, "auroc") if score else "home" for score in by_score),
                _share(by_score[0], "fpr95") if by_score[0] else "home",
            )
        )
    head = (
        "set",
        "checkpoint",
        "confidence, %",
        "calibration error, %",
        "at its temperature, %",
        "AUROC of confidence, %",
        "AUROC of energy, %",
        "FPR95 of confidence, %",
    )
    return Table(words.CONFIDENCE_NOTE, head, tuple(rows))


def shift_table(result: Generalisation) -> Table:
    """Return where the ink of each set lies, against MNIST's band."""
    table = result.tables["shift"]
    names = list(dict.fromkeys(table["set"]))
    rows = []
    for measure, part in table.groupby("measure", sort=False):
        by_set = {row["set"]: row for row in plain_rows(part)}
        first = next(iter(by_set.values()))
        unit = str(first["unit"])
        band = f"{plain(first['mnist_low'], 2)} to {strength(first['mnist_high'], unit, 2)}"
        cells = [f"{plain(by_set[name]['median'], 2)} · {percent(by_set[name]['outside'])} outside" for name in names]
        rows.append((str(measure), band, *cells))
    head = ("measure", "MNIST's middle 95 %", *(shorten(name, words.NAME) for name in names))
    return Table(words.SHIFT_NOTE, head, tuple(rows))


def explained_table(result: Generalisation) -> Table:
    """Return what of each loss comes back with each measure."""
    rows = [
        (
            shorten(row["set"], words.NAME),
            shorten(row["checkpoint"], words.NAME),
            str(row["matched"]),
            count(row["n"]),
            percent(row["before"], sign=False),
            percent(row["after"], sign=False),
            *(points_change(row[key], row[f"{key}_low"], row[f"{key}_high"]) for key in ("back", "price")),
            plain(100 * row["loss"], 1),
        )
        for row in plain_rows(result.tables["explained"])
        if row["home"] != row["set"]
    ]
    head = (
        "set",
        "checkpoint",
        "matched",
        "digits",
        "before, %",
        "after, %",
        "back, points",
        "price, points",
        "of a loss of",
    )
    return Table("What comes back, in points of accuracy, with paired 95 % intervals", head, tuple(rows))


def factor_tables(result: Generalisation) -> tuple[Table, ...]:
    """Return for each factor of a set that was made here the accuracy at each of its levels."""
    table = result.tables["factors"]
    tables = []
    if not len(table):
        return ()
    for (name, factor), part in table.groupby(["set", "factor"], sort=False):
        levels = list(dict.fromkeys(part["level"]))
        if len(levels) > MANY:
            continue
        cells = {(row["level"], row["checkpoint"]): row for row in plain_rows(part)}
        rows = [
            (
                re.sub(r"-(?=[\d.])", MINUS, str(level)),
                count(cells[level, result.checkpoints[0]]["n"]),
                *(_share(cells[level, checkpoint], "accuracy") for checkpoint in result.checkpoints),
            )
            for level in levels
        ]
        title = str(factor).replace("_", " ")
        head = (title, "digits", *(f"{shorten(checkpoint, words.NAME)}, %" for checkpoint in result.checkpoints))
        tables.append(Table(f"{name}, by {title}", head, tuple(rows)))
    return tuple(tables)


def plain_rows(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table as plain values."""
    for row in table.to_dict("records"):
        yield {str(key): value.item() if isinstance(value, np.generic) else value for key, value in row.items()}


def _by_pair(table: pd.DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["set"], row["checkpoint"]): row for row in plain_rows(table)}


def _confusions(result: Generalisation, checkpoint: str, name: str) -> str:
    table = result.tables["confusion"]
    own = table[(table["checkpoint"] == checkpoint) & (table["set"] == name) & (table["label"] != table["predicted"])]
    worst = own.sort_values(["n", "label", "predicted"], ascending=[False, True, True]).head(CONFUSIONS)
    shown = (
        f"{row['label']} as {row['predicted'] if row['predicted'] >= 0 else 'nothing'} ({count(row['n'])}×)"
        for row in plain_rows(worst)
    )
    return ", ".join(shown) or "none"


def _share(row: dict[str, Any], key: str) -> str:
    value = float(row.get(key, math.nan))
    return "–" if math.isnan(value) else share_text(value, row[f"{key}_low"], row[f"{key}_high"])
