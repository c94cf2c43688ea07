"""Options that name suites of perturbations."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from robustmnist.cli import names
from robustmnist.errors import InputError

__all__ = ["suite", "suites"]

F = TypeVar("F", bound=Callable[..., Any])


def suites(*default: str, more: str = "", check: bool = True) -> Callable[[F], F]:
    """Add ``--suite``, which may be given several times; without a `default` it is required.

    Args:
        default: The suites where none is given.
        more: Help text of this command after the common text.
        check: Whether they must be suites of today, not those of a run.
    """
    given: dict[str, Any] = {"default": default, "show_default": True} if default else {"required": True}
    return click.option(
        "-s",
        "--suite",
        "suites",
        multiple=True,
        metavar="NAME|PATH|core|all",
        callback=names.check_suites if check else None,
        shell_complete=names.complete(names.suite_names),
        help="A shipped suite's name, a path to a TOML file, core (the six basic suites) or all; may be given several "
        "times." + more,
        **given,
    )


def suite(command: F) -> F:
    """Add ``--suite`` of a command that takes a single suite, or none."""
    return click.option(
        "-s",
        "--suite",
        multiple=True,
        callback=_only,
        shell_complete=names.complete(names.suite_names),
        metavar="NAME|PATH",
        help="Also perturb the digits as this suite does; requires --value.",
    )(command)


def _only(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> str | None:
    """Return the suite that was given; refuse several, of which click would silently take the last."""
    if len(given) > 1:
        raise InputError("takes one suite", where="--suite", remedy="explain the others in runs of their own")
    return names.check_suite(given[0] if given else None)
