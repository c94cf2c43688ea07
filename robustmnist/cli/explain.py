"""``robustmnist explain``."""

from functools import partial

import click

from robustmnist.cli import explain_options, options
from robustmnist.cli.continuing import command_line
from robustmnist.cli.explain_inputs import (
    check_digits,
    check_pieces,
    checked_checkpoints,
    chosen_condition,
    method_name,
    references,
    training_digits,
)
from robustmnist.cli.explain_numbers import Numbers, show_numbers
from robustmnist.cli.inputs import codes_left, load_checkpoints, load_digits, say_seen
from robustmnist.cli.outputs import check_folder, writing
from robustmnist.terminal.echo import echo, say
from robustmnist.terminal.progress import progress

__all__ = ["command"]

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
@explain_options.asked
@explain_options.shown
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
    pieces: str,
    verdicts: int,
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
    check_pieces(methods, pieces)
    methods = tuple(method_name(text, pieces) for text in methods)
    if measure or all_measures or curve:
        given = Numbers(checkpoints, codes, methods, target, layer, (samples, mistakes), work)
        show_numbers(ctx, given, suite, sweep, value, curve=curve, measures=(measure, all_measures))
        return
    check_digits(suite, sweep, value, samples, mistakes, target)
    check_folder(work.out)
    from robustmnist.explanation.believing import judged
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
    loaded = checked_checkpoints(checkpoints, methods, layer, load)
    data = load_digits(work, device)
    say_seen(loaded, data)
    compared = references(methods, work, device)
    seed = condition.seed if condition else work.seed or 0
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
            seed=seed,
            references=compared,
            on_progress=report,
            notify=say,
        )
    with progress("Measuring", unit="digits") as report:
        explanations = judged(
            explanations, loaded, data, digits=verdicts, seed=seed, references=compared, on_progress=report
        )
    each_learnt = []
    if inside:
        from robustmnist.data.locations import cache_folder
        from robustmnist.explanation.inside.first_failures import Followed
        from robustmnist.explanation.inside.learnt import learnt
        from robustmnist.suites import load_suite

        training = training_digits(work, device)
        sweeps = load_suite(suite, code=codes) if suite else None
        followed = [Followed(f"{sweeps.name}: {sweep.name}", sweep, seed) for sweep in sweeps.curves] if sweeps else []
        with progress("Looking inside", unit="digits") as report:
            each_learnt = learnt(
                loaded, explanations, data, training, followed, seed=work.seed or 0, cache=cache_folder() / "features",
                on_progress=report,
            )  # fmt: skip
    setup = Setup(
        condition=condition,
        dataset=data.provenance.as_dict(),
        target=target,
        choice=choice,
        seed=seed,
        device=describe_device(device),
        command=command_line(ctx, data.name),
        versions=versions("captum", "matplotlib", "numpy", "torch"),
    )
    files = explanation_files(explanations, setup, sheets=sheets, learnt=each_learnt)
    with output_folder(work.out, "explain") as folder, writing(folder):
        for file, content in files.items():
            write_atomic(folder / file, content)
    for file in files:
        echo(folder / file)
