"""A file that the user named: read whole, bounded, with one clear line where it cannot be."""

from pathlib import Path

from robustmnist.data.formats.idx import read_bounded
from robustmnist.errors import DataError

__all__ = ["read_user_file"]


def read_user_file(name: str, most: int) -> tuple[Path, bytes]:
    """Return the path and the bytes, unpacked where they are gzipped.

    Raises:
        DataError: If it cannot be read or holds more than `most` bytes.
    """
    if not name:
        raise DataError("names no file", where="--dataset", remedy="write it after the colon, as in csv:train.csv")
    path = Path(name).expanduser()
    try:
        data = read_bounded(path, most)
    except DataError as error:
        raise DataError(error.what, where=error.where, remedy="give a file that can be read") from error.__cause__
    except ValueError as cause:  # a NUL in the name
        raise DataError(f"cannot be read ({cause})", where=path, remedy="give a file that can be read") from cause
    if len(data) > most:
        raise DataError(f"is larger than {most // 10**6:,} MB", where=path, remedy="split it")
    if not data:
        raise DataError("is empty", where=path)
    return path, data
