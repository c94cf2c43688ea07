"""Progress in a notebook, where nobody sees a terminal: a line under the cell that is written anew all the time."""

import sys
import time
from collections.abc import Callable

__all__ = ["in_notebook", "notebook_progress"]

INTERVAL = 0.2  # seconds between two updates: each update is a message to the browser


def in_notebook() -> bool:
    """Return whether this runs in a cell of a Jupyter notebook."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"


def notebook_progress(title: str, unit: str) -> Callable[..., None] | None:
    """Return a function ``report(done, total, images=0)`` that shows how far the work is; None outside a notebook."""
    if not in_notebook():
        return None
    from IPython.display import Pretty, display  # type: ignore[import-not-found,unused-ignore]

    shown = display(Pretty(f"{title} …"), display_id=True)
    started = latest = time.monotonic()

    def report(done: int, total: int, images: int = 0) -> None:
        nonlocal latest
        now = time.monotonic()
        if done < total and now - latest < INTERVAL:
            return
        latest = now
        left = (now - started) / done * (total - done) if done else 0.0
        ahead = f", {left:.0f} s left" if 0 < done < total else f", {now - started:.0f} s"
        shown.update(Pretty(f"{title}: {done:,}/{total:,} {unit}{ahead}"))

    return report
