"""Rows of a data set: those with given ids, and an order in which every beginning is a stratified sample."""

from collections.abc import Sequence

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.errors import DataError

__all__ = ["check_counts", "check_limit", "rows_with", "spread"]


def check_counts(n: int, labels: Tensor, ids: Tensor, groups: Tensor | None, *, where: str) -> None:
    """Raise DataError unless n images have n labels, n ids and, where there are groups, n of them."""
    if len(labels) != n or len(ids) != n:
        what = f"{n:,} images have {len(labels):,} labels and {len(ids):,} ids"
        raise DataError(what, where=where, remedy="give one of each for every image")
    if groups is not None and len(groups) != n:
        what = f"{n:,} images have {len(groups):,} groups"
        raise DataError(what, where=where, remedy="give one for every image, or none")


def check_limit(limit: int | None, what: str) -> None:
    """Raise DataError for a number of images below 1; `what` says which, with {} for the number."""
    if limit is not None and limit < 1:
        raise DataError(f"cannot take {what.format(limit)}", remedy="ask for 1 or more")


def spread(labels: Tensor, ids: Tensor, *, where: str = "the data set") -> Tensor:
    """Return all rows in an order in which the first k rows are a stratified sample, for every k.

    Within each class the rows are ranked by a random number that depends on the id and on nothing else. Row r (from 0)
    of the n of its class stands at (r + 1/2) / n; the order is that of these positions.

    Raises:
        DataError: If an id is negative; `where` names the data set.
    """
    if len(ids) and ids.min() < 0:
        raise DataError(f"an id is {int(ids.min())}", where=where, remedy="number the images from 0")
    number = Draws(0, "sample", ids).uniform(1)[:, 0]
    by_id = ids.argsort(stable=True)
    order = by_id[number[by_id].argsort(stable=True)]
    order = order[labels[order].argsort(stable=True)]
    counts = torch.bincount(labels - labels.min())
    # In float64, so that equal shares are equal numbers; of those the lower class comes first.
    position = torch.cat([(torch.arange(n, dtype=torch.float64) + 0.5) / n for n in counts.tolist()])
    return order[position.argsort(stable=True)]


def rows_with(wanted: Tensor | Sequence[int], ids: Tensor, *, where: str) -> Tensor:
    """Return the row of each id that is wanted, int64 (k,), in the order asked for.

    Raises:
        DataError: If an id is not there; `where` names the data set.
    """
    wanted = torch.as_tensor(wanted, dtype=torch.int64, device=ids.device).reshape(-1)
    if not len(ids) and not len(wanted):
        return wanted
    order = torch.argsort(ids, stable=True)
    ascending = ids[order]
    position = torch.searchsorted(ascending, wanted).clamp(max=max(len(ids) - 1, 0))
    absent = wanted[ascending[position] != wanted] if len(ids) else wanted
    if len(absent):
        remedy = f"it holds {len(ids):,} samples, ids from 0"
        raise DataError(f"has no sample {int(absent[0])}", where=where, remedy=remedy)
    return order[position]
