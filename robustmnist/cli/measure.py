"""``robustmnist measure``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from robustmnist.cli import options
from robustmnist.cli.continuing import command_line
from robustmnist.cli.inputs import load_test_digits
from robustmnist.cli.outputs import writing
from robustmnist.terminal.echo import echo_json, say
from robustmnist.terminal.progress import progress
from robustmnist.terminal.table import print_table

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

__all__ = ["command"]

CHUNK = 1000  # images between two steps of the progress bar


@click.command("measure")
@options.dataset
@click.option(
    "--part", type=click.Choice(["test", "train"]), default="test", show_default=True, help="Which part of MNIST."
)
@options.data_dir
@options.limit
@options.device
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Also write the table to this CSV file."
)
@options.json_output
@click.pass_context
def command(
    ctx: click.Context,
    dataset: str,
    part: str,
    data_dir: Path | None,
    limit: int | None,
    first: int | None,
    device: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Measure digits: position, size, slant, angle, stroke width and ink.

    For every measure: mean, standard deviation, median and the middle 95 % of its readings, of their differences from
    the median of the digit's own class and, where it makes sense, of their ratios to it. The second command below makes
    the shipped table, with which reports compare the strength of a perturbation to how handwriting varies.

    \b
    robustmnist measure --limit 1000
    robustmnist measure --dataset mnist --part train -o natural.csv
    """  # noqa: D301 (click reads a real backspace as "keep these lines")
    from robustmnist.system.device import resolve_device

    data = load_test_digits(dataset, data_dir, limit, resolve_device(device), first=first, part=part)

    from robustmnist.measure import MEASURES
    from robustmnist.measure.natural import describe, natural_csv
    from robustmnist.system.files import write_atomic
    from robustmnist.system.installation import __version__

    table = describe(_readings(data.images), data.labels.cpu().numpy(), MEASURES)
    origin = {
        "command": command_line(ctx, data.name),
        "dataset": f"{data.name} ({part}), {data.provenance.choice or len(data)} digits",
        **{f"sha256 of {name}": digest for name, digest in data.provenance.sha256.items()},
        "robustmnist": __version__,
    }
    if out is not None:
        with writing(out):
            write_atomic(out, natural_csv(table, origin))
    if as_json:
        import json

        measures = json.loads(table.to_json(orient="records"))  # pandas writes null for NaN, as JSON wants it
        echo_json({**origin, "measures": measures}, indent=1)
        return
    numbers = ["mean", "sd", "low", "median", "high"]
    rows = [
        [row["measure"], row["of"], row["unit"], f"{row['n']:,}", *(f"{row[key]:.3f}" for key in numbers)]
        for row in table.to_dict("records")
    ]
    print_table(["measure", "of", "unit", "n", "mean", "sd", "2.5 %", "median", "97.5 %"], rows)
    if out is not None:
        say(f"written to {out}")


def _readings(images: "torch.Tensor") -> "dict[str, NDArray[np.float32]]":
    """Return measure -> its readings, `(n,)`."""
    import torch

    from robustmnist.measure import MEASURES

    readings: dict[str, list[torch.Tensor]] = {name: [] for name in MEASURES}
    with progress("Measuring", unit="digits", images=True) as report:
        for start in range(0, len(images), CHUNK):
            part = images[start : start + CHUNK]
            for name, measure in MEASURES.items():
                readings[name].append(measure.function(part).cpu())
            done = min(start + CHUNK, len(images))
            report(done, len(images), done)
    return {name: torch.cat(parts).numpy() for name, parts in readings.items()}
