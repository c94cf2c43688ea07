"""Options that several commands share, alone or in groups."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from robustmnist.cli import names
from robustmnist.cli.model_options import checkpoints, code, contract
from robustmnist.cli.suite_options import suite, suites

__all__ = [
    "Work",
    "checkpoints",
    "code",
    "contract",
    "data_dir",
    "dataset",
    "device",
    "digits",
    "fix",
    "json_output",
    "limit",
    "out",
    "seed",
    "suite",
    "suites",
    "work",
]

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Work:
    """What was given to the options of `work`: which digits, where to compute, with which seed, where to write."""

    dataset: str
    data_dir: Path | None
    limit: int | None
    first: int | None
    device: str
    seed: int | None
    out: Path | None
    fix: bool


def work(command: F) -> F:
    """Add the options of a command that computes with digits; it takes their values as one `Work`, ``work``.

    These are the options of `digits`, ``--seed``, ``-o/--out`` and ``--fix``.
    """
    keys = [field.name for field in fields(Work)]

    @functools.wraps(command)
    def gathered(*arguments: Any, **given: Any) -> Any:
        values = {name: given.pop(name) for name in keys}
        return command(*arguments, **given, work=Work(**values))

    return cast(F, digits(seed(out(fix(gathered)))))


def digits(command: F) -> F:
    """Add the choice of digits and device: ``--dataset``, ``--data-dir``, ``--limit``, ``--first``, ``--device``."""
    return dataset(data_dir(limit(device(command))))


def device(command: F) -> F:
    """Add ``--device``."""
    return click.option(
        "--device",
        default="auto",
        show_default=True,
        metavar="auto|cpu|cuda[:N]",
        callback=names.check_device,
        shell_complete=names.complete(lambda: names.DEVICES, files=False),
        help="Where to compute.",
    )(command)


def seed(command: F) -> F:
    """Add ``--seed``."""
    return click.option(
        "--seed",
        type=click.IntRange(0, 2**63 - 1),
        metavar="N",
        help="Seed of all randomness.  [default: that of each suite]",
    )(command)


def data_dir(command: F) -> F:
    """Add ``--data-dir``."""
    return click.option(
        "--data-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder with the files of MNIST or MNIST-C.  [default: $ROBUSTMNIST_DATA, else the user's cache]",
    )(command)


def dataset(command: F) -> F:
    """Add ``--dataset``."""
    return click.option(
        "--dataset",
        callback=names.check_dataset,
        shell_complete=names.complete(names.dataset_names),
        default="auto",
        show_default=True,
        metavar="auto|mnist|digits|printed|strokes|mnist-c:CORRUPTION|idx:DIR|png:DIR|csv:FILE|…",
        help="mnist: its 10,000 test digits; digits: the 1,797 embedded ones; digits:test: the embedded digits "
        "that no training uses; auto: mnist if it can be found or downloaded; mnist-c:fog and so on: the published "
        "files of MNIST-C; printed, strokes: made here, of fonts and of pen strokes; 'robustmnist datasets' lists all "
        "that there are, files of your own and published sets.",
    )(command)


def limit(command: F) -> F:
    """Add ``--limit`` and ``--first``, of which one may be given."""
    sample = click.option(
        "--limit",
        type=click.IntRange(1),
        metavar="N",
        callback=_without("first"),
        help="Use only N digits: a random sample, always the same, with every class in proportion.",
    )
    head = click.option(
        "--first",
        type=click.IntRange(1),
        metavar="N",
        callback=_without("limit"),
        help="Use only the first N digits, which may differ from the rest.",
    )
    return sample(head(command))


def _without(other: str) -> Callable[[click.Context, click.Parameter, int | None], int | None]:
    """Return a callback that refuses an option together with `other`, in either order."""

    def check(ctx: click.Context, _: click.Parameter, given: int | None) -> int | None:
        if given is not None and ctx.params.get(other) is not None:
            raise click.UsageError("give --limit or --first, not both: a sample of all digits, or the first of them.")
        return given

    return check


def out(command: F) -> F:
    """Add ``-o/--out``."""
    return click.option(
        "-o", "--out", type=click.Path(path_type=Path), help="Where to write.  [default: a new folder in runs/]"
    )(command)


def fix(command: F) -> F:
    """Add ``--fix``."""
    return click.option(
        "--fix",
        is_flag=True,
        help="Put digits right that are inverted, turned, labelled otherwise or of another size, and say so.",
    )(command)


def json_output(command: F) -> F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on standard output.")(command)
