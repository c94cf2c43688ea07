"""Files that are either whole or not there, and their hashes."""

import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from robustmnist.errors import InputError, RobustMnistError, RunError
from robustmnist.system.locks import lock

__all__ = [
    "clear_leftovers",
    "disk_errors",
    "exists",
    "is_file",
    "sha256_bytes",
    "sha256_file",
    "utf8",
    "write_atomic",
]


PART = ".part"  # the ending of a file that is being written
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)  # what the user can only mend by writing elsewhere


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write `content` to `path` so that a reader sees the old file or the new file, never a part.

    The bytes go to a temporary file beside `path`, are flushed to the disk, and take its name in one step;
    a kill at any moment leaves `path` as it was. The next call for `path` removes what a kill left beside it. Text is
    encoded by `utf8`.
    """
    data = utf8(content) if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as cause:  # its message would name a file that does not exist
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path.parent)) from cause
    _clear(path.parent, f".{path.name}.")
    handle, temporary, locked = _new_part(path)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            # mkstemp makes files private; a result is to be read by whoever may read its folder.
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(0o666 & ~mask)
            if locked:  # until it has its name nobody takes it for a leftover
                temporary.replace(path)
        if not locked:  # Windows renames no open file
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def clear_leftovers(folder: Path) -> None:
    """Remove the temporary files that kills of `write_atomic` left in `folder`, which need not exist.

    Files of living processes stay. On a file system without locks all stay, since it cannot be known whose they are.
    """
    _clear(folder, ".")


def _new_part(path: Path) -> tuple[int, Path, bool]:
    """Return a new temporary file beside `path`, open for writing, and whether it is locked."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
        state = lock(handle)
        if state == "unknown" or (state == "ours" and os.fstat(handle).st_nlink):
            return handle, Path(name), state == "ours"
        os.close(handle)  # another process took it for a leftover before it was locked


def _clear(folder: Path, start: str) -> None:
    """Remove the temporary files in `folder` that begin with `start` and that no living process has locked."""
    with suppress(OSError):  # no such folder, or a folder that may not be looked into
        for path in folder.iterdir():
            if path.name.startswith(start) and path.name.endswith(PART) and path.is_file():
                _remove_abandoned(path)


def _remove_abandoned(path: Path) -> None:
    with suppress(OSError), path.open("r+b") as file:
        if lock(file.fileno()) == "ours":
            path.unlink()


def exists(path: Path, error: type[InputError] = InputError) -> bool:
    """Return whether anything is at `path`, which a user named.

    Raises:
        InputError: As `error`, if the system refuses to answer: the name is too long, a folder may not be looked into.
    """
    return _mode(path, error) is not None


def is_file(path: Path, error: type[InputError] = InputError) -> bool:
    """Return whether a regular file is at `path`; it is refused as `exists` refuses."""
    mode = _mode(path, error)
    return mode is not None and stat.S_ISREG(mode)


def _mode(path: Path, error: type[InputError]) -> int | None:
    """Return the file mode of what is at `path`, None where nothing is."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as cause:  # a ValueError: a null character in the name
        what = f"cannot be looked at ({getattr(cause, 'strerror', None) or cause})"
        raise error(what, where=path, remedy="name another path, or make its folder readable") from cause


def utf8(text: str) -> bytes:
    r"""Return `text` in UTF-8; bytes of a file's name that are not UTF-8 are escaped as in JSON: ``\udcff``.

    JSON that was written so is read back as it was.
    """
    return text.encode(errors="backslashreplace")


def sha256_bytes(data: bytes | memoryview) -> str:
    """Return the SHA-256 of `data` as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of the file's bytes as 64 hexadecimal digits, read in bounded memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def disk_errors(path: Path, line: str = "run the same command again to continue") -> Iterator[None]:
    """Turn an error of the operating system about writing `path` into one line with a remedy.

    Args:
        path: What the block writes.
        line: What to do when the disk has room again, as the end of the remedy.

    Raises:
        RunError: If writing there is not allowed.
        RobustMnistError: If it is allowed, and failed.
    """
    try:
        yield
    except OSError as cause:
        what = f"cannot be written ({cause.strerror})"
        if cause.errno in FORBIDDEN:
            raise RunError(what, where=path, remedy="use another -o") from cause
        raise RobustMnistError(what, where=path, remedy=f"make room or repair it, then {line}") from cause
