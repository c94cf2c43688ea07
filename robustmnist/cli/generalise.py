"""``robustmnist generalise``."""

import shlex
from pathlib import Path

import click

from robustmnist.cli import options
from robustmnist.cli.continuing import folder_name, resumable, was_given
from robustmnist.cli.inputs import load_checkpoints
from robustmnist.cli.outputs import check_folder, writing
from robustmnist.terminal.echo import echo, echo_json, say
from robustmnist.terminal.progress import progress
from robustmnist.terminal.table import print_table

__all__ = ["command"]

HEAD = ("set", "checkpoint", "images", "groups", "read right, %", "loss, points", "commonest misreadings")


@click.command("generalise")
@options.checkpoints
@click.option(
    "-d",
    "--datasets",
    "datasets",
    multiple=True,
    metavar="NAME",
    help="A data set, as for --dataset of 'evaluate'; may be given several times. A checkpoint is compared with the "
    "set of its training, or else with the first.  [default: MNIST or the embedded digits, printed, strokes, and what "
    "else is on disk]",
)
@options.data_dir
@options.limit
@options.fix
@options.code
@options.device
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 2),
    default=0,
    show_default=True,
    metavar="N",
    help="Seed of the resamples.",
)
@options.out
@options.json_output
@click.pass_context
def command(
    ctx: click.Context,
    checkpoints: tuple[str, ...],
    datasets: tuple[str, ...],
    data_dir: Path | None,
    limit: int | None,
    first: int | None,
    fix: bool,
    codes: tuple[str, ...],
    device: str,
    seed: int,
    out: Path | None,
    as_json: bool,
) -> None:
    """Show whether checkpoints read other hands, pens and print, and why not.

    Every checkpoint answers every data set: accuracy with intervals (of whole writers or fonts where these are known),
    misreadings, calibration, whether confidence notices the difference, and how much comes back when the digits are
    brought to MNIST's stroke width, slant, size, position and ink. Digits that look wrong are reported; inverted,
    turned or wrongly labelled ones are refused, or put right with --fix. Writes generalisation.html,
    generalisation.json and a CSV file for each table; in the folder of a run, its report links the page.

    \b
    robustmnist generalise
    robustmnist generalise -c cnn -d mnist -d printed --limit 1000
    robustmnist generalise -c runs/mine/best -d digits:test -d strokes -o runs/mine-elsewhere
    """  # noqa: D301 (click reads a real backspace as "keep these lines")
    check_folder(out)
    from robustmnist.generalisation import generalise, load_sets, unseen_sets, write_generalisation
    from robustmnist.generalisation.files import as_dict
    from robustmnist.generalisation.page_tables import accuracy_rows
    from robustmnist.system.device import resolve_device
    from robustmnist.system.folders import output_folder

    where = resolve_device(device)
    models = {
        checkpoint.name: checkpoint for checkpoint in load_checkpoints(checkpoints, where, codes, data_dir).values()
    }
    loaded = load_sets(datasets, data_dir=data_dir, device=where, limit=limit, first=first, fix=fix, notify=say)
    sets = unseen_sets(loaded, models, notify=say)
    for each in sets:
        origin = each.data.provenance
        said = "; ".join(filter(None, (origin.choice, origin.prepared, origin.mended)))
        say(f"data: {each.name}, {len(each.data):,} images{f' ({said})' if said else ''}, from {origin.source}")
    names = [each.name if name == "auto" else name for name, each in zip(datasets or ("auto",), loaded, strict=False)]
    line = _command_line(ctx, names if datasets else [each.name for each in loaded])
    with output_folder(out, folder_name("generalise")) as folder:
        with (
            resumable(ctx, shlex.join([*shlex.split(line), "-o", str(folder)])),
            progress("Generalising", unit="steps", images=True) as report,
        ):
            result = generalise(models, sets, seed=seed, out=folder, command=line, on_progress=report)
        with writing(folder):
            page = write_generalisation(result, folder)
        _link(folder)
    if as_json:
        echo_json(as_dict(result), indent=1)
        return
    print_table(HEAD, accuracy_rows(result))
    echo()
    echo(f"report: {page}")


def _link(folder: Path) -> None:
    """Write the report of a run anew, with a link, where the folder holds a finished one."""
    if (folder / "run.json").is_file():
        from robustmnist.predictions import read_predictions
        from robustmnist.report import write_report

        with writing(folder):
            write_report(read_predictions(folder), folder / "report.html")


def _command_line(ctx: click.Context, datasets: list[str]) -> str:
    """Return a line for the shell that does the same again."""
    words = ["robustmnist", "generalise"]
    for name in dict.fromkeys(ctx.params["checkpoints"]):
        words += ["--checkpoint", name]
    for name in datasets:
        words += ["--datasets", name]
    for option in ("limit", "first", "seed", "device", "data_dir"):
        if was_given(ctx, option) and ctx.params[option] is not None:
            words += [f"--{option.replace('_', '-')}", str(ctx.params[option])]
    words += ["--fix"] if ctx.params["fix"] else []
    for code in ctx.params["codes"]:
        words += ["--code", code]
    return shlex.join(words)
