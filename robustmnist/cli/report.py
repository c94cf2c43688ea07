"""The command ``report``."""

from pathlib import Path

import click

__all__ = ["command"]


@click.command(name="report")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Where to write.  [default: DIR/report.html]"
)
def command(folder: Path, out: Path | None) -> None:
    """Render the report of a run again from disk, without a model.

    DIR is a folder that 'robustmnist evaluate' wrote. The page is the one that evaluate wrote, byte for byte.

    \b
    robustmnist report runs/shift
    robustmnist report runs/shift -o shift.html
    """  # noqa: D301 (click reads a real backspace as "keep these lines")
    from robustmnist.predictions import read_predictions
    from robustmnist.report import write_report

    click.echo(write_report(read_predictions(folder), out or folder / "report.html"))
