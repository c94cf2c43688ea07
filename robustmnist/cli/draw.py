"""``robustmnist draw``."""

from pathlib import Path

import click

from robustmnist.cli import options
from robustmnist.cli.inputs import load_checkpoints, load_test_digits
from robustmnist.cli.outputs import writing
from robustmnist.errors import InputError
from robustmnist.terminal.echo import echo, say

__all__ = ["command"]

NAME = "digit.html"


@click.command("draw")
@options.checkpoints
@options.code
@options.dataset
@options.data_dir
@click.option(
    "--precision",
    type=click.Choice(["int8", "float16"]),
    default="int8",
    show_default=True,
    help="How the weights in the page are rounded.",
)
@click.option(
    "--serve", is_flag=True, help="Let the models themselves answer, from this computer: for ONNX and your own code."
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="With --serve: the port.  [default: a free one]")
@click.option("--open/--no-open", "show", default=True, help="Whether a browser opens the page, where there is one.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Where to write the page.  [default: {NAME} in a new folder in runs/]",
)
def command(
    checkpoints: tuple[str, ...],
    codes: tuple[str, ...],
    dataset: str,
    data_dir: Path | None,
    precision: str,
    serve: bool,
    port: int,
    show: bool,
    out: Path | None,
) -> None:
    """Draw a digit: what the models see of it, what they answer, and how far it may go.

    Writes one HTML file with up to four models in it, which needs no network and no server, and opens it.

    \b
    robustmnist draw
    robustmnist draw -c cnn -c mine.h5 -o digit.html
    robustmnist draw -c mine.onnx --serve
    """  # noqa: D301 (click reads a real backspace as "keep these lines")
    if serve and out is not None:
        raise InputError("is for a page of its own", where="--out", remedy="leave it out with --serve")
    if port and not serve:
        raise InputError("needs --serve", where="--port")
    if out is not None and not out.parent.is_dir():
        raise InputError("there is no such folder", where=out.parent, remedy="make it, or choose another -o")
    from robustmnist.sketchpad.page import render_page
    from robustmnist.system.device import resolve_device
    from robustmnist.system.files import write_atomic
    from robustmnist.system.folders import output_folder

    models = load_checkpoints(checkpoints, resolve_device("cpu"), codes, data_dir)
    digits = load_test_digits(dataset, data_dir, None, resolve_device("cpu"))
    if serve:
        from robustmnist.sketchpad.server import serve_page

        serve_page(models, digits, port=port, on_start=lambda address: _tell(address, show))
        return
    html = render_page(models, digits, precision="int8" if precision == "int8" else "float16", report=_beside(out))
    with output_folder(None if out is None else out.parent, "draw") as folder:
        page = folder / (NAME if out is None else out.name)
        with writing(page):
            write_atomic(page, html.encode())
    echo(page)
    if _beside(out):
        say(f"the report beside it will link this page once it is written again: robustmnist report {page.parent}")
    if show:
        _open(page.resolve().as_uri())


def _beside(out: Path | None) -> str:
    """Return the address of a report in the page's folder, empty where there is none."""
    return "report.html" if out is not None and out.with_name("report.html").is_file() else ""


def _tell(address: str, show: bool) -> None:
    echo(address)
    say("drawing until Ctrl-C")
    if show:
        _open(address)


def _open(address: str) -> None:
    """Open the page where somebody sits in front of a screen."""
    import os
    import sys
    import webbrowser

    screen = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if screen and sys.stdout.isatty():
        webbrowser.open(address)
