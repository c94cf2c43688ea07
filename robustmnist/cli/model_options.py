"""Options that name a model: shipped checkpoints, files of weights, the code that these need, and their contract."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from robustmnist.cli import names

__all__ = ["checkpoints", "code", "contract"]

F = TypeVar("F", bound=Callable[..., Any])


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
        callback=names.check_checkpoints,
        shell_complete=names.complete(names.checkpoint_names),
        help="A shipped checkpoint's name, a path to weights, or a model file of your own; may be given several times.",
    )(command)


def code(command: F) -> F:
    """Add ``--code``, which may be given several times."""
    return click.option(
        "--code",
        "codes",
        multiple=True,
        metavar="FILE.py:NAME",
        help="Code that your model, recipe or suite names; it is run. May be given several times.",
    )(command)


def contract(command: F) -> F:
    """Add a model file and the options that describe it: ``--code``, ``--input`` and ``--output``."""
    file = click.argument("file", metavar="FILE|FILE.py:NAME")
    code = click.option(
        "--code", metavar="FILE.py:NAME", help="The class that the weights belong to, or a function; it is run."
    )
    fed = click.option(
        "--input",
        "input_",
        metavar="WORDS",
        help="The input that the model needs: 0..1, 0..255, -1..1, mean=M,sd=S, per-image; dark, transposed, size=N, "
        "resize or pad, channels=3, nchw, nhwc, hw, flat.  [default: found by likelihood]",
    )
    read = click.option(
        "--output",
        metavar="WORDS",
        help="What the model returns: logits, probabilities, log-probabilities or labels, and classes=1/2/…/0 if its "
        "columns are in another order.  [default: found]",
    )
    return file(code(fed(read(command))))
