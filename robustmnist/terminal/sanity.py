"""Verdicts of sanity checks on the terminal, a line each as soon as it is known."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from robustmnist.terminal.echo import echo, echo_json

if TYPE_CHECKING:
    from robustmnist.training.sanity import Verdict

__all__ = ["show_verdicts"]

NAME, NUMBER = 36, 44  # widths of the columns


def show_verdicts(verdicts: "Iterable[Verdict]", *, as_json: bool) -> bool:
    """Print the verdicts and how many passed; return whether all did."""
    seen = []
    for verdict in verdicts:
        seen.append(verdict)
        if not as_json:
            word = "ok  " if verdict.passed else "MISS"
            echo(f"{word}  {verdict.name.ljust(NAME)}{verdict.number.ljust(NUMBER)}(wanted {verdict.wanted})")
            if not verdict.passed:
                echo(f"      often: {verdict.hint}")
    passed = sum(verdict.passed for verdict in seen)
    if as_json:
        echo_json([verdict.as_dict() for verdict in seen])
    else:
        echo(f"{passed} of {len(seen)} checks passed")
    return passed == len(seen)
