"""Output folders: checked before a command works, and errors of writing in one line."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from robustmnist.errors import InputError
from robustmnist.system.files import disk_errors, exists

__all__ = ["check_folder", "is_folder", "writing"]

IMPOSSIBLE = (errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP)  # a name that no file can have there


@contextmanager
def writing(where: Path) -> Iterator[None]:
    """Turn an error of writing to `where` into one clear line. Nothing may be printed in the block.

    Raises:
        InputError: For an `OSError` that another folder avoids.
        RobustMnistError: For any other, such as a full disk.
    """
    with disk_errors(where, "run the same command again"):
        try:
            yield
        except OSError as cause:
            if cause.errno not in IMPOSSIBLE:
                raise
            what = f"cannot be written ({cause.strerror})"
            raise InputError(what, where=where, remedy="choose another -o") from cause


def is_folder(path: Path) -> bool:
    """Return whether `path` is a folder.

    Raises:
        InputError: If the system does not allow to look, or the name is impossible for a file.
    """
    return exists(path) and path.is_dir()


def check_folder(out: Path | None) -> None:
    """Refuse an `out` that cannot be a folder, before anything is computed.

    Raises:
        InputError: If `out` is a file, or cannot be looked at.
    """
    if out is not None and exists(out) and not out.is_dir():
        raise InputError("is a file", where=out, remedy="give a folder to -o")
