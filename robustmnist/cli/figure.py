"""``robustmnist figure``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from robustmnist.cli import options
from robustmnist.errors import InputError
from robustmnist.terminal.echo import echo, say

if TYPE_CHECKING:
    from robustmnist.data import Dataset
    from robustmnist.predictions import Predictions

__all__ = ["command"]

KINDS = ("curves", "filmstrip", "animation", "summary")
ENDINGS = {"animation": ("gif",)}


@click.command("figure")
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help="curves: accuracy against strength; filmstrip: one digit at rising strength; animation: the same digit moving "
    "(GIF); summary: the run on one page of A4.  [default: filmstrip with --digit, animation for a .gif, else curves]",
)
@click.option("-s", "--suite", metavar="NAME", help="A suite of the run.  [default: its first]")
@click.option("--sweep", metavar="NAME", help="One of its sweeps.  [default: all for curves, else the first]")
@click.option(
    "--digit", type=int, metavar="ID", help="Which digit.  [default: the first that all misread somewhere on the way]"
)
@click.option("--title", metavar="TEXT", help="What stands above; an empty text for nothing.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="Where to write; ends in .svg, .png, .pdf or .gif.",
)
@options.data_dir
def command(
    folder: Path,
    kind: str | None,
    suite: str | None,
    sweep: str | None,
    digit: int | None,
    title: str | None,
    out: Path,
    data_dir: Path | None,
) -> None:
    """Draw a figure of a run for a slide, a paper or a lesson.

    RUN is a folder that 'robustmnist evaluate' wrote.

    \b
    robustmnist figure runs/mine --suite rotation -o rotation.svg
    robustmnist figure runs/mine --suite rotation --digit 7 -o seven.png
    robustmnist figure runs/mine --suite shift -o pushed.gif
    robustmnist figure runs/mine --kind summary -o summary.pdf
    """  # noqa: D301 (click reads a real backspace as "keep these lines")
    ending = out.suffix.lower()
    chosen = kind or ("animation" if ending == ".gif" else "filmstrip" if digit is not None else "curves")
    from robustmnist.figures.saving import KINDS as FILES
    from robustmnist.figures.saving import kind_of

    kind_of(out, ENDINGS.get(chosen, FILES))
    if chosen == "summary" and (suite or sweep):
        raise InputError("shows the whole run", where="--kind summary", remedy="leave out --suite and --sweep")
    if digit is not None and chosen in ("curves", "summary"):
        raise InputError("shows no single digit", where=f"--kind {chosen}", remedy="leave out --digit")
    from robustmnist import figures
    from robustmnist.predictions import read_predictions

    run = read_predictions(folder)
    if chosen == "curves":
        made: object = figures.curves(run, suite, sweep, title=title)
    elif chosen == "summary":
        made = figures.summary(run, title=title)
    else:
        draw = figures.animation if chosen == "animation" else figures.filmstrip
        named = suite or next((known.name for known in run.suites if known.curves), "")
        made = draw(run, named, sweep, digit, dataset=_digits(run, data_dir), title=title)
    echo(figures.save(made, out))  # type: ignore[arg-type]


def _digits(run: "Predictions", data_dir: Path | None) -> "Dataset":
    from robustmnist.figures.pushed import digits_of

    return digits_of(run, data_dir=data_dir, notify=say)
