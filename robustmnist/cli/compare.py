"""``robustmnist compare``."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from robustmnist.cli import options
from robustmnist.cli.continuing import command_line, folder_name, goes_on, was_given
from robustmnist.cli.inputs import load_checkpoints, load_test_digits, say_notices
from robustmnist.cli.outputs import check_folder, is_folder, writing
from robustmnist.terminal.progress import progress

if TYPE_CHECKING:
    from robustmnist.predictions import Predictions

__all__ = ["command"]

# They say how to evaluate; a run has been evaluated.
EVALUATION = ("dataset", "data_dir", "limit", "first", "device", "seed")


@click.command("compare")
@click.argument("things", metavar="DIR|CHECKPOINT...", nargs=-1, required=True)
@options.suites("core", more=" Of runs: only these.  [default for runs: all that they have]")
@click.option(
    "--baseline",
    metavar="NAME",
    help="Checkpoint, one of those compared, by whose errors the mCE divides; it moves no other number. To hold a run "
    "against an earlier one, see 'robustmnist gate'.  [default: the first of each pair]",
)
@click.option(
    "--seeds",
    multiple=True,
    metavar="NAME,NAME...",
    help="Checkpoints that are of one recipe and different seeds: tells luck of the seed from that of the digits. May "
    "be given several times.  [default: what their cards tell]",
)
@options.work
@options.json_output
@click.pass_context
def command(
    ctx: click.Context,
    things: tuple[str, ...],
    suites: tuple[str, ...],
    baseline: str | None,
    seeds: tuple[str, ...],
    dataset: str,
    data_dir: Path | None,
    limit: int | None,
    first: int | None,
    device: str,
    seed: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Say which checkpoint is better: paired, with intervals and corrected p-values.

    Give folders that 'robustmnist evaluate' wrote, of the same digits and suites, or checkpoints, which are evaluated
    first. Every two checkpoints are compared digit by digit. Writes compare.html, suites.csv, sweeps.csv, settings.csv,
    sides.csv, disagreements.csv (digits that one reads and another does not) and, where checkpoints are of one recipe
    and different seeds, seeds.csv.

    \b
    robustmnist compare runs/mine runs/theirs
    robustmnist compare fc cnn --suite shift --limit 1000
    robustmnist compare cnn runs/mine/best --suite all -o runs/cnn-or-mine
    robustmnist compare runs/three-seeds --seeds cnn-0,cnn-1,cnn-2
    """  # noqa: D301 (click reads a real backspace as "keep these lines")
    check_folder(out)
    groups = [tuple(name.strip() for name in text.split(",")) for text in seeds]
    folders = [Path(thing) for thing in things if is_folder(Path(thing))]
    _check_things(ctx, things, folders)
    from robustmnist.report.compare_page import render_comparison
    from robustmnist.results import recipe_groups
    from robustmnist.suites import load_suites
    from robustmnist.system.files import write_atomic
    from robustmnist.system.folders import output_folder
    from robustmnist.terminal.comparison import compared, show_comparison

    with output_folder(out, folder_name("compare", () if folders else load_suites(suites))) as folder:
        if folders:
            predictions = _read(folders, suites if was_given(ctx, "suites") else ())
        else:
            predictions = _evaluate(
                ctx, things, suites, baseline, groups, dataset, data_dir, limit, first, device, seed, folder
            )
        groups = groups or [tuple(group) for group in recipe_groups(predictions)]
        found, page = compared(predictions, baseline, groups), folder / "compare.html"
        # Before anything is written: it says where there is nothing to compare.
        html = render_comparison(predictions, seeds=groups)
        with writing(folder):
            for name, table in found.tables.items():
                write_atomic(
                    folder / f"{name}.csv", table.to_csv(index=False, float_format="%.10g", lineterminator="\n")
                )
            write_atomic(page, html)
        show_comparison(predictions, found, folder, page, as_json=as_json)


def _check_things(ctx: click.Context, things: Sequence[str], folders: Sequence[Path]) -> None:
    """Refuse folders of runs beside checkpoints, options of an evaluation with them, and a single checkpoint."""
    if folders and len(folders) < len(things):
        others = ", ".join(f"'{thing}'" for thing in things if Path(thing) not in folders)
        raise click.UsageError(f"give folders of runs or checkpoints, not both: {others} is no folder")
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


def _evaluate(
    ctx: click.Context,
    names: Sequence[str],
    suites: Sequence[str],
    baseline: str | None,
    groups: Sequence[Sequence[str]],
    dataset: str,
    data_dir: Path | None,
    limit: int | None,
    first: int | None,
    device: str,
    seed: int | None,
    folder: Path,
) -> "Predictions":
    from robustmnist.suites import load_suites
    from robustmnist.system.device import resolve_device

    chosen = load_suites(suites)
    if not any(suite.curves for suite in chosen):
        raise click.UsageError("there is no curve to compare: give a suite with a sweep along one strength")
    where = resolve_device(device)
    models = load_checkpoints(names, where)
    called = [checkpoint.name for checkpoint in models.values()]
    if baseline is not None and baseline not in called:
        raise click.UsageError(f"--baseline '{baseline}' is none of {', '.join(called)}")
    for name in (name for group in groups for name in group if name not in called):
        raise click.UsageError(f"--seeds: '{name}' is none of {', '.join(called)}")
    data = load_test_digits(dataset, data_dir, limit, where, first=first)
    words = ["robustmnist", "evaluate", *(word for suite in dict.fromkeys(suites) for word in ("--suite", suite))]
    words += [word for name in models for word in ("--checkpoint", name)]
    words += ["--dataset", data.name if dataset == "auto" else dataset]
    options = {"--data-dir": data_dir if words[-1].startswith("mnist") else None, "--limit": limit}
    options |= {"--first": first, "--seed": seed}
    words += [word for key, value in options.items() if value is not None for word in (key, str(value))]
    from robustmnist.evaluation import evaluate

    again = command_line(ctx, data.name, folder)
    with goes_on(ctx, again), progress("Evaluating", unit="settings", images=True) as report:
        predictions = evaluate(
            {checkpoint.name: checkpoint for checkpoint in models.values()},
            data,
            chosen,
            device=where,
            seed=seed,
            out=folder,
            on_progress=report,
            command=shlex.join(words),
        )
    say_notices(predictions.manifest, data)
    return predictions
