"""``robustmnist checkpoints``."""

from typing import TYPE_CHECKING

import click

from robustmnist.cli import options
from robustmnist.system.device import described
from robustmnist.terminal.echo import echo, echo_json
from robustmnist.terminal.table import print_table

if TYPE_CHECKING:
    from robustmnist.models.checkpoints.card import Card

__all__ = ["command"]


@click.command("checkpoints")
@click.argument("names", nargs=-1, metavar="[NAME|PATH]...")
@options.json_output
def command(names: tuple[str, ...], as_json: bool) -> None:
    """List the checkpoints.

    With names, or paths to weights: everything on their cards, after a check that weights and card belong together.

    \b
    robustmnist checkpoints
    robustmnist checkpoints cnn cnn-augmented
    robustmnist checkpoints runs/mine/best --json
    """  # noqa: D301 (click reads a real \b as "keep these lines")
    if names:
        from robustmnist.models.checkpoints.checkpoint import (
            load_checkpoint,  # which holds the weights against the card
        )

        cards = [load_checkpoint(name).card for name in names]
    else:
        from robustmnist.models.checkpoints.card import list_checkpoints

        cards = list(list_checkpoints())
    if as_json:
        echo_json([card.as_dict() for card in cards])
    elif names:
        for index, card in enumerate(cards):
            if index:
                echo()
            _describe(card)
    else:
        head = ("checkpoint", "model", "parameters", "test accuracy", "95 % interval", "trained on", "description")
        print_table(head, [_row(card) for card in cards])


def _row(card: "Card") -> tuple[str, ...]:
    accuracy, interval = _accuracy(card)
    name, model = card.name, str(card.architecture.get("model"))
    return name, model, f"{card.parameters:,}", accuracy, interval, _trained_on(card), card.description


def _describe(card: "Card") -> None:
    accuracy, interval = _accuracy(card)
    lines = {
        "description": card.description,
        "architecture": ", ".join(f"{key} {_plain(value)}" for key, value in card.architecture.items()),
        "parameters": f"{card.parameters:,}, stored as {card.precision}",
        "input": f"{' × '.join(map(str, card.input.shape))} {card.input.dtype}, {card.input.polarity}",
        "classes": " ".join(card.classes),
        "test accuracy": f"{accuracy} (95 % interval {interval})" if card.test_accuracy else accuracy,
        "trained on": f"{_trained_on(card)}, seed {card.seed}, {described(card.device)}",
        "epochs": f"{card.epochs}, these weights after epoch {card.best_epoch}, {card.training_seconds:,.0f} s",
        "sha256": card.sha256,
        "versions": ", ".join(f"{package} {number}" for package, number in card.versions.items()),
        "recipe": ", ".join(f"{key} {_plain(value)}" for key, value in card.recipe.items() if value != ""),
    }
    width = max(map(len, lines)) + 2
    echo(card.name)
    for key, value in lines.items():
        echo(f"  {key.ljust(width)}{value}")


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return f"({', '.join(f'{key} {_plain(inner)}' for key, inner in value.items())})"
    if isinstance(value, list):
        return "-".join(map(str, value)) or "none"
    return str(value)


def _accuracy(card: "Card") -> tuple[str, str]:
    test = card.test_accuracy
    if test is None:
        return "not measured", ""
    from robustmnist.wording.numbers import interval, percent, typed

    return typed(f"{percent(test.accuracy, 2)} of {test.n:,}"), f"{interval(test.low, test.high, 2)} %"


def _trained_on(card: "Card") -> str:
    digits = card.data.get("training")
    return f"{digits:,} {card.data.get('name')}" if isinstance(digits, int) else str(card.data.get("name"))
