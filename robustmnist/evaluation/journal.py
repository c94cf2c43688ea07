"""The journal of a run: a line with a hash for every unit whose logits are on disk."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustmnist.errors import RunError
from robustmnist.evaluation.plan import Unit
from robustmnist.system.files import sha256_bytes, utf8, write_atomic

__all__ = ["Journal", "write_all"]

MAX_BYTES = 500_000_000
KEYS = ("start", "stop", "suite", "sweep", "variant", "value")


class Journal:
    """One line of JSON per unit, appended after the unit's logits were written.

    The first line holds the identity of the run. Any other line counts only if it is exactly the line that would be
    written for the bytes on disk, so that it does not matter in which order a machine that lost power wrote its pages.

    Args:
        path: The file; made with its first line if missing.
        identity: What the run is.
        units: All units of the run, in their order.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any], units: Sequence[Unit]) -> None:
        self._path, self._units = path, units
        self._head = _line({"run": dict(identity)})
        self._stored = _read(path)
        self._lines: dict[Unit, bytes] = {}
        if not path.exists():
            write_atomic(path, self._head)

    def __contains__(self, unit: Unit) -> bool:
        return unit in self._lines

    def mentions(self, unit: Unit) -> bool:
        """Return whether an earlier process left a line for the unit; `trust` decides whether the line is right."""
        return _key(unit) in self._stored

    def trust(self, unit: Unit, logits: NDArray[np.float32]) -> None:
        """Accept the line of an earlier process if its hash is that of `logits`, which are read from disk."""
        line = _entry(unit, logits)
        if self._stored.get(_key(unit)) == line:
            self._lines[unit] = line

    def open(self) -> None:
        """Begin to write: drop the lines that were not accepted, so that every line left is right."""
        self.rewrite()
        self._file = self._path.open("ab", buffering=0)

    def add(self, unit: Unit, logits: NDArray[np.float32]) -> None:
        """Append the line of a unit whose logits were written."""
        self._lines[unit] = _entry(unit, logits)
        write_all(self._file, self._lines[unit])

    def sync(self) -> None:
        """Bring the lines to the disk."""
        os.fsync(self._file.fileno())

    def rewrite(self) -> None:
        """Bring the lines into the order of the units, if they are not."""
        content = self._head + b"".join(self._lines[unit] for unit in self._units if unit in self._lines)
        if self._path.read_bytes() != content:
            write_atomic(self._path, content)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def write_all(file: Any, data: bytes) -> None:
    """Write all of `data` to an unbuffered file, which may take less at a time than it is given."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _read(path: Path) -> dict[str, bytes]:
    """Return the journal's lines by their unit; torn and damaged lines are ignored."""
    if not path.exists():
        return {}
    if path.stat().st_size > MAX_BYTES:
        raise RunError(f"is larger than {MAX_BYTES:,} bytes", where=path, remedy="use another -o")
    lines_by_unit = {}
    for line in path.read_bytes().split(b"\n")[:-1]:
        try:
            table = json.loads(line)
            lines_by_unit[json.dumps([table[key] for key in KEYS])] = line + b"\n"
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return lines_by_unit


def _key(unit: Unit) -> str:
    return json.dumps([getattr(unit, key) for key in KEYS])


def _entry(unit: Unit, logits: NDArray[np.float32]) -> bytes:
    digest = sha256_bytes(np.ascontiguousarray(logits, "<f4").tobytes())
    return _line({**{key: getattr(unit, key) for key in KEYS}, "sha256": digest})


def _line(table: Mapping[str, Any]) -> bytes:
    return utf8(json.dumps(table, ensure_ascii=False, allow_nan=False) + "\n")
