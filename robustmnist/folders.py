"""Folders that one process at a time writes to."""

import errno
import itertools
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from robustmnist.errors import RobustMnistError, RunError
from robustmnist.files import PART
from robustmnist.locks import LOCK, lock, lock_file

__all__ = ["disk_errors", "holds_nothing", "locked", "new_folder", "output_folder"]

RUNS = Path("runs")
MOST = 1000  # folders of one name and one second

FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)  # what the user can only mend by writing elsewhere


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from writing to `folder` while the block runs.

    Where the file system knows no locks a file in the folder stands for one, see `robustmnist.locks.lock_file`.

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
    """Return whether `folder` is empty but for what a kill may leave before there is anything else."""
    return all(path.name.startswith(".") and (path.suffix == PART or LOCK in path.name) for path in folder.iterdir())


@contextmanager
def disk_errors(path: Path, again: str = "run the same command again to go on") -> Iterator[None]:
    """Turn what the system says about writing `path` into one line with a remedy.

    Args:
        path: What the block writes.
        again: How to go on once the disk has room.

    Raises:
        RunError: If writing there is not allowed.
        RobustMnistError: If it is, and failed.
    """
    try:
        yield
    except OSError as cause:
        what = f"cannot be written ({cause.strerror})"
        if cause.errno in FORBIDDEN:
            raise RunError(what, where=path, remedy="use another -o") from cause
        raise RobustMnistError(what, where=path, remedy=f"see to it and {again}") from cause


@contextmanager
def output_folder(out: Path | None, name: str) -> Iterator[Path]:
    """Yield the folder to write to: `out`, else a new one in ``runs/``, which goes where nothing was written to it.

    Raises:
        RunError: If a new one cannot be made.
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
    """Make a folder ``runs/NAME-TIME``, or with the next number at its end where there is one, and return it.

    It is there at once: of two commands in one second each has a folder of its own.

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
