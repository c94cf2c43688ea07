"""The folder of a run: whose it is, and who may write to it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from robustmnist.errors import RobustMnistError, RunError

__all__ = ["clear_leftovers", "disk_errors", "locked", "recorded_identity"]

MAX_LINE = 20_000_000  # bytes of the journal's first line


def recorded_identity(folder: Path) -> dict[str, Any] | None:
    """Return what run `folder` holds, finished or not; None where it is missing or empty.

    Raises:
        RunError: If it holds something else, or its journal is damaged.
    """
    journal = folder / "journal.jsonl"
    elsewhere = "use another -o"
    try:
        if not journal.exists():
            if folder.exists() and not folder.is_dir():
                raise RunError("is not a folder", where=folder, remedy=elsewhere)
            # A run that was killed before its journal was there has left nothing but the journal's temporary file.
            if folder.is_dir() and any(not path.name.startswith(".journal.jsonl.") for path in folder.iterdir()):
                raise RunError("is not empty and holds no run", where=folder, remedy=elsewhere)
            return None
        with journal.open("rb") as file:
            head = json.loads(file.readline(MAX_LINE))
        return dict(head["run"])
    except OSError as cause:
        raise RunError(f"cannot be read ({cause.strerror})", where=journal, remedy=elsewhere) from cause
    except (ValueError, KeyError, TypeError, RecursionError) as cause:
        raise RunError("is damaged", where=journal, remedy=f"delete the folder or {elsewhere}") from cause


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


def clear_leftovers(folder: Path) -> None:
    """Remove the temporary files of writes that a kill cut short."""
    for place in (folder, folder / "predictions"):
        for path in place.glob(".*.part"):
            path.unlink()


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the system says about writing `path` into one line with a remedy."""
    try:
        yield
    except OSError as cause:
        remedy = "see to it and run the same command again to go on"
        raise RobustMnistError(f"cannot be written ({cause.strerror})", where=path, remedy=remedy) from cause
