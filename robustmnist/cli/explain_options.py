"""The options of ``robustmnist explain`` beside those that it shares with other commands."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from robustmnist.cli import names
from robustmnist.cli.explain_inputs import MOST

__all__ = ["asked", "shown"]

F = TypeVar("F", bound=Callable[..., Any])

ASKED = (
    click.option("--sweep", metavar="NAME", help="Which sweep of the suite.  [default: its first]"),
    click.option(
        "--value", type=float, help="The strength, in the sweep's unit; any value in the perturbation's range."
    ),
    click.option(
        "-m",
        "--method",
        "methods",
        multiple=True,
        default=("integrated-gradients",),
        show_default=True,
        metavar="NAME|FILE.py:NAME",
        callback=names.check_methods,
        shell_complete=names.complete(lambda: names.METHODS),
        help=f"How to attribute: {', '.join(names.METHODS)}, or a function of your own, which is run; may be given "
        "several times.",
    ),
    click.option(
        "--layer",
        metavar="NAME",
        help="The layer that grad-cam uses.  [default: the last convolution that the network calls]",
    ),
    click.option(
        "--pieces",
        type=click.Choice(("cells", "stroke")),
        default="cells",
        show_default=True,
        help="What feature-ablation, shapley and kernel-shap leave out: cells of 4 × 4 px, or pieces of the stroke.",
    ),
    click.option(
        "--target",
        default="margin",
        show_default=True,
        metavar="margin|predicted|true|0…9",
        help="What is explained, of both views alike: the margin of the true class over its rival, which is what a "
        "mistake was read as, else the runner-up; the class that was predicted; the true class; or a class.",
    ),
    click.option(
        "--sample",
        "samples",
        type=int,
        multiple=True,
        metavar="ID",
        help="The number of a digit; may be given several times.",
    ),
    click.option(
        "--mistakes",
        type=click.IntRange(1, MOST),
        metavar="K",
        help="Explain the K most confident mistakes of any checkpoint, perturbed or clean, each confusion first once.",
    ),
)
SHOWN = (
    click.option(
        "--verdicts",
        type=click.IntRange(0),
        default=100,
        show_default=True,
        metavar="N",
        help="On how many digits to measure whether each method's maps can be believed; 0 for none.",
    ),
    click.option("--sheets", is_flag=True, help="Also write a picture for print for each checkpoint and method (PNG)."),
    click.option(
        "--measure", is_flag=True, help="Measure the maps beside controls, and print whether to believe them."
    ),
    click.option(
        "--all-measures", is_flag=True, help="With those that make each map anew many times; minutes, not seconds."
    ),
    click.option("--curve", is_flag=True, help="Follow the maps over all values of --suite: where do they break?"),
    click.option(
        "--inside",
        is_flag=True,
        help="Also show what the networks have learnt: filters, activations, what excites a class, the training digits "
        "most like a digit, groups of mistakes. Reads all training digits once.",
    ),
)


def asked(command: F) -> F:
    """Add what is explained, and how: the strength, methods, target and digits."""
    for option in reversed(ASKED):
        command = option(command)
    return command


def shown(command: F) -> F:
    """Add what is made of it: verdicts, sheets, measures, curves, a look inside."""
    for option in reversed(SHOWN):
        command = option(command)
    return command
