"""A data set from a CSV file: a label and the pixels of a digit in each line, as Kaggle has it."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.data.dataset import Dataset
from robustmnist.data.formats.table import NumberTable, parse_table
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.source import FORM, PART, Request, Source
from robustmnist.data.sources.user_file import read_user_file
from robustmnist.errors import DataError
from robustmnist.system.files import sha256_bytes
from robustmnist.system.validation import did_you_mean
from robustmnist.wording.characters import shorten

__all__ = ["SOURCE", "load_csv"]

MOST = 2_000_000_000  # bytes, unpacked
MOST_GROUP = 2**53  # up to which every whole number is a float64
LABELS = ("label", "digit", "class", "target", "y")
NO_PIXELS = ("", "id", "index", "imageid", "unnamed: 0")


def load_csv(request: Request) -> Dataset:
    """Return the digits in a CSV file, plain or gzipped.

    With a header, the column ``label`` (or ``digit``, ``class``, ``target``, ``y``) holds the labels, or the one that
    the option ``label`` names; without one it is the first column, or the last one where only that can be labels, as in
    UCI's files (``label=column 65`` names any). Every other column is a pixel, row by row, but an ``id`` or ``index``,
    which is left out, and the column that the option ``groups`` names: who wrote the digit.

    Raises:
        DataError: If the file is missing, is no table of numbers, or has no such column.
    """
    path, data = read_user_file(request.argument, MOST)
    table = parse_table(data, path)
    names = [name.lower() for name in table.columns] or [f"column {at}" for at in range(1, table.values.shape[1] + 1)]
    label = _column(table, names, request.options.get("label"), path)
    writer = _column(table, names, request.options["groups"], path) if "groups" in request.options else None
    left_out = [at for at, name in enumerate(names) if name in NO_PIXELS and at != label]
    pixels = np.delete(table.values, [label, *left_out, *([] if writer is None else [writer])], axis=1)
    words = f"labels from {'the first column' if label == 0 else names[label]}"
    words = f"labels from the column {shorten(table.columns[label], 40)}" if table.columns else words
    words += f", without the column {shorten(table.columns[left_out[0]], 40)}" if left_out else ""
    provenance = Provenance(
        f"csv:{path.name}", request.part, 0, {"images": sha256_bytes(data)}, str(path), prepared=words
    )
    return Dataset.from_arrays(
        pixels,
        table.values[:, label],
        groups=None if writer is None else _groups(table.values[:, writer], path),
        form=request.options.get("form", "auto"),
        provenance=provenance,
    )


def _column(table: NumberTable, names: list[str], asked: str | None, where: object) -> int:
    """Return the index of the column that is asked for, or of the labels."""
    if asked is not None:
        if asked.lower() in names:
            return names.index(asked.lower())
        what = f"has no column '{asked}'{did_you_mean(asked, list(table.columns)[:2000])}"
        raise DataError(what, where=where, remedy=f"its columns are {_some(names)}")
    if not table.columns:
        first, last = (_may_be_labels(table.values[:, at]) for at in (0, -1))
        return len(names) - 1 if last and not first else 0
    known = next((names.index(name) for name in LABELS if name in names), None)
    if known is None:
        remedy = f"name it: csv:FILE,label=COLUMN; its columns are {_some(names)}"
        raise DataError("has no column label", where=where, remedy=remedy)
    return known


def _groups(values: NDArray[np.floating], where: object) -> Tensor:
    if (np.abs(values) > MOST_GROUP).any() or (values != np.rint(values)).any():
        raise DataError("a writer is not a whole number", where=where, remedy="number the writers")
    return torch.from_numpy(values.astype(np.int64))


def _may_be_labels(values: NDArray[np.floating]) -> bool:
    """Return whether a column holds several of the digits 0 to 9 and nothing else."""
    kinds = np.unique(values)
    return len(kinds) > 1 and set(kinds.tolist()) <= set(range(10))


def _some(names: list[str]) -> str:
    return shorten(", ".join(names[:3]) + (", …" if len(names) > 3 else ""), 100)


SOURCE = Source(
    "a CSV file with a label and the pixels of a digit in each line, as Kaggle has it",
    load_csv,
    takes="FILE",
    bare=False,
    options={"label": "the column of the labels", "groups": "the column that says who wrote the digit", **FORM, **PART},
    endings=(".csv",),
    has_parts=False,
)
