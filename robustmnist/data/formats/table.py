"""Tables of numbers as text: CSV with a label and the pixels of a digit in each line.

Of digits written as whole numbers 0 to 255, as Kaggle's and most others' are, every byte is looked at: three digits at
the most, then a comma or the end of the line. Anything else that is a number is read by pandas.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from robustmnist.errors import DataError

__all__ = ["NumberTable", "parse_table"]

CHUNK = 1 << 20  # bytes looked at together
MAX_ROWS, MAX_COLUMNS = 500_000, 20_000
COMMA, NEWLINE, ZERO = b",\n0"
SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, eq=False)
class NumberTable:
    """A table of numbers.

    Attributes:
        columns: Their names; empty where the file has no header.
        values: ``(rows, columns)``: uint8 where all are whole numbers 0 to 255, else float64.
    """

    columns: tuple[str, ...]
    values: np.ndarray


def parse_table(data: bytes, where: object) -> NumberTable:
    """Return the table in the bytes of a CSV file with or without a header; ``;`` and tabs separate too.

    Raises:
        DataError: If it is no table of numbers; the message says in which line.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    first = data[: data.find(b"\n") if b"\n" in data else len(data)][:1_000_000]
    try:
        line = first.decode("utf-8")
    except UnicodeDecodeError as cause:
        raise DataError("is not a text of numbers", where=where) from cause
    separator = max(SEPARATORS, key=line.count)
    cells = [cell.strip().strip("\"'") for cell in line.split(separator)]
    if len(cells) > MAX_COLUMNS:
        raise DataError(f"has {len(cells):,} columns", where=where)
    header = not all(map(_is_number, cells))
    body = memoryview(data)[len(first) + 1 :] if header else memoryview(data)
    if separator != ",":
        body = memoryview(bytes(body).replace(separator.encode(), b","))
    columns = tuple(cells) if header else ()
    parts, at, rows = [], 2 if header else 1, 0
    for chunk in _chunks(body):
        part = _whole(chunk, len(cells), where, at)
        parts.append(_any(chunk, len(cells), where, at) if part is None else part)
        rows += len(parts[-1])
        at += len(parts[-1])
        if rows > MAX_ROWS:
            raise DataError(f"holds more than {MAX_ROWS:,} rows", where=where, remedy="split it")
    if not rows:
        raise DataError("holds no rows", where=where)
    if any(part.dtype != np.uint8 for part in parts):
        return NumberTable(columns, np.concatenate([part.astype(np.float64) for part in parts]))
    return NumberTable(columns, np.concatenate(parts))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _chunks(body: memoryview) -> Iterator[np.ndarray]:
    """Yield whole lines, each ended, as arrays of bytes."""
    text = np.frombuffer(body, np.uint8)
    start = 0
    while start < len(text):
        stop = min(start + CHUNK, len(text))
        if stop < len(text):
            ends = np.flatnonzero(text[start:stop] == NEWLINE)
            stop = start + int(ends[-1]) + 1 if len(ends) else len(text)
        chunk = text[start:stop]
        yield chunk if chunk[-1] == NEWLINE else np.append(chunk, np.uint8(NEWLINE))
        start = stop


def _whole(text: np.ndarray, columns: int, where: object, at: int) -> np.ndarray | None:
    """Return lines of whole numbers 0 to 255 as uint8 ``(rows, columns)``; None where anything else is in them."""
    ends = np.flatnonzero((text == COMMA) | (text == NEWLINE))
    length = np.diff(ends, prepend=-1) - 1
    digit = text - np.uint8(ZERO)  # what is no digit becomes 10 or more
    if length.min() < 1 or length.max() > 3 or int((digit < 10).sum()) + len(ends) != len(text):
        return None
    value = digit[ends - 1].astype(np.uint16)
    for from_end, power in ((2, 10), (3, 100)):
        longer = np.flatnonzero(length >= from_end)
        value[longer] += digit[ends[longer] - from_end].astype(np.uint16) * np.uint16(power)
    if value.max() > 255:
        return None
    breaks = np.flatnonzero(text[ends] == NEWLINE)
    wrong = np.flatnonzero(np.diff(breaks, prepend=-1) != columns)
    if len(wrong):
        raise DataError(f"line {at + int(wrong[0]):,} does not have {columns:,} numbers", where=where)
    return value.astype(np.uint8).reshape(-1, columns)


def _any(text: np.ndarray, columns: int, where: object, at: int) -> np.ndarray:
    """Return lines of any numbers, read by pandas, as float64 ``(rows, columns)``."""
    import pandas as pd

    try:
        frame = pd.read_csv(io.BytesIO(text.tobytes()), header=None, dtype=np.float64, skip_blank_lines=True)
    except Exception as cause:  # ParserError, ValueError, EmptyDataError, UnicodeDecodeError, OverflowError
        raise DataError(f"from line {at:,} on is no table of numbers", where=where) from cause
    values = frame.to_numpy()
    if values.shape[1] != columns or not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values).all(1))[0]) if values.shape[1] == columns else 0
        raise DataError(f"line {at + row:,} does not have {columns:,} numbers", where=where)
    return values
