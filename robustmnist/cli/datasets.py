"""``robustmnist datasets``."""

from typing import TYPE_CHECKING

import click

from robustmnist.cli import options
from robustmnist.terminal.echo import echo_json
from robustmnist.terminal.table import print_table

if TYPE_CHECKING:
    from robustmnist.data.sources.source import Source

__all__ = ["command"]

FEW = 3  # values that are listed


@click.command("datasets")
@options.json_output
def command(as_json: bool) -> None:
    """List what --dataset takes: published sets of digits, and files of your own.

    Options follow a comma: csv:train.csv,label=digit.

    \b
    robustmnist datasets
    robustmnist datasets --json
    """  # noqa: D301 (click reads a real backspace as "keep these lines")
    from robustmnist.data.sources.registry import SOURCES

    names = {word: _name(word, source) for word, source in SOURCES.items()}
    if as_json:
        echo_json(
            [
                {
                    "name": names[word],
                    "about": source.about,
                    "values": list(source.values),
                    "options": dict(source.options),
                    "parts": list(source.parts),
                    "licence": source.licence or None,
                }
                for word, source in SOURCES.items()
            ]
        )
        return
    print_table(
        ["dataset", "what", "options", "licence"],
        [[names[word], source.about, ", ".join(source.options), source.licence] for word, source in SOURCES.items()],
    )


def _name(word: str, source: "Source") -> str:
    """Return how a source is asked for: ``digits or digits:train|test``."""
    takes = "|".join(source.values) if 0 < len(source.values) <= FEW else source.takes
    return " or ".join(filter(None, [word if source.bare else "", takes and f"{word}:{takes}"]))
