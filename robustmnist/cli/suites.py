"""``robustmnist suites``."""

from typing import TYPE_CHECKING

import click

from robustmnist.cli import options
from robustmnist.terminal.echo import echo, echo_json
from robustmnist.terminal.table import print_table

if TYPE_CHECKING:
    from robustmnist.suites import Suite, Sweep

__all__ = ["command"]


@click.command("suites")
@click.argument("names", nargs=-1, metavar="[NAME|PATH]...")
@options.json_output
def command(names: tuple[str, ...], as_json: bool) -> None:
    """List the perturbation suites.

    With names, or paths to TOML files: the question of each suite, its source, and every value of its sweeps.

    \b
    robustmnist suites
    robustmnist suites shift noise
    robustmnist suites my-suite.toml --json
    """  # noqa: D301 (click reads a real backspace as "keep these lines")
    from robustmnist.suites import list_suites, load_suites

    suites = load_suites(names) if names else list_suites()
    if as_json:
        echo_json([suite.as_dict() for suite in suites])
    elif names:
        for suite in suites:
            _describe(suite)
    else:
        print_table(
            ["suite", "sweep", "perturbation", "parameter", "from", "to", "unit", "settings"],
            [[suite.name, *_row(sweep)] for suite in suites for sweep in suite.sweeps],
        )


def _row(sweep: "Sweep") -> list[str]:
    low, high = f"{sweep.values[0]:g}", f"{sweep.values[-1]:g}"
    return [sweep.name, sweep.perturbation, sweep.parameter, low, high, sweep.unit, _settings(sweep)]


def _settings(sweep: "Sweep") -> str:
    variants = len(sweep.variants)
    return f"{len(sweep.values)}" if variants == 1 else f"{len(sweep.values)} × {variants}"


def _describe(suite: "Suite") -> None:
    for line in (
        f"{suite.title} ({suite.name}), seed {suite.seed}, sha256 {suite.sha256}",
        f"Asks: {suite.question}",
        f"Source: {suite.source}",
    ):
        echo(line)
    rows = []
    for sweep in suite.sweeps:
        words = [f"{key} = {word}" for key, word in sweep.fixed.items()]
        words += [f"{key} over {', '.join(map(str, chosen))}" for key, chosen in sweep.over.items()]
        words += [f"{sweep.draws} draws"] if sweep.draws > 1 else []
        values = " ".join(f"{value:g}" for value in sweep.values)
        rows.append([sweep.name, sweep.title, f"{sweep.perturbation}.{sweep.parameter}", values, sweep.unit])
        rows[-1].append("; ".join(words))
    print_table(["sweep", "title", "strength", "values", "unit", "choices"], rows)
    echo()
