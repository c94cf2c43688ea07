"""The folders that are searched for MNIST."""

import os
import sys
from pathlib import Path

from robustmnist.errors import DataError

__all__ = ["VARIABLE", "MissingDataError", "cache_folder", "named_folder"]

VARIABLE = "ROBUSTMNIST_DATA"


class MissingDataError(DataError):
    """The data are missing and cannot be downloaded; damaged data raise a plain DataError."""


def named_folder(data_dir: Path | None) -> tuple[Path, str] | None:
    """Return the folder that the user named for the data, and how: `data_dir`, else ``$ROBUSTMNIST_DATA``.

    None where neither is given; an empty variable counts as not given. This is the one place that reads the variable.
    """
    if data_dir is not None:
        return Path(data_dir).expanduser(), "--data-dir"
    value = os.environ.get(VARIABLE)
    return (Path(value).expanduser(), f"${VARIABLE}") if value else None


def cache_folder() -> Path:
    """Return the user's cache folder for robustmnist; it need not exist.

    ``$XDG_CACHE_HOME/robustmnist`` where that is an absolute path, else ``~/Library/Caches/robustmnist`` on macOS,
    ``%LOCALAPPDATA%/robustmnist/Cache`` on Windows and ``~/.cache/robustmnist`` elsewhere. This is the one place that
    reads these variables.

    Raises:
        MissingDataError: If the user has no home folder.

    Source: XDG Base Directory Specification 0.8 (a relative path there is to be ignored).
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    if Path(named).is_absolute():
        return Path(named, "robustmnist")
    local = os.environ.get("LOCALAPPDATA", "")
    if sys.platform == "win32" and local:
        return Path(local, "robustmnist", "Cache")
    try:
        home = Path.home()
    except RuntimeError as cause:
        raise MissingDataError(
            "there is no home folder to store MNIST in",
            where="the cache",
            remedy="set XDG_CACHE_HOME or give --data-dir",
        ) from cause
    return (
        home.joinpath("Library", "Caches") / "robustmnist" if sys.platform == "darwin" else home / ".cache/robustmnist"
    )
