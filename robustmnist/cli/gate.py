"""``robustmnist gate``."""

from collections.abc import Sequence
from pathlib import Path

import click

from robustmnist.cli import options

__all__ = ["command"]


@click.command("gate")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--conditions",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A TOML file of conditions; those on the command line are added to it.",
)
@click.option(
    "--min-accuracy",
    multiple=True,
    metavar="WHERE=SHARE",
    help="WHERE is clean, SUITE, SUITE.SWEEP or SUITE.SWEEP@STRENGTH; for a sweep it is the mean over its range (the "
    "area under its curve), for a suite the mean over its sweeps. SHARE is 0.97 or 97%.",
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
@click.option("--max-drop", metavar="SHARE", help="The largest allowed loss of accuracy, clean and on each suite.")
@click.option("-c", "--checkpoint", "checkpoints", multiple=True, metavar="NAME", help="Only these.  [default: all]")
@click.option(
    "--allow-fallback", is_flag=True, help="Accept a run on other digits that were used because MNIST was missing."
)
@click.option("--strict", is_flag=True, help="The whole 95 % interval must pass, not just some of it.")
@click.option(
    "--junit", type=click.Path(path_type=Path), metavar="FILE", help="Also write JUnit XML: a test per condition."
)
@click.option("--markdown", type=click.Path(path_type=Path), metavar="FILE", help="Also write the table as Markdown.")
@options.json_output
@click.pass_context
def command(
    ctx: click.Context,
    folder: Path,
    files: tuple[Path, ...],
    min_accuracy: tuple[str, ...],
    min_critical: tuple[str, ...],
    max_ece: tuple[str, ...],
    baseline: Path | None,
    pairs: tuple[str, ...],
    max_drop: str | None,
    checkpoints: tuple[str, ...],
    allow_fallback: bool,
    strict: bool,
    junit: Path | None,
    markdown: Path | None,
    as_json: bool,
) -> None:
    """Fail if a run is not good enough: for continuous integration.

    DIR is a folder that 'robustmnist evaluate' wrote. Every condition applies to every checkpoint. A condition is
    missed if its whole 95 % interval is on the wrong side, so that chance alone does not fail a build; with --strict,
    if any part of the interval is. Prints the data of the run, which checkpoint is compared with which, each number
    with its bound and margin, and a line for each miss. A run on data that stand in for MNIST is a miss. Exit code 0:
    all met; 1: some missed; 2: bad input. On GitHub each miss is an annotation, and the table goes into the summary of
    the job.

    \b
    robustmnist gate runs/mine --min-accuracy clean=99% --min-accuracy shift=0.6
    robustmnist gate runs/mine --min-accuracy shift.right@3px=0.9 --min-critical rotation=25deg --strict
    robustmnist gate runs/mine --baseline runs/main --max-drop 1% --checkpoint cnn
    robustmnist gate runs/mine --conditions gate.toml --junit gate.xml
    """  # noqa: D301 (click reads a real backspace as "keep these lines")
    from robustmnist.predictions import read_predictions
    from robustmnist.results.gate.outcome import hold
    from robustmnist.results.gate.request import Request, joined, read_request
    from robustmnist.terminal.gate import show_gate
    from robustmnist.terminal.gate_files import write_gate_files

    typed = Request(
        min_accuracy=tuple((where, _share(bound, text)) for text in min_accuracy for where, bound in [_split(text)]),
        min_critical=tuple(_split(text) for text in min_critical),
        max_ece=tuple((where, _share(bound, text)) for text in max_ece for where, bound in [_split(text)]),
        baseline=baseline,
        max_drop=None if max_drop is None else _share(max_drop, f"--max-drop {max_drop}"),
        pairs=_pairs(pairs),
        checkpoints=tuple(dict.fromkeys(checkpoints)),
        strict=strict,
        allow_fallback=allow_fallback,
    )
    request = joined([*map(read_request, files), typed])
    if request.is_empty:
        raise click.UsageError(
            "give a condition: --min-accuracy, --min-critical, --max-ece, --max-drop or --conditions FILE"
        )
    before = None if request.baseline is None else read_predictions(request.baseline)
    outcome = hold(read_predictions(folder), request, before)
    write_gate_files(outcome, junit=junit, markdown=markdown)
    show_gate(outcome, as_json=as_json)
    ctx.exit(0 if outcome.passed else 1)


def _pairs(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return checkpoints with those of the baseline that they are compared with, from ``NAME=OLD``."""
    old_names: dict[str, str] = {}
    for text in texts:
        name, _, old = text.partition("=")
        if not (name and old) or name in old_names:
            raise click.UsageError(f"--pair {text}: write NAME=OLD, and each NAME once")
        old_names[name] = old
    return tuple(old_names.items())


def _split(text: str) -> tuple[str, str]:
    where, equals, bound = text.rpartition("=")
    if not (where and equals and bound):
        raise click.UsageError(f"'{text}' is not a condition: write WHERE=BOUND, as in shift=0.9")
    return where, bound


def _share(text: str, whole: str) -> float:
    from robustmnist.results.gate.request import as_share

    try:
        return as_share(text)
    except ValueError as wrong:
        raise click.UsageError(f"'{whole}': {wrong}") from None
