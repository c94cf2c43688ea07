"""What ``robustmnist train`` tries without a training: sanity checks and learning rates; and what its runs share."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from robustmnist.cli.continuing import was_given
from robustmnist.cli.inputs import load_test_digits
from robustmnist.terminal.echo import echo, echo_json, say

if TYPE_CHECKING:
    import torch

    from robustmnist.data import Dataset
    from robustmnist.training import Recipe

__all__ = ["changes_of", "check_sanity_of", "find_rate_of", "load_digits_of", "machine_words"]


def changes_of(overrides: Sequence[str], epochs: int | None, dataset: str | None, *, fix: bool) -> list[str]:
    """Return what the options of a training change in its recipe, ``KEY=VALUE`` each."""
    changes = [*overrides]
    if epochs is not None:
        changes.append(f"epochs={epochs}")
    if dataset is not None:
        changes.append(f"data.dataset={json.dumps(dataset, ensure_ascii=False)}")
    return [*changes, "data.fix=true"] if fix else changes


def check_sanity_of(
    ctx: click.Context, recipe: "Recipe", codes: Sequence[str], device: str, data_dir: Path | None, *, as_json: bool
) -> None:
    """Print the verdict of every sanity check; exit with 1 where one is missed."""
    from robustmnist.system.device import resolve_device
    from robustmnist.terminal.sanity import show_verdicts
    from robustmnist.training.digits import load_digits
    from robustmnist.training.sanity import check_sanity

    digits = load_digits(recipe, resolve_device(device), data_dir, load_digits_of, say)
    if not show_verdicts(check_sanity(recipe, digits, codes), as_json=as_json):
        ctx.exit(1)


def find_rate_of(
    recipe: "Recipe", codes: Sequence[str], out: Path | None, device: str, data_dir: Path | None, *, as_json: bool
) -> None:
    """Write the range test of a recipe and print what it suggests."""
    from robustmnist.cli.outputs import writing
    from robustmnist.system.device import resolve_device
    from robustmnist.system.files import write_atomic
    from robustmnist.system.folders import output_folder
    from robustmnist.training.digits import load_digits
    from robustmnist.training.rate_range import draw_rates, find_rate, rates_csv

    digits = load_digits(recipe, resolve_device(device), data_dir, load_digits_of, say)
    rates = find_rate(recipe, digits, codes)
    with output_folder(out, f"{recipe.name}-lr-find") as folder:
        with writing(folder):
            write_atomic(folder / "rates.csv", rates_csv(rates))
            for kind, content in draw_rates(rates, f"{recipe.name}: loss against learning rate").items():
                write_atomic(folder / f"rates.{kind}", content)
        if as_json:
            echo_json(
                {
                    "suggestion": rates.suggestion,
                    "steepest": rates.steepest,
                    "explodes": rates.explodes,
                    "folder": str(folder),
                }
            )
            return
        if rates.suggestion is None:
            echo("the loss falls at no learning rate: see robustmnist train --sanity")
        else:
            echo(f"suggestion: --set optimizer.lr={rates.suggestion:.2g} (the recipe has {recipe.optimizer.lr:g})")
        if rates.steepest is not None:
            echo(f"the loss falls most steeply at {rates.steepest:.2g}")
        if rates.explodes is not None:
            echo(f"the loss explodes from {rates.explodes:.2g} on")
        echo(f"chart: {folder / 'rates.svg'}")


def load_digits_of(name: str, *, part: str, data_dir: Path | None, device: "torch.device") -> "Dataset":
    """Return digits as `load_dataset` does, with a bar where they are downloaded, and say which they are."""
    return load_test_digits(name, data_dir, None, device, part=part)


def machine_words(ctx: click.Context) -> list[str]:
    """Return the options about the machine and the code of the user's that were given."""
    names = [name for name in ("device", "data_dir") if was_given(ctx, name)]
    words = [word for name in names for word in (f"--{name.replace('_', '-')}", str(ctx.params[name]))]
    return [*words, *(word for code in ctx.params["codes"] for word in ("--code", code))]
