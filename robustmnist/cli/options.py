"""Options that mean the same in every command, spelled once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = ["checkpoints", "data_dir", "dataset", "device", "json_output", "limit", "out", "seed"]

F = TypeVar("F", bound=Callable[..., Any])


def device(command: F) -> F:
    """Add ``--device``."""
    return click.option(
        "--device", default="auto", show_default=True, metavar="auto|cpu|cuda[:N]", help="Where to compute."
    )(command)


def seed(command: F) -> F:
    """Add ``--seed``."""
    return click.option(
        "--seed",
        type=click.IntRange(0, 2**63 - 1),
        default=0,
        metavar="N",
        show_default=True,
        help="Seed of all randomness.",
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
        default="auto",
        show_default=True,
        metavar="auto|mnist|digits|mnist-c:CORRUPTION|idx:DIR",
        help="mnist: its 10,000 test digits; digits: the 1,797 embedded ones; auto: mnist where it can be had; "
        "mnist-c:fog and so on: the published files of MNIST-C; idx:DIR: a folder of IDX files.",
    )(command)


def limit(command: F) -> F:
    """Add ``--limit``."""
    return click.option("--limit", type=click.IntRange(1), metavar="N", help="Use only the first N samples.")(command)


def checkpoints(command: F) -> F:
    """Add ``--checkpoint``, which may be given several times."""
    return click.option(
        "-c",
        "--checkpoint",
        "checkpoints",
        multiple=True,
        default=("fc", "cnn"),
        show_default=True,
        metavar="NAME|PATH",
        help="A shipped checkpoint's name or a path to weights; may be given several times.",
    )(command)


def out(command: F) -> F:
    """Add ``-o/--out``."""
    return click.option(
        "-o", "--out", type=click.Path(path_type=Path), help="Where to write.  [default: a new folder in runs/]"
    )(command)


def json_output(command: F) -> F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on standard output.")(command)
