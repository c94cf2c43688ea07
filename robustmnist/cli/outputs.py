"""Where results go, and what happens where they cannot go there."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from robustmnist.errors import InputError
from robustmnist.system.files import disk_errors, exists

__all__ = ["check_folder", "is_folder", "writing"]

NO_PLACE = (errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP)  # a name that no file can have there


@contextmanager
def writing(where: Path) -> Iterator[None]:
    """Tell in one line that the operating system does not write to `where`. In the block nothing may be printed.

    Raises:
        InputError: In place of an `OSError`, where another place mends it.
        RobustMnistError: Where it does not: the disk is full.
    """
    with disk_errors(where, "run the same command again"):
        try:
            yield
        except OSError as cause:
            if cause.errno not in NO_PLACE:
                raise
            what = f"cannot be written ({cause.strerror})"
            raise InputError(what, where=where, remedy="choose another -o") from cause


def is_folder(path: Path) -> bool:
    """Return whether `path` is a folder.

    Raises:
        InputError: If that cannot be known: it may not be looked at, or no file can be called so.
    """
    return exists(path) and path.is_dir()


def check_folder(out: Path | None) -> None:
    """Refuse to write to a folder what `out` cannot hold, before anything is computed.

    Raises:
        InputError: If `out` is a file, or cannot be looked at.
    """
    if out is not None and exists(out) and not out.is_dir():
        raise InputError("is a file", where=out, remedy="give a folder to -o")
