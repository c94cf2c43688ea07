"""The page on training sets and test sets, in words and tables: written from the numbers."""

from typing import Any

import pandas as pd

from robustmnist.generalisation import Generalisation
from robustmnist.wording.numbers import NBSP, count, listing, percent, plain, points_bounds, points_text, share_text
from robustmnist.wording.tests import points_change

__all__ = ["page"]

FIRST = "cnn"  # what others of its architecture are compared with
PERTURBED = "cnn-perturbed"
FEW = 20  # groups: their number stands beside an interval
HOMES = {"mnist": "MNIST", "digits": "embedded", "printed": "printed", "strokes": "strokes"}


def page(result: Generalisation, errors: pd.DataFrame, changes: pd.DataFrame, second: str) -> str:
    """Return reports/generalisation.md.

    Args:
        result: All checkpoints on all sets.
        errors: Mean corruption errors on MNIST-C.
        changes: By how much more the second checkpoint reads of each set than `FIRST`.
        second: Its name.
    """
    errors = errors.set_index("checkpoint")
    names = [record["set"] for record in result.sets]
    sizes = ", ".join(f"{count(record['n'])} of {record['set']}" for record in result.sets)
    parts = [
        "# Does robustness to perturbations generalise?",
        _answer(result, errors, changes, second),
        "## Robustness, accuracy elsewhere, and calibration",
        _robust(result, errors, names),
        "## Trained on one set, tested on another",
        "Accuracy in % with 95 % intervals, of whole fonts and hands where these are known. No digit, no font and no "
        "hand of a test was in the training:",
        _matrix(result, names, "accuracy"),
        "Expected calibration error in %, without a temperature:",
        _matrix(result, names, "ece"),
        "## What comes back",
        "Points of accuracy that come back when the digits are brought to the stroke width, slant, size, position and "
        "ink of the MNIST test digits, all together and by stroke width alone. Beside it the price: what MNIST's own "
        "test digits lose that are brought to where the set lies and back, which changes them twice by as much. Both "
        "with paired 95 % intervals:",
        _back(result),
        "## How this was made",
        f"```sh\nROBUSTMNIST_DATA=folder {result.manifest['command']}\n```",
        f"One training each, on a CPU; {sizes}. {_perturbed(result)}The printed test digits are of typefaces that no "
        "training has seen, the stroke digits of 200 hands that none has; the epoch was chosen by other typefaces and "
        "hands than were trained on. As a page: "
        "[generalisation.html](generalisation.html); all accuracies: [generalisation.csv](generalisation.csv). "
        "Samples: [printed](samples-printed.png), [strokes](samples-strokes.png), [embedded](samples-digits.png).",
    ]
    return "\n\n".join(parts).replace(NBSP, " ") + "\n"


def _perturbed(result: Generalisation) -> str:
    if PERTURBED not in result.checkpoints:
        return ""
    return (
        f"`{PERTURBED}` is the recipe of `{FIRST}` on the same digits, four in five of them perturbed once by a "
        "setting of shift, scale, rotation, thickness, noise, blur, intensity or occlusion; MNIST-C was in none. "
    )


def _answer(result: Generalisation, errors: pd.DataFrame, changes: pd.DataFrame, second: str) -> str:
    """Return the answer: what the second reads better, worse, or no differently, and how honest it is there."""
    table = _by_pair(result)
    made = {str(name): float(value) for name, value in errors["mce"].items()}
    elsewhere = [row for row in changes.to_dict("records") if row["set"] != "mnist"]
    groups = {record["set"]: record["groups"] for record in result.sets}
    better = [row for row in elsewhere if row["low"] > 0]
    worse = [row for row in elsewhere if row["high"] < 0]
    neither = [row for row in elsewhere if row not in better and row not in worse]
    read = [f"better {_points(better, groups)}"] if better else []
    read += [f"worse {_points(worse, groups)}"] if worse else []
    read += [f"no differently, as far as the digits show, {_points(neither, groups)}"] if neither else []
    calibrated = []
    for row in elsewhere:
        before, after = (table[name, row["set"]] for name in (FIRST, second))
        meet = before["ece_low"] <= after["ece_high"] and after["ece_low"] <= before["ece_high"]
        error = f"from {percent(before['ece'])} to {percent(after['ece'])} on {row['set']}"
        calibrated.append(f"{error} (their intervals {'meet' if meet else 'do not meet'})")
    verdict = "is generalisation here" if len(better) == len(elsewhere) else "is not generalisation"
    return (
        f"**Robustness to perturbations {verdict}.** The mean corruption error of `{second}` on MNIST-C, which it has "
        f"not seen, is {percent(made[second], 0)} of that of `fc`; that of `{FIRST}`, the same network trained on "
        f"MNIST as it is, {percent(made[FIRST], 0)}. Against `{FIRST}` it reads clean digits of other hands, pens and "
        f"print {listing(read)}; paired 95 % intervals, of one comparison each. With it instead of `{FIRST}` the "
        f"expected calibration error goes {listing(calibrated)}."
    )


def _points(rows: list[dict[Any, Any]], groups: dict[str, int]) -> str:
    """Return on which sets by how many points, and of how few typefaces where they are few."""
    texts = []
    for row in rows:
        few = f", of {groups[row['set']]} typefaces" if 0 < groups[row["set"]] < FEW else ""
        bounds = points_bounds(row["low"], row["high"])
        texts.append(f"on {row['set']} ({points_text(row['change'], signed=True)}, {bounds}{few})")
    return listing(texts)


def _robust(result: Generalisation, errors: pd.DataFrame, names: list[str]) -> str:
    table = _by_pair(result)
    lines = []
    for name, row in errors.iterrows():
        cells = [percent(table[str(name), each]["accuracy"], 1, sign=False) for each in names]
        honest = [percent(table[str(name), each]["ece"], 1, sign=False) for each in names]
        mce = share_text(row["mce"], row["mce_low"], row["mce_high"], decimals=0)
        lines.append([f"`{name}`", mce, *cells, *honest])
    head = ["checkpoint", "mCE, %", *(f"accuracy, {name}" for name in names), *(f"ECE, {name}" for name in names)]
    words = (
        "Mean corruption error over MNIST-C's corruptions relative to `fc`, on the 10,000 test digits, beside accuracy "
        "and expected calibration error (%) on clean digits of four sets:"
    )
    return f"{words}\n\n{_table(head, lines)}"


def _matrix(result: Generalisation, names: list[str], key: str) -> str:
    table = _by_pair(result)
    lines = []
    for name in result.checkpoints:
        source = str(result.manifest["checkpoints"][name]["trained on"]).partition(":")[0]
        cells = []
        for each in names:
            row = table[name, each]
            text = share_text(row[key], row[f"{key}_low"], row[f"{key}_high"])
            cells.append(f"**{text}**" if result.homes[name] == each else text)
        lines.append([f"`{name}`", HOMES.get(source, source), *cells])
    return _table(["checkpoint", "trained on", *names], lines)


def _back(result: Generalisation) -> str:
    table = result.tables["explained"]
    own = table[(table["home"] == "mnist") & (table["set"] != "mnist")]
    lines = []
    for (name, each), part in own.groupby(["checkpoint", "set"], sort=False):
        by_match = {row["matched"]: row for row in part.to_dict("records")}
        rows = [by_match["all together"], by_match["stroke width"]]
        cells = [
            points_change(row[key], row[f"{key}_low"], row[f"{key}_high"]) for row in rows for key in ("back", "price")
        ]
        lines.append([f"`{name}`", str(each), plain(100 * rows[0]["loss"], 1), *cells])
    back = [f"{what}, {key}" for what in ("all together", "stroke width alone") for key in ("back", "price")]
    return _table(["checkpoint", "set", "loss, points", *back], lines)


def _by_pair(result: Generalisation) -> dict[tuple[str, str], dict[str, Any]]:
    rows = result.tables["accuracy"].to_dict("records")
    return {(row["checkpoint"], row["set"]): {str(key): value for key, value in row.items()} for row in rows}


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
