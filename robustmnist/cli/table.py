"""Tables on standard output."""

import sys
from collections.abc import Sequence

import click

__all__ = ["print_table"]


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: drawn on a terminal, elsewhere plain columns, two spaces apart, for logs and for people.

    A program asks the command for ``--json`` instead.
    """
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table()
        for cell in head:
            table.add_column(Text(cell))
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))  # as text: [brackets] in a name are no markup
        Console().print(table)
        return
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in [head, *rows]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
