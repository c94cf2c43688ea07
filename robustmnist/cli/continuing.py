"""A command as it can be typed again, and what its new folder is called."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from robustmnist.terminal.echo import say

if TYPE_CHECKING:
    from robustmnist.suites import Suite

__all__ = ["command_line", "folder_name", "goes_on", "was_given"]

RESULTS = ("out", "as_json")  # options that say where results go, not what they are


def command_line(ctx: click.Context, dataset: str, out: Path | None = None) -> str:
    """Return the command as it can be typed again, with the data that were taken.

    Options that may be given several times are spelled out even where they are the default's.

    Args:
        ctx: Of the command.
        dataset: The name of the data set that was taken; counts where ``auto`` was asked for.
        out: Where its results are to go; by default that is left open, wherever they went.
    """
    taken = dataset if ctx.params["dataset"] == "auto" else str(ctx.params["dataset"])
    words = ["robustmnist", str(ctx.info_name)]
    for parameter in ctx.command.params:
        name = parameter.name or ""
        value = taken if name == "dataset" else ctx.params[name]
        wanted = name == "dataset" or isinstance(value, tuple) or was_given(ctx, name)
        if name in RESULTS or not wanted or (name == "data_dir" and not taken.startswith("mnist")):
            continue
        for one in dict.fromkeys(value) if isinstance(value, tuple) else (value,):
            words += [str(one)] if isinstance(parameter, click.Argument) else [max(parameter.opts, key=len), str(one)]
    return shlex.join(words if out is None else [*words, "-o", str(out)])


@contextmanager
def goes_on(ctx: click.Context, again: str, begun: Path | None = None) -> Iterator[None]:
    """Where an interrupt ends the block: say with which command its work goes on, and exit with 130.

    Args:
        ctx: Of the command.
        again: The command that goes on.
        begun: A file without which there is nothing to go on with, if there is one such.
    """
    try:
        yield
    except KeyboardInterrupt:
        if begun is not None and not begun.is_file():
            raise
        say(f"robustmnist: interrupted; go on with: {again}")
        ctx.exit(130)


def was_given(ctx: click.Context, name: str) -> bool:
    """Return whether the option was typed, not left at its default."""
    return ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT


def folder_name(command: str, suites: "Sequence[Suite]" = ()) -> str:
    """Return what a new folder of the command is called, but for the time: after the command and the suites."""
    from robustmnist.suites import CORE, SHIPPED

    names = [suite.name for suite in suites]
    groups = {CORE: "core", SHIPPED: "all"}
    what = groups.get(tuple(names)) or ("-".join(names) if len(names) <= 3 else f"{len(names)}-suites")
    return "-".join(filter(None, (command, what)))
