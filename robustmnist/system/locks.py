"""Locks that hold while a process lives: on an open file, and on a folder even if the file system has no locks."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from robustmnist.errors import RunError

__all__ = ["LOCK", "lock", "lock_file"]

LOCK = ".lock"  # in a folder on a file system without locks: who writes there


def lock(handle: int) -> Literal["ours", "theirs", "unknown"]:
    """Try to lock an open file or folder until it is closed or the process ends, in whatever way.

    Returns:
        Whose it is now; ``unknown`` where the system or the file system knows no locks.
    """
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return "theirs"
    except (ImportError, OSError):  # Windows; some network file systems
        return "unknown"
    return "ours"


@contextmanager
def lock_file(folder: Path) -> Iterator[None]:
    """Lock `folder` by a file in it that names this process; the lock of a dead process is replaced.

    Raises:
        RunError: If another process holds it, or did so on another machine, where nobody can know whether it lives.
    """
    path = folder / LOCK
    mine = f"process {os.getpid()} on {socket.gethostname()}"
    if not _created(path, mine) and not _taken_over(path, mine):
        what = f"another process is writing there: {_owner(path) or 'who, is not known'}"
        remedy = f"wait, or use another -o; if that process has ended, remove {path}*"
        raise RunError(what, where=folder, remedy=remedy)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _created(path: Path, mine: str) -> bool:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(mine)
    except FileExistsError:
        return False
    return True


def _taken_over(path: Path, mine: str) -> bool:
    """Replace the lock of a dead process by ours; a guard file makes sure that only one process succeeds."""
    guard = path.with_name(f"{path.name}.guard")
    if not _is_dead(_owner(path)) or not _created(guard, mine):
        return False
    try:
        if not _is_dead(_owner(path)):  # another has taken it over since
            return False
        path.unlink()
        return _created(path, mine)
    finally:
        guard.unlink()


def _owner(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")[:300]
    except (OSError, ValueError):
        return ""


def _is_dead(owner: str) -> bool:
    word, _, rest = owner.partition(" ")
    number, _, host = rest.partition(" on ")
    if os.name == "nt" or (word, host) != ("process", socket.gethostname()) or not number.isdecimal():
        return False
    with suppress(PermissionError, OverflowError):  # alive, another user's; no number of a process
        try:
            os.kill(int(number), 0)
        except ProcessLookupError:
            return True
    return False
