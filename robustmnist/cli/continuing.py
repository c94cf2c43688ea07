"""A command as a line for the shell: to do its work again, or to continue where an interrupt stopped it."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from robustmnist.terminal.echo import say

if TYPE_CHECKING:
    from robustmnist.suites import Suite

__all__ = ["command_line", "folder_name", "resumable", "was_given"]

RESULTS = ("out", "as_json")  # options that say where results go, not what they are


def command_line(
    ctx: click.Context,
    dataset: str,
    out: Path | None = None,
    *,
    instead: click.Command | None = None,
    **values: tuple[str, ...],
) -> str:
    """Return a line for the shell that runs the command again on the data that were used.

    Options that may be given several times are always written out, also where they have their default values.

    Args:
        ctx: The context of the command.
        dataset: The name of the data set that was used; it replaces ``auto``.
        out: The folder of the results, for ``-o``; left out where None.
        instead: Another command to write the line of, with the values of the options that both have.
        **values: Values of options in place of those in `ctx`.
    """
    command = instead or ctx.command
    used = dataset if ctx.params["dataset"] == "auto" else str(ctx.params["dataset"])
    given = {**ctx.params, "dataset": used, **values}
    words = ["robustmnist", str(command.name if instead else ctx.info_name)]
    for parameter in command.params:
        name = parameter.name or ""
        if name not in given:  # an option of the other command alone
            continue
        value = given[name]
        wanted = name == "dataset" or isinstance(value, tuple) or was_given(ctx, name)
        if name in RESULTS or not wanted or (name == "data_dir" and not used.startswith(("mnist", "planted"))):
            continue
        if isinstance(parameter, click.Option) and parameter.is_flag:
            words += [max(parameter.opts, key=len)] if value else []
            continue
        for word in dict.fromkeys(value) if isinstance(value, tuple) else (value,):
            words += [str(word)] if isinstance(parameter, click.Argument) else [max(parameter.opts, key=len), str(word)]
    return shlex.join(words if out is None else [*words, "-o", str(out)])


@contextmanager
def resumable(ctx: click.Context, line: str, needed: Path | None = None) -> Iterator[None]:
    """Where an interrupt ends the block, say which command continues the work, and exit with code 130.

    Args:
        ctx: The context of the command.
        line: The command that continues.
        needed: A file that must be there before anything can be continued; None where no file must.
    """
    try:
        yield
    except KeyboardInterrupt:
        if needed is not None and not needed.is_file():
            raise
        say(f"robustmnist: interrupted; to continue: {line}")
        ctx.exit(130)


def was_given(ctx: click.Context, name: str) -> bool:
    """Return whether the option was typed, not left at its default."""
    return ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT


def folder_name(command: str, suites: "Sequence[Suite]" = ()) -> str:
    """Return the name of a new folder of the command, without the time: the command and its suites."""
    from robustmnist.suites import CORE, SHIPPED

    names = [suite.name for suite in suites]
    groups = {CORE: "core", SHIPPED: "all"}
    what = groups.get(tuple(names)) or ("-".join(names) if len(names) <= 3 else f"{len(names)}-suites")
    return "-".join(filter(None, (command, what)))
