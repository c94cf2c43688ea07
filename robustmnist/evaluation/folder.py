"""The folder of a run: whose it is."""

import json
from pathlib import Path
from typing import Any

from robustmnist.errors import RunError
from robustmnist.folders import holds_nothing

__all__ = ["recorded_identity"]

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
            if folder.is_dir() and not holds_nothing(folder):
                raise RunError("is not empty and holds no run", where=folder, remedy=elsewhere)
            return None
        with journal.open("rb") as file:
            head = json.loads(file.readline(MAX_LINE))
        return dict(head["run"])
    except OSError as cause:
        raise RunError(f"cannot be read ({cause.strerror})", where=journal, remedy=elsewhere) from cause
    except (ValueError, KeyError, TypeError, RecursionError) as cause:
        raise RunError("is damaged", where=journal, remedy=f"delete the folder or {elsewhere}") from cause
