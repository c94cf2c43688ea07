"""Folders that one process at a time writes to."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from robustmnist.errors import RobustMnistError, RunError

__all__ = ["disk_errors", "locked"]

FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)  # what the user can only mend by writing elsewhere


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from writing to `folder` while the block runs, where the system can lock folders.

    Raises:
        RunError: If another process is writing there.
    """
    try:
        import fcntl
    except ImportError:  # no such locks on Windows
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError("another process is writing there", where=folder, remedy="wait, or use another -o") from None
        except OSError:
            pass  # some network file systems know no locks; the run is as safe as without
        yield
    finally:
        os.close(handle)


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
