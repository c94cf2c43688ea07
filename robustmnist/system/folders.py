"""Folders of results: a new folder for a command, and only one process at a time in a folder."""

import itertools
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from robustmnist.errors import RunError
from robustmnist.system.files import PART, disk_errors
from robustmnist.system.locks import LOCK, lock, lock_file

__all__ = ["holds_nothing", "locked", "new_folder", "output_folder"]

RUNS = Path("runs")
MOST = 1000  # folders of one name and one second


@contextmanager
def output_folder(out: Path | None, name: str) -> Iterator[Path]:
    """Yield the folder to write to: `out`, or a new folder in ``runs/``, which is removed again if it stays empty.

    Raises:
        RunError: If a new folder cannot be made.
    """
    folder = out if out is not None else new_folder(name)
    try:
        yield folder
    finally:
        if out is None:
            with suppress(OSError):  # it holds something
                folder.rmdir()
                RUNS.rmdir()


def new_folder(name: str) -> Path:
    """Make and return the folder ``runs/NAME-TIME``; if it exists, the next free ``runs/NAME-TIME-2`` and so on.

    The folder is made immediately, so that two commands in the same second get different folders.

    Raises:
        RunError: If it cannot be made.
    """
    first = RUNS / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    numbered = (first.with_name(f"{first.name}-{number}") for number in range(2, MOST))
    for folder in itertools.chain([first], numbered):
        try:
            folder.mkdir(parents=True)
        except (FileExistsError, FileNotFoundError):  # the latter: another command has just removed an empty runs/
            continue
        except OSError as cause:
            what = f"cannot be made ({cause.strerror})"
            raise RunError(what, where=folder, remedy="choose a folder with -o") from cause
        return folder
    raise RunError("cannot be made, whatever number is added", where=first, remedy="choose a folder with -o")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from writing to `folder` while the block runs.

    On a file system without locks, a file in the folder serves as a lock, see `robustmnist.system.locks.lock_file`.

    Raises:
        RunError: If another process is writing there.
    """
    with ExitStack() as stack:
        state = "unknown"
        if os.name != "nt":  # which opens no folders
            handle = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, handle)
            state = lock(handle)
        if state == "theirs":
            raise RunError("another process is writing there", where=folder, remedy="wait, or use another -o")
        if state == "unknown":
            with disk_errors(folder):
                stack.enter_context(lock_file(folder))
        yield


def holds_nothing(folder: Path) -> bool:
    """Return whether `folder` is empty, apart from temporary files and locks that a killed process left."""
    return all(path.name.startswith(".") and (path.suffix == PART or LOCK in path.name) for path in folder.iterdir())
