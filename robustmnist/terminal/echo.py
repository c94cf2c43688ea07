"""All that a command prints goes through here, so that no name from a file reaches the terminal as it is."""

import click

from robustmnist.wording.characters import visible, visible_json
from robustmnist.wording.json_values import finite

__all__ = ["echo", "echo_json", "say"]


def echo(line: object = "", *, err: bool = False) -> None:
    """Print one line, with escapes for what a terminal would obey or turn around; with `err` on standard error."""
    click.echo(visible(line), err=err)


def echo_json(content: object, *, indent: int = 2) -> None:
    """Print `content` as JSON on standard output, null for a number that is not finite."""
    click.echo(visible_json(finite(content), indent))


def say(words: str) -> None:
    """Print a line on standard error: progress and remarks, which are not results."""
    echo(words, err=True)
