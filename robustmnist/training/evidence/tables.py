"""The tables of a run that grow with every epoch: steps.csv and layers.csv."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from robustmnist.errors import RunError
from robustmnist.system.files import write_atomic

__all__ = ["append_rows", "keep_epochs", "read_columns"]


def append_rows(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Add `rows` to the table at `path`, whose first line is `head`; the file is made where it is not there.

    A kill in the middle leaves a part of the epoch behind, which `keep_epochs` removes when the run is resumed.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if not path.is_file():
        writer.writerow(head)
    writer.writerows(rows)
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(text.getvalue())


def keep_epochs(path: Path, epochs: int) -> None:
    """Remove all rows of later epochs than `epochs` from the table at `path`, if it is there."""
    if not path.is_file():
        return
    if not epochs:
        path.unlink()
        return
    head, *lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True) or [""]
    kept = [line for line in lines if line.partition(",")[0].isdecimal() and int(line.partition(",")[0]) <= epochs]
    write_atomic(path, "".join([head, *kept]))


def read_columns(path: Path) -> dict[str, list[str]]:
    """Return the table at `path` as column to cells; empty where it is not there.

    Raises:
        RunError: If it is no table.
    """
    if not path.is_file():
        return {}
    try:
        head, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
        return {name: [row[at] for row in rows] for at, name in enumerate(head)}
    except (OSError, ValueError, IndexError, csv.Error) as cause:
        raise RunError(f"is no table ({cause})", where=path, remedy="delete it; the run is read without it") from cause
