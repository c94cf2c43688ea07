"""``robustmnist explain``."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from robustmnist.cli import options
from robustmnist.cli.continuing import command_line
from robustmnist.cli.inputs import load_checkpoints, load_test_digits
from robustmnist.cli.outputs import check_folder, writing
from robustmnist.errors import InputError
from robustmnist.terminal.echo import echo, say
from robustmnist.terminal.progress import progress

if TYPE_CHECKING:
    import torch

    from robustmnist.explanation.condition import Condition
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["command"]

MOST = 100  # digits on one sheet: beyond that it is taller than viewers show
METHODS = "saliency, integrated-gradients, input-x-gradient, grad-cam (convolutions only) or occlusion"
EXAMPLES = """\b
Examples:
  robustmnist explain --checkpoint cnn --suite rotation --value 45 --mistakes 25
  robustmnist explain -c fc -c cnn -m occlusion -m saliency --sample 8 --sample 247
"""


def _only(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> str | None:
    """Return the one suite that was given: click would take the last of several without a word."""
    if len(given) > 1:
        raise InputError("takes one suite", where="--suite", remedy="explain the others in runs of their own")
    return given[0] if given else None


@click.command("explain", epilog=EXAMPLES)
@options.checkpoints
@click.option(
    "-s",
    "--suite",
    multiple=True,
    callback=_only,
    metavar="NAME|PATH",
    help="Also perturb the digits as this suite does; needs --value.",
)
@click.option("--sweep", metavar="NAME", help="Which sweep of the suite.  [default: its first]")
@click.option("--value", type=float, help="The strength, in the sweep's unit; any that the perturbation takes.")
@click.option(
    "-m",
    "--method",
    "methods",
    multiple=True,
    default=("integrated-gradients",),
    show_default=True,
    metavar="NAME",
    help=f"How to attribute: {METHODS}; may be given several times.",
)
@click.option("--layer", metavar="NAME", help="Which layer grad-cam reads.  [default: the last convolution called]")
@click.option(
    "--target",
    type=click.Choice(["predicted", "true"]),
    default="predicted",
    show_default=True,
    help="Which class is explained.",
)
@click.option("--sample", "samples", type=int, multiple=True, metavar="ID", help="A digit; may be given several times.")
@click.option(
    "--mistakes", type=click.IntRange(1, MOST), metavar="K", help="The K most confident mistakes, perturbed or clean."
)
@options.work
@click.pass_context
def command(
    ctx: click.Context,
    checkpoints: tuple[str, ...],
    suite: str | None,
    sweep: str | None,
    value: float | None,
    methods: tuple[str, ...],
    layer: str | None,
    target: Literal["predicted", "true"],
    samples: tuple[int, ...],
    mistakes: int | None,
    dataset: str,
    data_dir: Path | None,
    limit: int | None,
    first: int | None,
    device: str,
    seed: int | None,
    out: Path | None,
) -> None:
    """Show which pixels a checkpoint looked at, clean and perturbed.

    Without --sample or --mistakes: the first digit of each class. Writes a page (explain.html), a sheet for each
    checkpoint and method (PNG), the numbers (attributions.npz) and what they are about (explain.json).
    """
    _check_options(suite, sweep, value, samples, mistakes, out)
    from robustmnist.data.seen import seen_words
    from robustmnist.explanation.cases import explain_digits
    from robustmnist.explanation.choice import choose_digits
    from robustmnist.explanation.output.files import explanation_files
    from robustmnist.explanation.output.request import Setup
    from robustmnist.system.device import describe_device, resolve_device
    from robustmnist.system.files import write_atomic
    from robustmnist.system.folders import output_folder
    from robustmnist.system.installation import versions

    where = resolve_device(device)
    condition = _condition(suite, sweep, value, seed)
    loaded = _load(checkpoints, methods, layer, where)
    data = load_test_digits(dataset, data_dir, limit, where, first=first)
    for name, checkpoint in loaded.items():
        if seen := seen_words(checkpoint.card.data, data):
            say(f"{name}: {seen}")
    chosen, choice = choose_digits(data, loaded, condition, samples=samples, mistakes=mistakes, notify=say)

    explanations = []
    total = sum(map(len, chosen.values())) * len(set(methods)) * (2 if condition else 1)
    with progress("Explaining", unit="images") as report:
        done = 0

        def advance(images: int) -> None:
            nonlocal done
            done += images
            report(done, total, done)

        for name, digits in chosen.items():
            twins = condition.apply(digits) if condition else None
            for method in dict.fromkeys(methods):
                explain_one = partial(explain_digits, loaded[name], digits, twins, target=target, on_progress=advance)
                explanations.append(explain_one(method=method, layer=layer if method == "grad-cam" else None))
    setup = Setup(
        condition=condition,
        dataset=data.provenance.as_dict(),
        target=target,
        choice=choice,
        seed=condition.seed if condition else seed or 0,
        device=describe_device(where),
        command=command_line(ctx, data.name),
        versions=versions("captum", "matplotlib", "numpy", "torch"),
    )
    files = explanation_files(explanations, setup)
    with output_folder(out, "explain") as folder, writing(folder):
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
    out: Path | None,
) -> None:
    """Refuse combinations that make no sense, before anything slow is imported."""
    if suite is not None and value is None:
        raise InputError("needs a strength", where="--suite", remedy="give --value")
    if suite is None and (value is not None or sweep is not None):
        option = "--value" if value is not None else "--sweep"
        raise InputError("needs a suite", where=option, remedy="give --suite")
    if samples and mistakes is not None:
        raise InputError("excludes --sample", where="--mistakes", remedy="give one of them")
    if len(set(samples)) > MOST:
        raise InputError(f"more than {MOST} samples", where="--sample", remedy="explain them in several runs")
    check_folder(out)


def _condition(suite: str | None, sweep: str | None, value: float | None, seed: int | None) -> "Condition | None":
    if suite is None or value is None:
        return None
    from robustmnist.explanation.condition import choose_condition
    from robustmnist.suites import load_suite

    found = load_suite(suite)
    # Without --seed the suite's own: then these are the digits that an evaluation of the suite sees.
    condition = choose_condition(found, value, sweep=sweep, seed=found.seed if seed is None else seed)
    if sweep is None and len(found.sweeps) > 1:
        others = ", ".join(one.name for one in found.sweeps[1:])
        say(f"suite '{found.name}': its first sweep, '{condition.sweep}'; --sweep takes one of the others: {others}")
    if condition.variant:
        say(f"sweep '{condition.sweep}': its first variant, {condition.variant}")
    return condition


def _load(
    given: tuple[str, ...], methods: tuple[str, ...], layer: str | None, device: "torch.device"
) -> "dict[str, Checkpoint]":
    """Return the checkpoints by name, once every method is known to suit every one of them."""
    from robustmnist.explanation.attribution import check_method

    for method in methods:
        check_method(method)
    if layer is not None and "grad-cam" not in methods:
        raise InputError("only grad-cam reads a layer", where="--layer", remedy="give --method grad-cam")
    loaded = {checkpoint.name: checkpoint for checkpoint in load_checkpoints(given, device).values()}
    for checkpoint in loaded.values():
        for method in methods:
            check_method(method, checkpoint, layer if method == "grad-cam" else None)
    return loaded
