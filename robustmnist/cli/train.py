"""``robustmnist train``."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from robustmnist.cli import names, options
from robustmnist.cli.continuing import resumable
from robustmnist.cli.training_trials import changes_of, check_sanity_of, find_rate_of, load_digits_of, machine_words
from robustmnist.errors import InputError
from robustmnist.terminal.echo import echo, echo_json, say
from robustmnist.terminal.training import training_progress
from robustmnist.wording.numbers import interval, percent

if TYPE_CHECKING:
    from robustmnist.training import Recipe, RunFolder

__all__ = ["command"]

MOST_EPOCHS = 10_000  # as in a recipe, whose module would need torch


@click.command("train")
@click.argument("recipe", required=False, shell_complete=names.complete(names.recipe_names))
@click.option("--epochs", type=click.IntRange(1, MOST_EPOCHS), metavar="N", help="Epochs, instead of the recipe's.")
@click.option(
    "--seed",
    metavar="N|N..M|N,M",
    help="Seed of all randomness, instead of the recipe's; with several seeds a run for each.",
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a value of the recipe, for example optimizer.lr=0.01.",
)
@click.option(
    "--grid",
    "grids",
    multiple=True,
    metavar="KEY=VALUE,VALUE",
    help="A run for each value; with several of these options, and seeds, for every combination.",
)
@click.option("--lr-find", is_flag=True, help="Train nothing; try learning rates step by step and suggest one.")
@click.option(
    "--dataset",
    callback=names.check_training_dataset,
    shell_complete=names.complete(names.dataset_names),
    metavar="mnist|digits|printed|strokes|csv:FILE|png:DIR|…",
    help="What to train on, instead of the recipe's; 'robustmnist datasets' lists all that there are. Of a set without "
    "parts of its own a fifth, by hash, is to test with: whole writers where they are known.",
)
@options.fix
@click.option(
    "--resume", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Continue an interrupted run."
)
@options.code
@click.option("--sanity", is_flag=True, help="Train nothing; check whether this recipe can be trained sanely.")
@click.option("--tensorboard", is_flag=True, help="Also write events for TensorBoard; needs tensorboardX.")
@options.device
@options.data_dir
@options.out
@options.json_output
@click.pass_context
def command(
    ctx: click.Context,
    recipe: str | None,
    epochs: int | None,
    seed: str | None,
    overrides: tuple[str, ...],
    grids: tuple[str, ...],
    lr_find: bool,
    dataset: str | None,
    fix: bool,
    resume: Path | None,
    codes: tuple[str, ...],
    sanity: bool,
    tensorboard: bool,
    device: str,
    data_dir: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Train a checkpoint from a recipe.

    RECIPE is a shipped name (fc, fc-small, cnn, lenet5, cnn-augmented) or a TOML file. The training digits are split
    into digits to learn from and digits to choose the best epoch by; the test digits are used once, at the end. Files
    of your own are looked at first: inverted, turned or otherwise labelled digits are refused, or put right by --fix.
    With several seeds or --grid every run has a folder in -o, complete ones are kept, and a table shows all.
    --sanity makes small trainings whose outcome is known beforehand and exits with 1 where one is missed.
    --resume continues an interrupted run with the same number of threads, on a CPU to the same weights.
    A recipe may name a network of your own, name = "net.py:Net" under [model]; --code lets it run.

    \b
    robustmnist train fc
    robustmnist train cnn --epochs 3 --seed 1 --set optimizer.lr=0.01 -o runs/mine
    robustmnist train --resume runs/mine
    robustmnist train fc --dataset csv:mine.csv,label=digit
    robustmnist train mine.toml --code net.py:Net
    robustmnist train cnn --sanity
    robustmnist train fc --lr-find
    robustmnist train fc --grid optimizer.lr=0.01,0.001 --seed 0..4 -o runs/rates
    robustmnist train cnn --set augment.suites=blur,noise --set augment.settings=[1,2]
    """  # noqa: D301 (click reads a real \b as "keep these lines")
    changes = changes_of(overrides, epochs, dataset, fix=fix)
    if (recipe is None) == (resume is None):
        raise click.UsageError("give a RECIPE or --resume RUN.")
    if sanity and (resume is not None or out is not None or tensorboard):
        raise click.UsageError("--sanity writes nothing: leave --resume, --out and --tensorboard out.")
    many = bool(grids) or (seed is not None and not seed.isdecimal())
    if many and (lr_find or sanity or resume is not None):
        raise click.UsageError("--grid and several seeds go with none of --resume, --sanity and --lr-find.")
    if lr_find and (sanity or resume is not None or tensorboard):
        raise click.UsageError("--lr-find goes with none of --resume, --sanity and --tensorboard.")
    if resume is not None and (changes or seed is not None or out is not None):
        raise click.UsageError("--resume continues with the run's own recipe, in its own folder.")

    from robustmnist.system.folders import output_folder
    from robustmnist.training import RunFolder, load_recipe, train
    from robustmnist.training.grid import seeds_of

    seeds = [] if seed is None else seeds_of(seed)
    if many:
        assert recipe is not None
        from robustmnist.cli.many_trainings import train_many

        train_many(ctx, recipe, changes, grids, seeds, out, as_json=as_json)
        return
    changes += [f"seed={seed}" for seed in seeds]
    if lr_find:
        find_rate_of(load_recipe(recipe or "", overrides=changes), codes, out, device, data_dir, as_json=as_json)
        return
    if sanity:
        check_sanity_of(ctx, load_recipe(recipe or "", overrides=changes), codes, device, data_dir, as_json=as_json)
        return
    if resume is not None:
        out, wanted = resume, RunFolder(resume).recipe
    else:
        assert recipe is not None
        wanted = load_recipe(recipe, overrides=changes)
    _check_codes(wanted, codes)
    with (
        output_folder(out, wanted.name) as folder,
        resumable(ctx, _continuing(ctx, folder), folder / "recipe.toml"),
        training_progress(f"train {wanted.name}") as shown,
    ):
        run = train(
            wanted,
            device=device,
            out=folder,
            resume=resume is not None,
            data_dir=data_dir,
            on_progress=shown.report,
            on_step=shown.step,
            on_epoch=shown.epoch,
            tensorboard=tensorboard,
            load=load_digits_of,
            notify=say,
            code=codes,
        )
    _show(run, as_json=as_json)


def _check_codes(recipe: "Recipe", codes: tuple[str, ...]) -> None:
    """Refuse code that neither the recipe's model nor a perturbation of its suites is."""
    from robustmnist.system.python_code import allowed
    from robustmnist.training.augmentation.pool import pool_of

    used = [recipe.own_model, *pool_of(recipe, codes).perturbations]
    for code in codes:
        if not any(name and allowed(name, [code]) for name in used):
            raise InputError(f"the recipe asks for no code {code}", where="--code", remedy="leave it out")


def _show(run: "RunFolder", *, as_json: bool) -> None:
    """Print how well the trained checkpoint reads, and where it is."""
    metrics = run.metrics
    if as_json:
        echo_json(metrics | {"run": str(run.path)})
        return
    best, test = metrics["best"], metrics["best"]["test"]
    echo(
        f"test accuracy {percent(test['accuracy'], 2, sign=False)} % ({test['correct']:,} of {test['n']:,} "
        f"{test['dataset']} digits, 95 % interval {interval(test['low'], test['high'], 2)} %) with the weights of "
        f"epoch {best['epoch']} of {metrics['epochs']}, {metrics['training_seconds']:.0f} s of training"
    )
    echo(f"checkpoint: {run.best}")
    echo(f"page: {run.page}")
    echo(f"run: {run.path}")


def _continuing(ctx: click.Context, folder: Path) -> str:
    """Return the command that continues the run in `folder`, with the options about the machine that were given."""
    return shlex.join(["robustmnist", "train", "--resume", str(folder), *machine_words(ctx)])
