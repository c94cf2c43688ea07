"""``robustmnist perturb``."""

import click

from robustmnist.cli import names, options
from robustmnist.cli.continuing import command_line, folder_name, resumable
from robustmnist.cli.inputs import codes_left, load_digits, refuse_codes
from robustmnist.terminal.echo import echo, echo_json, say
from robustmnist.terminal.progress import progress

__all__ = ["command"]


@click.command("perturb")
@options.suites()
@options.code
@click.option(
    "--format",
    "content",
    default="idx",
    show_default=True,
    metavar="idx|npy|png",
    shell_complete=names.complete(lambda: names.FORMATS, files=False),
    help="MNIST's own format, NumPy arrays, or a picture for each digit.",
)
@options.work
@options.json_output
@click.pass_context
def command(
    ctx: click.Context,
    suites: tuple[str, ...],
    codes: tuple[str, ...],
    content: str,
    work: options.Work,
    as_json: bool,
) -> None:
    """Write perturbed data sets that any other program can read.

    Makes a folder for every value of every sweep, OUT/SUITE/SWEEP/VALUE, with the digits, their labels and a manifest.
    A folder in the format idx can be used as a data set: --dataset idx:FOLDER. After an interrupt, the same command
    with -o FOLDER continues where it stopped.

    \b
    robustmnist perturb --suite rotation --limit 1000 -o runs/turned
    robustmnist perturb --suite noise --suite my-suite.toml --format png --dataset mnist -o runs/pictures
    robustmnist evaluate --suite shift --dataset idx:runs/turned/rotation/angle/30
    """  # noqa: D301 (click reads a real backspace as "keep these lines")
    from robustmnist.suites import load_suites
    from robustmnist.system.device import resolve_device

    chosen = load_suites(suites, code=codes)
    refuse_codes(codes_left(codes, chosen))
    where = resolve_device(work.device)
    data = load_digits(work, where)

    from robustmnist.perturbed_sets import write_datasets
    from robustmnist.system.folders import output_folder

    with (
        output_folder(work.out, folder_name("perturb", chosen)) as folder,
        resumable(ctx, command_line(ctx, data.name, folder)),
        progress("Perturbing", unit="data sets", images=True) as report,
    ):
        written = write_datasets(data, chosen, folder, format=content, seed=work.seed, device=where, on_progress=report)
    if as_json:
        table = {
            "out": str(folder),
            "format": content,
            "n": len(data),
            "dataset": data.provenance.as_dict(),
            "command": command_line(ctx, data.name),
            "datasets": [
                {"folder": str(data_set.folder), "written": data_set.fresh, **data_set.manifest.setting}
                for data_set in written
            ],
        }
        echo_json(table, indent=1)
        return
    for data_set in written:
        echo(data_set.folder)
    fresh = sum(data_set.fresh for data_set in written)
    there = f", {len(written) - fresh:,} were there already" if fresh < len(written) else ""
    say(f"{fresh:,} data sets of {len(data):,} digits written as {content} to {folder}{there}")
