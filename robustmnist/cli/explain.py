"""``robustmnist explain``."""

from functools import partial
from typing import TYPE_CHECKING

import click

from robustmnist.cli import names, options
from robustmnist.cli.continuing import command_line
from robustmnist.cli.explain_numbers import Numbers, chosen_condition, show_numbers
from robustmnist.cli.inputs import codes_left, load_checkpoints, load_digits, say_seen
from robustmnist.cli.outputs import check_folder, writing
from robustmnist.errors import InputError
from robustmnist.terminal.echo import echo, say
from robustmnist.terminal.progress import progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch
    from torch import Tensor

    from robustmnist.data import Dataset
    from robustmnist.explanation.condition import Condition
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["command"]

MOST = 100  # digits on one sheet: beyond that it is taller than viewers show
TARGETS = ("margin", "predicted", "true", *map(str, range(10)))
EXAMPLES = """\b
Examples:
  robustmnist explain --checkpoint cnn --suite rotation --value 45 --mistakes 25
  robustmnist explain -c fc -c cnn -m occlusion -m saliency --sample 8 --sample 247
  robustmnist explain -c cnn -m integrated-gradients -m saliency --measure
  robustmnist explain -c fc -c cnn --suite rotation --curve
"""


@click.command("explain", epilog=EXAMPLES)
@options.checkpoints
@options.code
@options.suite
@click.option("--sweep", metavar="NAME", help="Which sweep of the suite.  [default: its first]")
@click.option("--value", type=float, help="The strength, in the sweep's unit; any value in the perturbation's range.")
@click.option(
    "-m",
    "--method",
    "methods",
    multiple=True,
    default=("integrated-gradients",),
    show_default=True,
    metavar="NAME|FILE.py:NAME",
    callback=names.check_methods,
    shell_complete=names.complete(lambda: names.METHODS),
    help=f"How to attribute: {', '.join(names.METHODS)}, or a function of your own, which is run; may be given several "
    "times.",
)
@click.option(
    "--layer",
    metavar="NAME",
    help="The layer that grad-cam uses.  [default: the last convolution that the network calls]",
)
@click.option(
    "--target",
    default="margin",
    show_default=True,
    metavar="margin|predicted|true|0…9",
    help="What is explained, of both views alike: the margin of the true class over its rival, which is what a mistake "
    "was read as, else the runner-up; the class that was predicted; the true class; or a class.",
)
@click.option(
    "--sample",
    "samples",
    type=int,
    multiple=True,
    metavar="ID",
    help="The number of a digit; may be given several times.",
)
@click.option(
    "--mistakes",
    type=click.IntRange(1, MOST),
    metavar="K",
    help="Explain the K most confident mistakes of any checkpoint, perturbed or clean, each confusion first once.",
)
@click.option("--sheets", is_flag=True, help="Also write a picture for print for each checkpoint and method (PNG).")
@click.option("--measure", is_flag=True, help="Measure the maps beside controls, and print whether to believe them.")
@click.option(
    "--all-measures", is_flag=True, help="With those that make each map anew many times; minutes, not seconds."
)
@click.option("--curve", is_flag=True, help="Follow the maps over all values of --suite: where do they break?")
@click.option(
    "--inside",
    is_flag=True,
    help="Also show what the networks have learnt: filters, activations, what excites a class, the training digits "
    "most like a digit, groups of mistakes. Reads all training digits once.",
)
@options.work
@click.pass_context
def command(
    ctx: click.Context,
    checkpoints: tuple[str, ...],
    codes: tuple[str, ...],
    suite: str | None,
    sweep: str | None,
    value: float | None,
    methods: tuple[str, ...],
    layer: str | None,
    target: str,
    samples: tuple[int, ...],
    mistakes: int | None,
    sheets: bool,
    measure: bool,
    all_measures: bool,
    curve: bool,
    inside: bool,
    work: options.Work,
) -> None:
    """Show why a digit is misread: which ink cost the margin, at which strength, what brings it back.

    Without --sample or --mistakes: the first digit of each class. Writes a page (explain.html), what was found
    (explain.json) and all maps (maps.npz).
    """
    methods = tuple(map(_method, methods))
    if measure or all_measures or curve:
        given = Numbers(checkpoints, codes, methods, target, layer, (samples, mistakes), work)
        show_numbers(ctx, given, suite, sweep, value, curve=curve, measures=(measure, all_measures))
        return
    _check_options(suite, sweep, value, samples, mistakes, target)
    check_folder(work.out)
    from robustmnist.explanation.output.files import explanation_files
    from robustmnist.explanation.output.request import Setup
    from robustmnist.explanation.session import explain_checkpoints
    from robustmnist.system.device import describe_device, resolve_device
    from robustmnist.system.files import write_atomic
    from robustmnist.system.folders import output_folder
    from robustmnist.system.installation import versions

    device = resolve_device(work.device)
    condition = chosen_condition(suite, sweep, value, work.seed, codes)
    left = codes if condition is None else codes_left(codes, condition.sweep)
    load = partial(load_checkpoints, device=device, codes=left, data_dir=work.data_dir)
    loaded = _load(checkpoints, methods, layer, load)
    data = load_digits(work, device)
    say_seen(loaded, data)
    with progress("Explaining", unit="maps") as report:
        explanations, choice = explain_checkpoints(
            loaded,
            data,
            condition,
            methods=methods,
            layer=layer,
            target=target,
            samples=samples,
            mistakes=mistakes,
            seed=condition.seed if condition else work.seed or 0,
            references=_references(methods, work, device),
            on_progress=report,
            notify=say,
        )
    found = []
    if inside:
        from robustmnist.explanation.inside.learnt import learnt

        training = _training(work, device)
        conditions = [condition, *_others(suite, condition)] if suite and condition else []
        with progress("Looking inside", unit="digits") as report:
            found = learnt(loaded, explanations, data, training, conditions, seed=work.seed or 0, on_progress=report)
    setup = Setup(
        condition=condition,
        dataset=data.provenance.as_dict(),
        target=target,
        choice=choice,
        seed=condition.seed if condition else work.seed or 0,
        device=describe_device(device),
        command=command_line(ctx, data.name),
        versions=versions("captum", "matplotlib", "numpy", "torch"),
    )
    files = explanation_files(explanations, setup, sheets=sheets, learnt=found)
    with output_folder(work.out, "explain") as folder, writing(folder):
        for file, content in files.items():
            write_atomic(folder / file, content)
    for file in files:
        echo(folder / file)


def _check_options(
    suite: str | None,
    sweep: str | None,
    value: float | None,
    samples: tuple[int, ...],
    mistakes: int | None,
    target: str,
) -> None:
    """Refuse combinations that make no sense, before anything slow is imported."""
    if target not in TARGETS:
        raise InputError(f"'{target}' is nothing to explain", where="--target", remedy=f"use {', '.join(TARGETS)}")
    if suite is not None and value is None:
        raise InputError("needs a strength", where="--suite", remedy="give --value")
    if suite is None and (value is not None or sweep is not None):
        option = "--value" if value is not None else "--sweep"
        raise InputError("needs a suite", where=option, remedy="give --suite")
    if samples and mistakes is not None:
        raise InputError("cannot be combined with --sample", where="--mistakes", remedy="give only one of the two")
    if len(set(samples)) > MOST:
        raise InputError(f"more than {MOST} samples", where="--sample", remedy="explain them in several runs")


def _method(text: str) -> str:
    """Return the name of a method as it was typed; a function of the user's own is loaded and is known by its name."""
    from robustmnist.system.python_code import is_code, load_named

    if not is_code(text):
        return text
    from robustmnist.explanation.methods.own import named_method
    from robustmnist.explanation.methods.registry import METHODS, OWN

    named = load_named(text)
    if named.name in METHODS or (named.name in OWN and OWN[named.name].settings["sha256"] != named.code.sha256):
        raise InputError("has the name of another method", where=text, remedy="rename the function")
    OWN[named.name] = named_method(named)
    return named.name


def _others(suite: str, condition: "Condition") -> "list[Condition]":
    from robustmnist.explanation.condition import other_sweeps
    from robustmnist.suites import load_suite

    return other_sweeps(load_suite(suite), condition)


def _load(
    given: tuple[str, ...],
    methods: tuple[str, ...],
    layer: str | None,
    load: "Callable[[Sequence[str]], dict[str, Checkpoint]]",
) -> "dict[str, Checkpoint]":
    """Return the checkpoints by name, after a check that there are the methods and the layer."""
    from robustmnist.explanation.attribution import check_method
    from robustmnist.explanation.methods.registry import find_method

    layered = [method for method in methods if find_method(method).layered]
    if layer is not None and not layered:
        raise InputError("only grad-cam reads a layer", where="--layer", remedy="give --method grad-cam")
    loaded = {checkpoint.name: checkpoint for checkpoint in load(given).values()}
    if layer is not None:
        for checkpoint in loaded.values():
            check_method(layered[0], checkpoint, layer)
    return loaded


def _references(methods: tuple[str, ...], work: options.Work, device: "torch.device") -> "Tensor | None":
    """Return training digits to compare with, if a method does."""
    from robustmnist.explanation.methods.registry import find_method
    from robustmnist.explanation.session import references_of

    if not any(find_method(method).references for method in methods):
        return None
    return references_of(_training(work, device), work.seed or 0)


def _training(work: options.Work, device: "torch.device") -> "Dataset":
    """Return the training digits that go with the digits that were asked for."""
    from robustmnist.data import load_dataset

    name = "digits" if work.dataset.startswith("digits") else "mnist" if work.dataset == "mnist" else "auto"
    return load_dataset(name, part="train", data_dir=work.data_dir, device=device, notify=say)
