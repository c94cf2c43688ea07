"""The command ``report``."""

from pathlib import Path

import click

from robustmnist.cli.outputs import writing
from robustmnist.terminal.echo import echo

__all__ = ["command"]


@click.command(name="report")
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write.  [default: DIR/report.html; of several runs report.html in a new folder in runs/]",
)
def command(folders: tuple[Path, ...], out: Path | None) -> None:
    """Write the report of a run again from its folder, without a model.

    DIR is a folder that 'robustmnist evaluate' wrote. The page is byte for byte the page that evaluate wrote.
    Several folders give one report of all their checkpoints and suites; they must be runs of the same digits. Mistakes
    that 'evaluate --explain' or 'explain -o DIR' explained show why they were made.

    \b
    robustmnist report runs/shift
    robustmnist report runs/shift -o shift.html
    robustmnist report runs/mine runs/theirs -o both.html
    """  # noqa: D301 (click reads a real backspace as "keep these lines")
    from robustmnist.predictions import merge, read_predictions
    from robustmnist.report import write_report
    from robustmnist.system.folders import output_folder

    run = merge([read_predictions(folder) for folder in folders])
    parent = out.parent if out is not None else folders[0] if len(folders) == 1 else None
    with output_folder(parent, "report") as folder:
        page = folder / (out.name if out is not None else "report.html")
        with writing(page):
            write_report(run, page, folders)
    echo(page)
