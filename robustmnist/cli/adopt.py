"""``robustmnist adopt``."""

from pathlib import Path

import click

from robustmnist.cli import options
from robustmnist.terminal.echo import echo, echo_json, say

__all__ = ["command"]


@click.command("adopt")
@options.contract
@click.option("--name", metavar="NAME", help="What to call it.  [default: as its file]")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default=Path("models"), show_default=True, help="Where to write."
)
@options.data_dir
@options.json_output
def command(
    file: str,
    code: str | None,
    input_: str | None,
    output: str | None,
    name: str | None,
    out: Path,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Take in a model that was trained elsewhere: Keras, torch, ONNX, or your own code.

    Shows it 300 training digits to find which input it needs, checks it, and writes a card beside a copy of the file.
    The test digits are read once, at the end, for its accuracy. From then on every command takes the path of the card.

    \b
    robustmnist adopt mnist_model.h5
    robustmnist adopt weights.pth --code net.py:Net --input mean=0.1307,sd=0.3081
    robustmnist adopt mine.py:load --name forest
    robustmnist evaluate -c models/mnist_model -c cnn --suite shift
    """  # noqa: D301 (click reads a real \b as "keep these lines")
    from robustmnist.adoption import inspect_model, keep, summary_lines, tested_lines, warning

    adoption = inspect_model(
        file, code=code, input=input_, output=output, name=name, data_dir=data_dir, notify=say, test=True
    )
    path = keep(adoption, out)
    if as_json:
        echo_json(adoption.card.as_dict() | {"card": str(path)})
        return
    for line in (*summary_lines(adoption.seen), *(tested_lines(adoption.tested) if adoption.tested else ())):
        echo(line)
    if warned := warning(adoption.seen):
        say(f"warning: {warned}")
    echo(path)
