"""``robustmnist gate``."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from robustmnist.cli import options

if TYPE_CHECKING:
    from robustmnist.predictions import Predictions
    from robustmnist.results.gate.conditions import Check

__all__ = ["command"]


def _drop(_: click.Context, __: click.Parameter, text: str | None) -> float | None:
    # click's own range of numbers lets NaN through
    return None if text is None else _share(text, f"--max-drop {text}")


@click.command("gate")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--min-accuracy",
    multiple=True,
    metavar="WHERE=SHARE",
    help="WHERE is clean, SUITE, SUITE.SWEEP or SUITE.SWEEP@STRENGTH; for a sweep it is the mean over its range (the "
    "area under its curve), for a suite the mean over its sweeps.",
)
@click.option(
    "--min-critical",
    multiple=True,
    metavar="WHERE=STRENGTH",
    help="Least strength at which accuracy may fall below 90 % of clean, with its unit: px, deg, x and so on. WHERE is "
    "SUITE (each of its sweeps) or SUITE.SWEEP; 25deg applies to both directions, +25deg to one.",
)
@click.option(
    "--max-ece",
    multiple=True,
    metavar="WHERE=SHARE",
    help="Most expected calibration error (15 bins of equal width) of clean or SUITE.SWEEP@STRENGTH.",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of an earlier run of the same digits, the baseline of --max-drop.",
)
@click.option(
    "--pair",
    "pairs",
    multiple=True,
    metavar="NAME=OLD",
    help="Compare checkpoint NAME with OLD of the baseline, if their names differ.",
)
@click.option(
    "--max-drop",
    callback=_drop,
    metavar="SHARE",
    help="The largest allowed loss of accuracy, clean and on each suite.",
)
@click.option("-c", "--checkpoint", "checkpoints", multiple=True, metavar="NAME", help="Only these.  [default: all]")
@click.option(
    "--allow-fallback", is_flag=True, help="Accept a run on other digits that were used because MNIST was missing."
)
@click.option("--strict", is_flag=True, help="The whole 95 % interval must pass, not just some of it.")
@options.json_output
@click.pass_context
def command(
    ctx: click.Context,
    folder: Path,
    min_accuracy: tuple[str, ...],
    min_critical: tuple[str, ...],
    max_ece: tuple[str, ...],
    baseline: Path | None,
    pairs: tuple[str, ...],
    max_drop: float | None,
    checkpoints: tuple[str, ...],
    allow_fallback: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """Fail if a run is not good enough: for continuous integration.

    DIR is a folder that 'robustmnist evaluate' wrote. Every condition applies to every checkpoint. A condition is
    missed if its whole 95 % interval is on the wrong side, so that chance alone does not fail a build; with --strict,
    if any part of the interval is. Prints the data of the run, which checkpoint is compared with which, and a line for
    each miss. A run on data that stand in for MNIST is a miss. Exit code 0: all met; 1: some missed; 2: bad input.

    \b
    robustmnist gate runs/mine --min-accuracy clean=0.99 --min-accuracy shift=0.6
    robustmnist gate runs/mine --min-accuracy shift.right@3px=0.9 --min-critical rotation=25deg --strict
    robustmnist gate runs/mine --baseline runs/main --max-drop 0.01 --checkpoint cnn
    """  # noqa: D301 (click reads a real backspace as "keep these lines")
    if (baseline is None) != (max_drop is None) or (pairs and baseline is None):
        raise click.UsageError("--baseline and --max-drop go together, and --pair goes with them")
    if not (min_accuracy or min_critical or max_ece or baseline):
        raise click.UsageError("give a condition: --min-accuracy, --min-critical, --max-ece or --max-drop")
    from robustmnist.predictions import read_predictions
    from robustmnist.results.gate.conditions import tested

    run = read_predictions(folder)
    names = tuple(dict.fromkeys(checkpoints)) or run.checkpoints
    for name in names:
        run.index(name)
    checks = _checks(run, names, min_accuracy, min_critical, max_ece, strict)
    held: dict[str, str] = {}
    if baseline is not None and max_drop is not None:
        from robustmnist.results.gate.drop_since_baseline import max_drops

        held = {name: name for name in names} | _pairs(pairs, names)
        before = read_predictions(baseline)
        checks += [check for name, old in held.items() for check in max_drops(run, before, name, max_drop, strict, old)]
    from robustmnist.terminal.gate import show_gate

    ctx.exit(0 if show_gate(tested(run), held, checks, strict, allow_fallback, as_json=as_json) else 1)


def _pairs(texts: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Return checkpoint -> checkpoint of the baseline that it is compared with, from ``NAME=OLD``."""
    old_names: dict[str, str] = {}
    for text in texts:
        name, _, old = text.partition("=")
        if not old or name not in names or name in old_names:
            raise click.UsageError(
                f"--pair {text}: write NAME=OLD, NAME being one of {', '.join(names)}, and each once"
            )
        old_names[name] = old
    return old_names


def _checks(
    run: "Predictions",
    names: Sequence[str],
    min_accuracy: Sequence[str],
    min_critical: Sequence[str],
    max_ece: Sequence[str],
    strict: bool,
) -> "list[Check]":
    from robustmnist.results.gate import conditions as gate
    from robustmnist.results.gate.scope import read_scope

    shares = [(read_scope(where, run), _share(bound, text)) for text in min_accuracy for where, bound in [_split(text)]]
    errors = [(read_scope(where, run), _share(bound, text)) for text in max_ece for where, bound in [_split(text)]]
    strengths = [(read_scope(where, run), bound) for text in min_critical for where, bound in [_split(text)]]
    checks = []
    for name in names:
        checks += [gate.min_accuracy(run, name, scope, share, strict) for scope, share in shares]
        checks += [check for scope, least in strengths for check in gate.min_critical(run, name, scope, least, strict)]
        checks += [gate.max_ece(run, name, scope, share, strict) for scope, share in errors]
    return checks


def _split(text: str) -> tuple[str, str]:
    where, equals, bound = text.rpartition("=")
    if not (where and equals and bound):
        raise click.UsageError(f"'{text}' is not a condition: write WHERE=BOUND, as in shift=0.9")
    return where, bound


def _share(text: str, whole: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise click.UsageError(f"'{whole}': {text} is not a share from 0 to 1")
    return share
