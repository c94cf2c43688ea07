"""``robustmnist compare``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from robustmnist.cli import names, options
from robustmnist.cli.continuing import command_line, folder_name, resumable, was_given
from robustmnist.cli.inputs import codes_left, load_checkpoints, load_digits, say_notices
from robustmnist.cli.outputs import check_folder, is_folder, writing
from robustmnist.terminal.progress import progress

if TYPE_CHECKING:
    from robustmnist.models.checkpoints.checkpoint import Checkpoint
    from robustmnist.predictions import Predictions
    from robustmnist.suites import Suite

__all__ = ["command"]

# They say how to evaluate; a run has been evaluated.
EVALUATION = ("dataset", "data_dir", "limit", "first", "device", "seed")


@click.command("compare")
@click.argument(
    "things",
    metavar="DIR|CHECKPOINT...",
    nargs=-1,
    required=True,
    shell_complete=names.complete(names.checkpoint_names),
)
@options.suites("core", more=" Of runs: only these.  [default for runs: all that they have]", check=False)
@click.option(
    "--baseline",
    metavar="NAME",
    help="The compared checkpoint whose errors the mCE divides by; no other number depends on it. To compare a run "
    "with an earlier run, see 'robustmnist gate'.  [default: the first of each pair]",
)
@click.option(
    "--seeds",
    multiple=True,
    metavar="NAME,NAME...",
    help="Checkpoints of the same recipe and different seeds: shows how much of a difference is due to the seed. May "
    "be given several times.  [default: from their cards]",
)
@options.code
@options.work
@options.json_output
@click.pass_context
def command(
    ctx: click.Context,
    things: tuple[str, ...],
    suites: tuple[str, ...],
    baseline: str | None,
    seeds: tuple[str, ...],
    codes: tuple[str, ...],
    work: options.Work,
    as_json: bool,
) -> None:
    """Compare checkpoints digit by digit, with intervals and corrected p-values.

    Give folders that 'robustmnist evaluate' wrote, of the same digits and suites, or checkpoints, which are evaluated
    first. Every two checkpoints are compared digit by digit. Writes compare.html, suites.csv, sweeps.csv, settings.csv,
    sides.csv, disagreements.csv (digits that one checkpoint reads and another does not) and, for checkpoints of the
    same recipe and different seeds, seeds.csv.

    \b
    robustmnist compare runs/mine runs/theirs
    robustmnist compare fc cnn --suite shift --limit 1000
    robustmnist compare cnn runs/mine/best --suite all -o runs/cnn-or-mine
    robustmnist compare runs/three-seeds --seeds cnn-0,cnn-1,cnn-2
    """  # noqa: D301 (click reads a real backspace as "keep these lines")
    check_folder(work.out)
    groups = [tuple(name.strip() for name in text.split(",")) for text in seeds]
    folders = [Path(thing) for thing in things if is_folder(Path(thing))]
    _check_things(ctx, things, folders)
    if not folders:
        names.check_names(suites, things)
    from robustmnist.report.compare_page import render_comparison
    from robustmnist.results import recipe_groups
    from robustmnist.suites import load_suites
    from robustmnist.system.files import write_atomic
    from robustmnist.system.folders import output_folder
    from robustmnist.terminal.comparison import compared, show_comparison

    chosen = () if folders else load_suites(suites, code=codes)
    with output_folder(work.out, folder_name("compare", chosen)) as folder:
        if folders:
            predictions = _read(folders, suites if was_given(ctx, "suites") else ())
        else:
            models = _load(things, codes_left(codes, chosen), work, baseline, groups)
            predictions = _evaluate(ctx, models, chosen, work, folder)
        groups = groups or [tuple(group) for group in recipe_groups(predictions)]
        comparison, page = compared(predictions, baseline, groups), folder / "compare.html"
        # Before anything is written: it says where there is nothing to compare.
        html = render_comparison(predictions, seeds=groups)
        with writing(folder):
            for name, table in comparison.tables.items():
                write_atomic(
                    folder / f"{name}.csv", table.to_csv(index=False, float_format="%.10g", lineterminator="\n")
                )
            write_atomic(page, html)
        show_comparison(predictions, comparison, folder, page, as_json=as_json)


def _check_things(ctx: click.Context, things: Sequence[str], folders: Sequence[Path]) -> None:
    """Refuse folders of runs beside checkpoints, options of an evaluation with them, and a single checkpoint."""
    if folders and len(folders) < len(things):
        others = ", ".join(f"'{thing}'" for thing in things if Path(thing) not in folders)
        raise click.UsageError(f"give folders of runs or checkpoints, not both: {others} is not a folder")
    given = next((name for name in EVALUATION if was_given(ctx, name)), None)
    if folders and given:
        raise click.UsageError(f"--{given.replace('_', '-')} is for checkpoints: a run has been evaluated already")
    if not folders and len(set(things)) < 2:
        raise click.UsageError("give two checkpoints or more, or the folder of a run")


def _read(folders: Sequence[Path], suites: Sequence[str]) -> "Predictions":
    from robustmnist.predictions import merge, only_suites, read_predictions
    from robustmnist.suites import CORE

    runs = [read_predictions(folder) for folder in folders]
    if suites and "all" not in suites:
        # By name alone: what the run did is in the run, whatever the files of that name say today.
        wanted = [name for text in suites for name in (CORE if text == "core" else [Path(text).stem])]
        runs = [only_suites(run, wanted) for run in runs]
    return merge(runs)


def _load(
    things: Sequence[str],
    codes: Sequence[str],
    work: options.Work,
    baseline: str | None,
    groups: Sequence[Sequence[str]],
) -> "dict[str, Checkpoint]":
    """Return the checkpoints by what was typed; a baseline or a seed that is not among them is refused."""
    from robustmnist.system.device import resolve_device

    models = load_checkpoints(things, resolve_device(work.device), codes, work.data_dir)
    names = [checkpoint.name for checkpoint in models.values()]
    if baseline is not None and baseline not in names:
        raise click.UsageError(f"--baseline '{baseline}' is not among {', '.join(names)}")
    for name in (name for group in groups for name in group if name not in names):
        raise click.UsageError(f"--seeds: '{name}' is not among {', '.join(names)}")
    return models


def _evaluate(
    ctx: click.Context, models: "dict[str, Checkpoint]", chosen: "Sequence[Suite]", work: options.Work, folder: Path
) -> "Predictions":
    from robustmnist.cli.evaluate import command as evaluate_command
    from robustmnist.evaluation import evaluate
    from robustmnist.system.device import resolve_device

    if not any(suite.curves for suite in chosen):
        raise click.UsageError("there is no curve to compare: give a suite with a sweep along one strength")
    where = resolve_device(work.device)
    data = load_digits(work, where)
    with (
        resumable(ctx, command_line(ctx, data.name, folder)),
        progress("Evaluating", unit="settings", images=True) as report,
    ):
        predictions = evaluate(
            {checkpoint.name: checkpoint for checkpoint in models.values()},
            data,
            chosen,
            device=where,
            seed=work.seed,
            out=folder,
            on_progress=report,
            command=command_line(ctx, data.name, instead=evaluate_command, checkpoints=tuple(models)),
        )
    say_notices(predictions.manifest, data)
    return predictions
