"""``robustmnist check-model``."""

from dataclasses import asdict
from pathlib import Path

import click

from robustmnist.cli import options
from robustmnist.terminal.echo import echo, echo_json, say

__all__ = ["command"]


@click.command("check-model")
@options.contract
@options.data_dir
@options.json_output
@click.pass_context
def command(
    ctx: click.Context,
    file: str,
    code: str | None,
    input_: str | None,
    output: str | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Show which input a model needs and what is wrong with it; write nothing.

    Exits with 1 if a check fails.

    \b
    robustmnist check-model mnist.onnx
    robustmnist check-model weights.pth --code net.py:Net --input 0..255 --json
    """  # noqa: D301 (click reads a real \b as "keep these lines")
    from robustmnist.adoption import inspect_model, summary_lines, tested_lines, warning

    adoption = inspect_model(file, code=code, input=input_, output=output, data_dir=data_dir, notify=say, test=True)
    if as_json:
        checks = [asdict(check) for check in adoption.seen.checks]
        echo_json(adoption.card.as_dict() | {"checks": checks, "failed": len(adoption.seen.faults)})
    else:
        tested = tested_lines(adoption.tested) if adoption.tested else ()
        for line in (*summary_lines(adoption.seen), *tested, *adoption.source.notes):
            echo(line)
        if warned := warning(adoption.seen):
            say(f"warning: {warned}")
    ctx.exit(1 if adoption.seen.faults else 0)
