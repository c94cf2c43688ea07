"""Standard output and standard error as they may be found: closed, full, or without some of our characters."""

import codecs
import io
import os
import sys

__all__ = ["give_up_stdout", "ready_streams"]

DASHES = "\u2013\u2212"  # between the ends of an interval, and before a number below 0


def ready_streams() -> None:
    """Let no stream stop the work: a closed one swallows what is printed, and one without a character shows another.

    For dash and minus a hyphen, for any other a question mark; standard error has its own way, an escape.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(_nowhere(), "w", encoding="utf-8", errors="replace"))
    if isinstance(sys.stdout, io.TextIOWrapper):
        codecs.register_error("nearest", _nearest)
        sys.stdout.reconfigure(errors="nearest")


def give_up_stdout() -> None:
    """Let what is left for standard output go nowhere: Python writes it at its end, and would complain once more."""
    os.dup2(_nowhere(), sys.stdout.fileno())


def _nearest(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end]
    return "".join("-" if character in DASHES else "?" for character in lacking), error.end


def _nowhere() -> int:
    return os.open(os.devnull, os.O_WRONLY)
