"""Choose the digits to explain: by id, the first of each class, or confident mistakes, each confusion first once."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from robustmnist.errors import DataError, InputError
from robustmnist.explanation.condition import Condition
from robustmnist.statistics.decisions import decide

if TYPE_CHECKING:
    from robustmnist.data import Dataset
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["choose_digits", "confident_mistakes", "first_of_each_class", "rows_of"]


def choose_digits(
    data: "Dataset",
    checkpoints: Mapping[str, "Checkpoint"],
    condition: Condition | None,
    *,
    samples: Sequence[int] = (),
    mistakes: int | None = None,
    notify: Callable[[str], None] | None = None,
) -> tuple["Dataset", str]:
    """Return the digits to explain, the same for all checkpoints, and in a clause how they were chosen.

    Args:
        data: What to choose from.
        checkpoints: Name to checkpoint.
        condition: How the digits are perturbed where mistakes are looked for; None for clean digits.
        samples: Ids; empty for the first digit of each class.
        mistakes: How many mistakes of any checkpoint to take instead.
        notify: Called with a sentence where there are fewer mistakes than asked for.

    Raises:
        DataError: If an id is not there.
        InputError: If no checkpoint makes a mistake.
    """
    labels, ids = data.labels.cpu().numpy(), data.ids.cpu().numpy()
    if mistakes is None:
        rows = rows_of(ids, samples) if samples else first_of_each_class(labels)
        return data.select(ids[rows].tolist()), "chosen by id" if samples else "the first of each class"
    seen = condition.apply(data) if condition else data.images
    logits = np.stack([checkpoint(seen).cpu().numpy() for checkpoint in checkpoints.values()])
    rows = confident_mistakes(logits, labels, mistakes)
    if not len(rows):
        remedy = "give a --value farther off" if condition else "take more digits, or give --suite and --value"
        raise InputError("there is no mistake to explain", where="--mistakes", remedy=remedy)
    if len(rows) < mistakes and notify:
        notify(f"digits that are misread among {len(data):,}: {len(rows)}")
    who = "" if len(checkpoints) == 1 else " of any checkpoint"
    return data.select(ids[rows].tolist()), f"the most confident mistakes{who}, each confusion first once"


def rows_of(ids: NDArray[np.int64], wanted: Sequence[int]) -> NDArray[np.int64]:
    """Return the row of each wanted sample id, in the order asked for, each once.

    Raises:
        DataError: If a sample is not there; the message names the ids that are.
    """
    row_of = {int(name): row for row, name in enumerate(ids)}
    for name in wanted:
        if name not in row_of:
            whole = ids.max() - ids.min() == len(ids) - 1
            rest = f"use {ids.min()} to {ids.max()}" if whole else f"take all digits, or one of these: {_few(ids)}"
            raise DataError(f"there is no sample {name}", where="--sample", remedy=rest)
    return np.array([row_of[name] for name in dict.fromkeys(wanted)], np.int64)


def _few(ids: NDArray[np.int64]) -> str:
    """Return some ids for a message: all, or the first ten."""
    return ", ".join(map(str, ids[:10].tolist())) + (", …" if len(ids) > 10 else "")


def first_of_each_class(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first row of each class, in the order of the classes."""
    _, rows = np.unique(labels, return_index=True)
    return rows.astype(np.int64)


def confident_mistakes(logits: NDArray[np.float32], labels: NDArray[np.int64], top: int) -> NDArray[np.int64]:
    """Return the rows of `top` mistakes: the most confident one of each confusion, then of each the second, and so on.

    Ranked by the log-odds of the predicted class, which do not saturate as probabilities do; ties keep the order of
    the rows. An image that several checkpoints misread counts once, as the most confident of them does. A row whose
    logits are not finite is invalid and never ranked.

    Args:
        logits: (checkpoints, n, 10), or (n, 10) of one.
        labels: int64 (n,).
        top: How many; fewer where there are fewer.
    """
    tables = logits[None] if logits.ndim == 2 else logits
    best, read = np.full(len(labels), -np.inf), np.full(len(labels), -1)
    for table in tables:
        decisions = decide(table)
        odds = np.where(decisions.valid & (decisions.predicted != labels), decisions.log_odds, -np.inf)
        read[odds > best] = decisions.predicted[odds > best]
        best = np.maximum(best, odds)
    ranked = np.argsort(-best, kind="stable")
    ranked = ranked[np.isfinite(best[ranked])]
    turn: dict[tuple[int, int], int] = {}
    turns = []
    for row in ranked.tolist():
        confusion = (int(labels[row]), int(read[row]))
        turns.append(turn.get(confusion, 0))
        turn[confusion] = turns[-1] + 1
    chosen: NDArray[np.int64] = ranked[np.argsort(turns, kind="stable")][:top].astype(np.int64)
    return chosen
