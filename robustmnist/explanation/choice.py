"""Choose the digits to explain: by id, the first of each class, or the most confident mistakes."""

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
) -> tuple[dict[str, "Dataset"], str]:
    """Return the digits to explain for each checkpoint, and in a clause how they were chosen.

    Args:
        data: What to choose from.
        checkpoints: Name to checkpoint.
        condition: How the digits are perturbed where mistakes are looked for; None for clean digits.
        samples: Ids; empty for the first digit of each class.
        mistakes: How many of the most confident mistakes to take instead.
        notify: Called with a sentence where a checkpoint makes fewer mistakes than asked for.

    Raises:
        DataError: If an id is not there.
        InputError: If no checkpoint makes a mistake.
    """
    labels, ids = data.labels.cpu().numpy(), data.ids.cpu().numpy()
    if mistakes is None:
        rows = rows_of(ids, samples) if samples else first_of_each_class(labels)
        some = data.select(ids[rows].tolist())
        return dict.fromkeys(checkpoints, some), "chosen by id" if samples else "the first of each class"
    seen = condition.apply(data) if condition else data.images
    mistaken = {
        name: confident_mistakes(checkpoint(seen).cpu().numpy(), labels, mistakes)
        for name, checkpoint in checkpoints.items()
    }
    if not any(map(len, mistaken.values())):
        remedy = "give a --value farther off" if condition else "take more digits, or give --suite and --value"
        raise InputError("there is no mistake to explain", where="--mistakes", remedy=remedy)
    for name, rows in mistaken.items():
        if len(rows) < mistakes and notify:
            notify(f"{name}: mistakes among {len(data):,} digits: {len(rows)}")
    chosen = {name: data.select(ids[rows].tolist()) for name, rows in mistaken.items() if len(rows)}
    return chosen, f"the most confident mistakes, {mistakes} at most"


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
    """Return the rows of the `top` most confident mistakes, most confident first; fewer where there are fewer.

    Ranked by the log-odds of the predicted class, which do not saturate as probabilities do; ties keep the order of
    the rows. A row whose logits are not finite is invalid and never ranked.
    """
    decisions = decide(logits)
    wrong = np.flatnonzero(decisions.valid & (decisions.predicted != labels))
    order = np.argsort(-decisions.log_odds[wrong], kind="stable")
    return wrong[order[:top]]
