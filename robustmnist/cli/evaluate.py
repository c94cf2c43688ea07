"""``robustmnist evaluate``."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from robustmnist.cli import options
from robustmnist.cli.inputs import load_checkpoints, load_digits
from robustmnist.cli.progress import progress

if TYPE_CHECKING:
    from robustmnist.suites import Suite

__all__ = ["command"]


@click.command("evaluate")
@click.option(
    "-s",
    "--suite",
    "suites",
    multiple=True,
    default=("shift",),
    show_default=True,
    metavar="NAME|PATH|all",
    help="A shipped suite's name, a path to a TOML file, or all; may be given several times.",
)
@options.checkpoints
@options.dataset
@options.data_dir
@options.limit
@options.device
@options.seed
@options.out
@options.json_output
@click.pass_context
def command(
    ctx: click.Context,
    suites: tuple[str, ...],
    checkpoints: tuple[str, ...],
    dataset: str,
    data_dir: Path | None,
    limit: int | None,
    device: str,
    seed: int,
    out: Path | None,
    as_json: bool,
) -> None:
    """Run checkpoints through perturbation suites and report where they fail.

    Writes report.html, summary.csv, run.json and the logits of every image under every setting. If it is interrupted,
    the same command with -o and the folder goes on where it stopped.

    \b
    robustmnist evaluate --suite shift
    robustmnist evaluate --suite all --checkpoint cnn --checkpoint runs/mine/best --dataset mnist -o runs/all
    """  # noqa: D301 (click reads a real backspace as "keep these lines")
    from robustmnist.device import resolve_device
    from robustmnist.suites import load_suites

    chosen = load_suites(suites)
    where = resolve_device(device)
    models = load_checkpoints(checkpoints, where)
    data = load_digits(dataset, data_dir, limit, where)
    given = None if ctx.get_parameter_source("seed") is click.core.ParameterSource.DEFAULT else seed
    again = _command(suites, list(models), data.name, data_dir, limit, device, given)
    folder = out or _new_folder(chosen)

    from robustmnist.evaluation import evaluate
    from robustmnist.report import write_report

    names = {checkpoint.name: checkpoint for checkpoint in models.values()}
    try:
        with progress("Evaluating", unit="settings", images=True) as report:
            predictions = evaluate(
                names, data, chosen, device=where, seed=given, out=folder, on_progress=report, command=again
            )
        page = write_report(predictions, folder / "report.html")
    except KeyboardInterrupt:
        click.echo(f"robustmnist: interrupted; go on with: {again} -o {shlex.quote(str(folder))}", err=True)
        ctx.exit(130)
    from robustmnist.cli.headline import show_headline

    show_headline(predictions, folder, page, as_json=as_json)


def _command(
    suites: Sequence[str],
    checkpoints: Sequence[str],
    dataset: str,
    data_dir: Path | None,
    limit: int | None,
    device: str,
    seed: int | None,
) -> str:
    """Return the command as it can be typed again: with the data that were taken, without where results went."""
    words = ["robustmnist", "evaluate"]
    for suite in dict.fromkeys(suites):
        words += ["--suite", suite]
    for checkpoint in checkpoints:
        words += ["--checkpoint", checkpoint]
    words += ["--dataset", dataset]
    if data_dir is not None and dataset == "mnist":
        words += ["--data-dir", str(data_dir)]
    if limit is not None:
        words += ["--limit", str(limit)]
    if device != "auto":
        words += ["--device", device]
    if seed is not None:
        words += ["--seed", str(seed)]
    return shlex.join(words)


def _new_folder(suites: "Sequence[Suite]") -> Path:
    import time

    from robustmnist.suites import SHIPPED

    names = [suite.name for suite in suites]
    what = "all" if names == list(SHIPPED) else "-".join(names) if len(names) <= 3 else f"{len(names)}-suites"
    folder = Path("runs") / time.strftime(f"evaluate-{what}-%Y%m%d-%H%M%S")
    if not folder.exists():
        return folder
    return next(other for i in range(2, 1000) if not (other := folder.with_name(f"{folder.name}-{i}")).exists())
