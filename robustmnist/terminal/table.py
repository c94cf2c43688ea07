"""Tables on standard output."""

import sys
from collections.abc import Sequence

from robustmnist.terminal.echo import echo
from robustmnist.wording.characters import visible

__all__ = ["print_table"]

LINES = 3  # columns of the terminal that a ruled table takes beside each of its own, and one at its end


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: drawn on a terminal, elsewhere plain columns, two spaces apart, for logs and for people.

    Text is broken between words only: what stands in a table may have to be typed. A program asks the command for
    ``--json`` instead.
    """
    table = [[visible(cell) for cell in row] for row in (head, *rows)]
    if sys.stdout.isatty():
        _draw(table)
        return
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _draw(table: Sequence[Sequence[str]]) -> None:
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    columns = list(zip(*table, strict=True))
    least = [max((cell_len(word) for cell in column for word in cell.split()), default=0) for column in columns]
    console = Console()
    ruled = sum(least) + LINES * len(least) + 1 <= console.width
    room = console.width - (LINES * len(least) + 1 if ruled else 2 * (len(least) - 1))
    widths = _fitted([max(map(cell_len, column)) for column in columns], least, room)
    drawn = Table() if ruled else Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for cell, width in zip(table[0], widths, strict=True):
        drawn.add_column(Text(cell), width=width)
    for row in table[1:]:
        drawn.add_row(*map(Text, row))  # as text: [brackets] in a name are not markup
    console.width = max(console.width, console.width + sum(widths) - room)
    console.print(drawn)


def _fitted(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Return the widths, the widest made narrower until they fit in `room`, none below its least."""
    fitted = list(widths)
    while sum(fitted) > room and (loose := [at for at, width in enumerate(fitted) if width > least[at]]):
        fitted[max(loose, key=lambda at: fitted[at])] -= 1
    return fitted
