"""``robustmnist export``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from robustmnist.cli import names, options
from robustmnist.cli.outputs import writing
from robustmnist.errors import InputError
from robustmnist.terminal.echo import echo, echo_json, say

if TYPE_CHECKING:
    from robustmnist.adoption.exported import Export

__all__ = ["command"]


@click.command("export")
@click.argument("checkpoint", metavar="NAME|PATH", shell_complete=names.complete(names.checkpoint_names))
@click.option(
    "--format",
    "content",
    type=click.Choice(["onnx", "torch", "numpy"]),
    default="onnx",
    show_default=True,
    help="A graph that takes ink in [0, 1] and returns logits; a state dict; the same arrays as .npz.",
)
@click.option("--int8", is_flag=True, help="Quantise the ONNX file to 8 bits, by 1,000 training digits.")
@options.code
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="The file.  [default: NAME.onnx]")
@options.data_dir
@options.json_output
def command(
    checkpoint: str,
    content: str,
    int8: bool,
    codes: tuple[str, ...],
    out: Path | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Write a checkpoint as one file for other programs: ONNX, torch or NumPy.

    Works for shipped checkpoints, for trainings of your own, and for adopted models whose layers are known. An ONNX
    file needs onnx (pip install onnx onnxruntime).

    \b
    robustmnist export cnn
    robustmnist export fc --format torch -o fc.pt
    robustmnist export runs/mine/best --int8 -o mine-int8.onnx
    """  # noqa: D301 (click reads a real \b as "keep these lines")
    if int8 and content != "onnx":
        raise InputError(f"does not go with --format {content}", where="--int8", remedy="use --format onnx")
    names.check_names((), (checkpoint,))
    from robustmnist.adoption.exported import export

    with writing(out or Path.cwd()):
        done = export(checkpoint, out, format=content, int8=int8, code=codes, data_dir=data_dir, notify=say)
    if as_json:
        echo_json(_table(done))
        return
    for line in _words(done):
        echo(line)
    echo(done.path)


def _table(done: "Export") -> dict[str, object]:
    from robustmnist.models.export import source_lines

    written = done.content
    inside = written.format == "onnx"  # where the contract is part of the graph
    return {
        "name": done.name,
        "file": str(done.path),
        "format": written.format,
        "bytes": written.size,
        "sha256": written.sha256,
        "input": "0..1" if inside else str(written.chain.input),
        "output": "logits" if inside else str(written.chain.output),
        "layers": source_lines(written.chain),
        "quantised": done.quantised or None,
    }


def _words(done: "Export") -> list[str]:
    """Return what the file holds and how to use it, line by line."""
    from robustmnist.models.export import OPSET, source_lines

    written = done.content
    lines = [f"{done.name}: {written.size:,} bytes, sha256 {written.sha256[:8]}…"]
    if written.format == "onnx":
        lines.append(f"ONNX, opset {OPSET}: images float32 (N, 1, 28, 28), ink 1 on background 0; logits (N, 10).")
    else:
        lines.append(f"Input: {written.chain.input}. Output: {written.chain.output}. The weights are those of:")
        lines += source_lines(written.chain)
    if done.quantised:
        import onnxruntime

        tool = f"onnxruntime {onnxruntime.__version__}"
        lines.append(f"Quantised by {tool}: int8, static, per channel; ranges from {done.quantised}.")
    return lines
