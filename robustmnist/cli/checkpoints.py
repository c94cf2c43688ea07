"""``robustmnist checkpoints``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from robustmnist.cli import names as known
from robustmnist.cli import options
from robustmnist.cli.outputs import is_folder
from robustmnist.system.device import described
from robustmnist.terminal.echo import echo, echo_json, say
from robustmnist.terminal.table import print_table
from robustmnist.wording.digits import digits_of

if TYPE_CHECKING:
    from robustmnist.models.checkpoints.adopted_card import AdoptedCard
    from robustmnist.models.checkpoints.card import Card
    from robustmnist.models.checkpoints.fields import TestAccuracy

__all__ = ["command"]


@click.command("checkpoints")
@click.argument(
    "names",
    nargs=-1,
    metavar="[NAME|PATH]...",
    callback=known.check_checkpoints,
    shell_complete=known.complete(known.checkpoint_names),
)
@options.json_output
def command(names: tuple[str, ...], as_json: bool) -> None:
    """List the checkpoints.

    With names, or paths to weights: everything on their cards, after a check that weights and card belong together. The
    file of an adopted model, and the weights of an architecture of your own, are compared to the card, and no code is
    run. With folders of training runs: a table of them: in what their recipes differ, how well they read, and their
    areas where an evaluation is among the folders.

    \b
    robustmnist checkpoints
    robustmnist checkpoints cnn cnn-augmented
    robustmnist checkpoints runs/mine/best --json
    robustmnist checkpoints runs/*
    """  # noqa: D301 (click reads a real \b as "keep these lines")
    from robustmnist.models.checkpoints.card import Card
    from robustmnist.models.checkpoints.card_file import list_checkpoints

    if any(is_folder(Path(name)) for name in names):
        _runs([Path(name) for name in names], as_json=as_json)
        return
    cards = [_checked(name) for name in names] if names else list(list_checkpoints())
    if as_json:
        echo_json([card.as_dict() for card in cards])
    elif names:
        for index, card in enumerate(cards):
            if index:
                echo()
            echo(card.name)
            _print(_facts(card) if isinstance(card, Card) else _adopted_facts(card))
    else:
        head = ("checkpoint", "model", "parameters", "test accuracy", "95 % interval", "trained on", "description")
        print_table(head, [_row(card) for card in cards if isinstance(card, Card)])


def _inside(path: Path) -> list[Path]:
    """Return the run folders in `path` where it is none itself, else `path`."""
    from robustmnist.training.runs_table import is_evaluation, is_run

    if is_run(path) or is_evaluation(path) or not is_folder(path):
        return [path]
    inner = sorted(each for each in path.iterdir() if is_run(each) or is_evaluation(each))
    return inner or [path]


def _runs(paths: list[Path], *, as_json: bool) -> None:
    """Print the training runs among folders as a table; say which of the others are neither run nor evaluation."""
    from robustmnist.errors import InputError
    from robustmnist.terminal.runs import show_runs
    from robustmnist.training.runs_table import is_evaluation, is_run, runs_table

    paths = [path for given in paths for path in _inside(given)]
    runs = [path for path in paths if is_run(path)]
    evaluations = [path for path in paths if is_evaluation(path)]
    for path in paths:
        if path not in runs and path not in evaluations:
            say(f"notice: {path} holds neither a training run nor an evaluation: it is left out")
    if not runs:
        raise InputError("no training run is among these", where=str(paths[0]), remedy="name folders of train, runs/*")
    rows = runs_table(runs, evaluations)
    if as_json:
        echo_json([row.as_dict() for row in rows])
    else:
        show_runs(rows)


def _checked(name: str) -> "Card | AdoptedCard":
    """Return a card, after a check that it and its weights, or its model file, belong together."""
    from robustmnist.models.checkpoints.adopted import check_source
    from robustmnist.models.checkpoints.adopted_card import AdoptedCard
    from robustmnist.models.checkpoints.card_file import card_path, read_any_card
    from robustmnist.models.checkpoints.checkpoint import load_checkpoint
    from robustmnist.models.checkpoints.weights_file import read_weights

    path = card_path(name)
    card = read_any_card(path)
    if isinstance(card, AdoptedCard):
        check_source(card, path)
        return card
    if card.code is not None:
        read_weights(path.with_suffix(".safetensors"), card)
        return card
    return load_checkpoint(name).card


def _row(card: "Card") -> tuple[str, ...]:
    accuracy, interval = _accuracy(card)
    name, model = card.name, str(card.architecture.get("model"))
    return name, model, f"{card.parameters:,}", accuracy, interval, _trained_on(card), card.description


def _facts(card: "Card") -> dict[str, str]:
    accuracy, interval = _accuracy(card)
    code = f"{card.code.file}:{card.code.object}, sha256 {card.code.sha256}" if card.code else ""
    return {
        "description": card.description,
        "architecture": ", ".join(f"{key} {_plain(value)}" for key, value in card.architecture.items()),
        **({"runs your code": code} if code else {}),
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


def _adopted_facts(card: "AdoptedCard") -> dict[str, str]:
    from robustmnist.models.contract import Input, Output

    how = "as declared" if card.declared else f"found by {card.found['digits']}" if card.found else "the usual"
    facts = {
        "model": card.kind,
        "file": card.source.file,
        "code": f"{card.code.file}:{card.code.object}, sha256 {card.code.sha256}" if card.code else "none",
        "network": card.network,
        "parameters": "unknown" if card.parameters is None else f"{card.parameters:,}",
        "input": f"{Input.from_dict(card.input)}, {how}",
        "output": str(Output.from_dict(card.output)),
        "accuracy": _adopted_accuracy(card.test_accuracy),
        "judged by": _adopted_accuracy(card.accuracy),
        "sha256": card.sha256,
    }
    return facts | {f"notice {number}": notice for number, notice in enumerate(card.notices, 1)}


def _adopted_accuracy(of: "TestAccuracy | None") -> str:
    from robustmnist.wording.numbers import percent, typed

    if of is None:
        return "not asked"
    return f"{typed(percent(of.accuracy, 2))} of {of.n:,} {digits_of(of.dataset, of.part)}"


def _print(facts: dict[str, str]) -> None:
    width = max(map(len, facts)) + 2
    for key, value in facts.items():
        echo(f"  {key.ljust(width)}{value}")


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return f"({', '.join(f'{key} {_plain(inner)}' for key, inner in value.items())})"
    if isinstance(value, list):
        return "-".join(map(_plain, value)) or "none"
    return str(value)


def _accuracy(card: "Card") -> tuple[str, str]:
    test = card.test_accuracy
    if test is None:
        return "not measured", ""
    from robustmnist.wording.numbers import interval, percent, typed

    return typed(f"{percent(test.accuracy, 2)} of {test.n:,}"), f"{interval(test.low, test.high, 2)} %"


def _trained_on(card: "Card") -> str:
    from robustmnist.suites.trained_on import augmented_by
    from robustmnist.wording.numbers import listing

    digits, name = card.data.get("training"), card.data.get("name")
    which = f"{digits:,} {name}" if isinstance(digits, int) else str(name)
    changes = augmented_by(card.recipe)
    return f"{which}, perturbed by {listing(changes)}" if changes else which
