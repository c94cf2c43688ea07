"""Which digit each picture of a folder shows: from ``labels.csv``, from the folders, or from the names."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from robustmnist.data.formats.idx import read_bounded
from robustmnist.errors import DataError

__all__ = ["TABLE", "labels_of"]

TABLE = "labels.csv"
MAX_TABLE = 20_000_000  # bytes
FILE_COLUMNS = ("file", "filename", "file_name", "image", "path", "name")
LABEL_COLUMNS = ("label", "digit", "class", "target")
BEFORE = re.compile(r"(?:digit|label|class)?[ _-]?(\d)(?!\d)", re.IGNORECASE)  # 7.png, 7_0001.png, digit7-12.png
AFTER = re.compile(r".*(?:\D|\A)(\d)\Z", re.DOTALL)  # 0001_7.png, scan-12-label7.png
REMEDY = "put each picture into a folder named after its digit, name it like 7_0001.png, or give a labels.csv"


def labels_of(folder: Path, names: Sequence[str]) -> tuple[list[int], str]:
    """Return the digit of each picture and, in a phrase, where it is said.

    ``labels.csv`` with columns ``file`` and ``label`` comes first; then folders named 0 to 9; then names that begin
    with their digit; then names that end with it. One of these must hold for all pictures.

    Args:
        folder: Of the pictures.
        names: Their paths below it, with ``/``.

    Raises:
        DataError: If none of them does, or ``labels.csv`` is damaged or lacks a picture.
    """
    table = folder / TABLE
    if table.exists():
        known = _read_table(table)
        absent = next((name for name in names if name not in known), None)
        if absent is not None:
            raise DataError(f"says nothing of {absent}", where=table, remedy="give each picture a line")
        return [known[name] for name in names], f"labels from {TABLE}"
    parents = [name.rpartition("/")[0].rpartition("/")[2] for name in names]
    if all(re.fullmatch("[0-9]", parent) for parent in parents):
        return [int(parent) for parent in parents], "labels from the folders"
    stems = [Path(name).stem for name in names]
    for pattern, said in ((BEFORE, "beginning"), (AFTER, "end")):
        matches = [pattern.match(stem) for stem in stems]
        if all(matches):
            return [int(match[1]) for match in matches if match], f"labels from the {said} of the names"
    odd = next(name for name, stem in zip(names, stems, strict=True) if not BEFORE.match(stem))
    raise DataError(f"nothing says which digits the pictures show, such as {odd}", where=folder, remedy=REMEDY)


def _read_table(path: Path) -> dict[str, int]:
    """Return file name -> label from a CSV with a header."""
    remedy = "give it columns file and label, and a line for each picture"
    data = read_bounded(path, MAX_TABLE)
    if len(data) > MAX_TABLE:
        raise DataError(f"is larger than {MAX_TABLE // 10**6} MB", where=path, remedy=remedy)
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as cause:
        raise DataError(f"is not a CSV file ({cause})", where=path, remedy=remedy) from cause
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    file, label = (next((header.index(c) for c in known if c in header), -1) for known in (FILE_COLUMNS, LABEL_COLUMNS))
    if min(file, label) < 0:
        raise DataError("has no column file or no column label", where=path, remedy=remedy)
    known = {}
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        digit = row[label].strip() if len(row) > max(file, label) else ""
        if not re.fullmatch("[0-9]", digit):
            raise DataError(f"line {number:,} has no label 0 to 9", where=path, remedy=remedy)
        known[row[file].strip()] = int(digit)
    return known
