"""Many trainings of ``robustmnist train``, each in a folder of its own, as one table."""

import shlex
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import click

from robustmnist.cli.continuing import resumable
from robustmnist.cli.training_trials import load_digits_of, machine_words
from robustmnist.system.folders import output_folder
from robustmnist.terminal.echo import echo_json, say
from robustmnist.terminal.runs import show_runs
from robustmnist.terminal.training import training_progress
from robustmnist.training import Recipe, RunFolder, load_recipe, train
from robustmnist.training.augmentation.pool import pool_of
from robustmnist.training.grid import grid_of
from robustmnist.training.runs_table import is_run, runs_table

__all__ = ["train_many"]


def train_many(
    ctx: click.Context,
    recipe: str,
    changes: Sequence[str],
    grids: Sequence[str],
    seeds: Sequence[int],
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    """Train every combination that is not complete yet, and print a table of all.

    What an interrupt leaves the same command with the same folder continues.

    Args:
        ctx: The context of the command.
        recipe: Its name or file.
        changes: What all runs have in common, ``KEY=VALUE`` each.
        grids: From ``--grid``.
        seeds: From ``--seed``; where there are none, the recipe's own.
        out: The folder of all runs; by default a new one.
        as_json: Whether to print the table as JSON.
    """
    wanted = load_recipe(recipe, overrides=changes)
    runs = grid_of(grids, seeds or [wanted.seed])
    # All recipes are read before anything is trained: a mistake in the last one costs no hour.
    recipes = {name: load_recipe(recipe, overrides=[*changes, *own]) for name, own in runs.items()}
    for each in recipes.values():
        pool_of(each, ctx.params["codes"])
    shared = {"load": cache(load_digits_of), "notify": _once(say)}  # digits are read, and named, once for all runs
    with output_folder(out, f"{wanted.name}-grid") as folder:
        with resumable(ctx, _continuing(ctx, recipe, changes, grids, folder)):
            for number, (name, each) in enumerate(recipes.items(), 1):
                title = f"train {each.name} {number}/{len(recipes)} {name}"
                _train(each, folder / name, title, ctx.params, shared)
        rows = runs_table([folder / name for name in recipes])
        if as_json:
            echo_json([row.as_dict() for row in rows])
        else:
            show_runs(rows)


def _train(recipe: Recipe, folder: Path, title: str, given: dict[str, Any], shared: dict[str, Any]) -> None:
    """Train a run, or what is left of it; one that is complete is only held against its recipe."""
    if is_run(folder) and RunFolder(folder).metrics.get("status") == "complete":
        train(recipe, out=folder, resume=True, code=given["codes"])
        say(f"{folder.name}: is complete already")
        return
    with training_progress(title) as shown:
        train(
            recipe,
            device=given["device"],
            out=folder,
            resume=is_run(folder),
            data_dir=given["data_dir"],
            on_progress=shown.report,
            on_step=shown.step,
            on_epoch=shown.epoch,
            tensorboard=given["tensorboard"],
            code=given["codes"],
            **shared,
        )


def _once(notify: Callable[[str], None]) -> Callable[[str], None]:
    """Return `notify` for sentences that it has not had yet."""
    known: set[str] = set()

    def new(sentence: str) -> None:
        if sentence not in known:
            known.add(sentence)
            notify(sentence)

    return new


def _continuing(ctx: click.Context, recipe: str, changes: Sequence[str], grids: Sequence[str], folder: Path) -> str:
    words = [word for grid in grids for word in ("--grid", grid)]
    words += [word for change in changes for word in ("--set", change)]
    words += ["--seed", str(ctx.params["seed"])] if ctx.params["seed"] else []
    return shlex.join(["robustmnist", "train", recipe, *words, *machine_words(ctx), "-o", str(folder)])
