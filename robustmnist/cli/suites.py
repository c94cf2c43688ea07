"""``robustmnist suites``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from robustmnist.cli import names as known
from robustmnist.cli import options
from robustmnist.errors import InputError
from robustmnist.terminal.echo import echo, echo_json
from robustmnist.terminal.table import print_table

if TYPE_CHECKING:
    from robustmnist.suites import Suite

__all__ = ["command"]


@click.command("suites")
@click.argument(
    "names",
    nargs=-1,
    metavar="[NAME|PATH]...",
    callback=known.check_suites,
    shell_complete=known.complete(known.suite_names),
)
@click.option("--new", metavar="NAME", help="Write NAME.toml, a suite to start from, with comments.")
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file instead.")
@options.code
@options.json_output
def command(names: tuple[str, ...], new: str | None, out: Path | None, codes: tuple[str, ...], as_json: bool) -> None:
    """List the perturbation suites.

    With names, or paths to TOML files: the question of each suite, its source, and every value of its sweeps.

    \b
    robustmnist suites
    robustmnist suites shift noise
    robustmnist suites my-suite.toml --json
    robustmnist suites --new my-suite
    """  # noqa: D301 (click reads a real backspace as "keep these lines")
    if new is not None and names:
        raise click.UsageError("--new writes a suite: give no names to list.")
    if new is not None:
        echo(_write_new(new, out))
        return
    if out is not None:
        raise click.UsageError("-o goes with --new.")
    from robustmnist.cli.inputs import codes_left, refuse_codes

    if not names and not as_json:  # without torch, whose import takes longer than all the rest
        refuse_codes(list(codes))
        _list_outlines()
        return
    from robustmnist.suites import list_suites, load_suites

    suites = load_suites(names, code=codes) if names else list_suites()
    refuse_codes(codes_left(codes, suites))
    if as_json:
        echo_json([suite.as_dict() for suite in suites])
    else:
        for suite in suites:
            _describe(suite)


def _write_new(name: str, out: Path | None) -> Path:
    """Write a suite to start from, and return its file."""
    from robustmnist.suites.blank import new_suite
    from robustmnist.system.files import disk_errors, write_atomic

    path = Path(f"{name}.toml") if out is None else out
    if out is not None and out.stem != name:
        raise InputError("the suite's name is its file's", where="-o", remedy=f"end it in {name}.toml")
    content = new_suite(name)
    if path.exists():
        raise InputError("is there already", where=path, remedy="choose another name or -o FILE")
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content)
    return path


def _list_outlines() -> None:
    from robustmnist.suites.outline import outlines

    print_table(
        ["suite", "sweep", "perturbation", "parameter", "from", "to", "unit", "settings"],
        [
            [
                *(row.suite, row.sweep, row.perturbation, row.parameter, f"{row.low:g}", f"{row.high:g}", row.unit),
                f"{row.values}" if row.variants == 1 else f"{row.values} × {row.variants}",
            ]
            for row in outlines()
        ],
    )


def _describe(suite: "Suite") -> None:
    for line in (
        f"{suite.title} ({suite.name}), seed {suite.seed}, sha256 {suite.sha256}",
        f"Asks: {suite.question}",
        *([f"Source: {suite.source}"] if suite.source else []),
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
