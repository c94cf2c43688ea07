"""Files that are either whole or not there, and their hashes."""

import errno
import hashlib
import os
import stat
import tempfile
from pathlib import Path

from robustmnist.errors import InputError

__all__ = ["clear_leftovers", "exists", "is_file", "sha256_bytes", "sha256_file", "utf8", "write_atomic"]

PART = ".part"


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write `content` to `path` so that a reader sees the old file or the new one, never a part.

    The bytes go to a temporary file beside `path`, are flushed to the disk, and take its name in one step;
    a kill at any moment leaves `path` as it was. Text is written as `utf8` has it.
    """
    data = utf8(content) if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as cause:  # which would be said to the user of a file that does not exist
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path.parent)) from cause
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files private; a result is to be read by whoever may read its folder.
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def clear_leftovers(folder: Path) -> None:
    """Remove the temporary files that kills of `write_atomic` left in `folder`, which need not exist.

    No other process may be writing there: its temporary files would go too.
    """
    for path in folder.glob(f".*{PART}"):
        path.unlink()


def exists(path: Path, error: type[InputError] = InputError) -> bool:
    """Return whether anything is at `path`, which a user named.

    Raises:
        InputError: As `error`, if the system refuses to tell: the name is too long, a folder may not be looked into.
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
    r"""Return `text` in UTF-8; of a file's name that is none, the odd bytes as JSON escapes them: ``\udcff``.

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
