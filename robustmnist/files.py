"""Files that are either whole or not there, and their hashes."""

import errno
import hashlib
import os
import tempfile
from pathlib import Path

__all__ = ["clear_leftovers", "sha256_bytes", "sha256_file", "write_atomic"]

PART = ".part"


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write `content` to `path` so that a reader sees the old file or the new one, never a part.

    The bytes go to a temporary file beside `path`, are flushed to the disk, and take its name in one step;
    a kill at any moment leaves `path` as it was. Text is written as UTF-8.
    """
    data = content.encode() if isinstance(content, str) else content
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


def sha256_bytes(data: bytes | memoryview) -> str:
    """Return the SHA-256 of `data` as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of the file's bytes as 64 hexadecimal digits, read in bounded memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
