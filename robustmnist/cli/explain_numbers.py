"""What ``robustmnist explain`` measures instead of drawing: ``--measure`` and ``--curve``."""

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import click

from robustmnist.cli.continuing import command_line
from robustmnist.cli.explain_inputs import check_strength, chosen_condition, references
from robustmnist.cli.inputs import codes_left, load_checkpoints, load_digits, say_seen
from robustmnist.cli.options import Work
from robustmnist.cli.outputs import check_folder, writing
from robustmnist.errors import InputError
from robustmnist.terminal.echo import echo, say
from robustmnist.terminal.progress import progress

if TYPE_CHECKING:
    from robustmnist.data import Dataset
    from robustmnist.explanation.condition import Condition
    from robustmnist.models.checkpoints.checkpoint import Checkpoint
    from robustmnist.suites import Sweep

__all__ = ["Numbers", "show_numbers"]

DIGITS = 200  # where neither --limit nor --first says how many: a minute or two of a plain processor


@dataclass(frozen=True)
class Numbers:
    """What was given to the options that both share.

    Attributes:
        checkpoints: Names or paths.
        codes: Code that may run.
        methods: How to attribute.
        target: What is explained.
        layer: The layer that grad-cam reads, which these do not take.
        chosen: Ids of digits, and how many mistakes; they take neither.
        work: Digits, device, seed, folder.
    """

    checkpoints: tuple[str, ...]
    codes: tuple[str, ...]
    methods: tuple[str, ...]
    target: str
    layer: str | None
    chosen: tuple[tuple[int, ...], int | None]
    work: Work


def show_numbers(
    ctx: click.Context,
    given: Numbers,
    suite: str | None,
    sweep: str | None,
    value: float | None,
    *,
    curve: bool,
    measures: tuple[bool, bool],
) -> None:
    """Measure, or follow a sweep, whichever was asked for; raise InputError for what does not go together."""
    samples, mistakes = given.chosen
    asked = "--curve" if curve else "--all-measures" if measures[1] else "--measure"
    if curve and any(measures):
        raise InputError("cannot be combined with --measure", where="--curve", remedy="give only one of the two")
    if samples or mistakes is not None:
        option = "--sample" if samples else "--mistakes"
        raise InputError(f"cannot be combined with {asked}", where=option, remedy="use --limit or --first")
    if given.layer is not None:
        raise InputError(f"cannot be combined with {asked}", where="--layer", remedy="leave it out")
    if not curve:
        check_strength(suite, sweep, value)
        _measure(ctx, given, chosen_condition(suite, sweep, value, given.work.seed, given.codes), measures[1])
        return
    if suite is None:
        raise InputError("needs a suite", where="--curve", remedy="give --suite")
    if value is not None:
        raise InputError("cannot be combined with --curve", where="--value", remedy="all values are followed")
    _curve(ctx, given, suite, sweep)


def _measure(ctx: click.Context, given: Numbers, condition: "Condition | None", slow: bool) -> None:
    """Measure the methods and the controls, print the table with the verdicts, and write it."""
    work = given.work
    check_folder(work.out)
    from robustmnist.explanation.measuring import QUICK, measure_checkpoints
    from robustmnist.explanation.metrics.registry import MEASURES
    from robustmnist.explanation.output.measures import measure_files
    from robustmnist.system.files import write_atomic
    from robustmnist.system.folders import output_folder
    from robustmnist.terminal.explanation import show_measures

    loaded, data = _inputs(given, condition.sweep if condition else None)
    seed = work.seed or 0
    with progress("Measuring", unit="digits") as report:
        results = measure_checkpoints(
            loaded,
            data,
            methods=given.methods,
            names=tuple(MEASURES) if slow else QUICK,
            asked=given.target,
            seed=seed,
            perturbed=condition.apply(data) if condition else None,
            references=references(given.methods, work, data.device),
            on_progress=report,
            notify=say,
        )
    files = measure_files(results, data, command=command_line(ctx, data.name), condition=condition, seed=seed)
    with output_folder(work.out, "explain-measures") as folder, writing(folder):
        for file, content in files.items():
            write_atomic(folder / file, content)
    show_measures(results)
    for file in files:
        echo(folder / file)


def _curve(ctx: click.Context, given: Numbers, suite: str, sweep: str | None) -> None:
    """Follow the maps over all values of a sweep, print where they break, and write curves and page."""
    work = given.work
    check_folder(work.out)
    from robustmnist.explanation.curves.following import follow
    from robustmnist.explanation.output.curve_files import curve_files
    from robustmnist.suites import load_suite
    from robustmnist.system.files import write_atomic
    from robustmnist.system.folders import output_folder
    from robustmnist.terminal.explanation import show_half_lives

    chosen_suite = load_suite(suite, code=given.codes)
    names = [sweep.name for sweep in chosen_suite.sweeps]
    if sweep is not None and sweep not in names:
        raise InputError(f"suite '{suite}' has no sweep '{sweep}'", where="--sweep", remedy=f"use {', '.join(names)}")
    chosen = chosen_suite.sweeps[names.index(sweep) if sweep else 0]
    if chosen.crossed:
        what = f"sweep '{chosen.name}' is a map of several strengths, not a curve"
        raise InputError(what, where="--curve", remedy="choose another suite")
    if sweep is None and len(names) > 1:
        say(f"suite '{chosen_suite.name}': its first sweep, '{chosen.name}'; --sweep takes one of the others")
    loaded, data = _inputs(given, chosen)
    seed = chosen_suite.seed if work.seed is None else work.seed
    with progress("Following", unit="maps") as report:
        followed = follow(
            loaded,
            data,
            chosen_suite.name,
            chosen,
            methods=given.methods,
            asked=given.target,
            seed=seed,
            on_progress=report,
            notify=say,
        )
    files = curve_files(followed, data, command=command_line(ctx, data.name), seed=seed)
    with output_folder(work.out, "explain-curves") as folder, writing(folder):
        for file, content in files.items():
            write_atomic(folder / file, content)
    show_half_lives(followed)
    for file in files:
        echo(folder / file)


def _inputs(given: Numbers, sweep: "Sweep | None") -> "tuple[dict[str, Checkpoint], Dataset]":
    """Return checkpoints and digits; of many digits a sample, which is said."""
    from robustmnist.explanation.attribution import check_method
    from robustmnist.system.device import resolve_device

    for method in given.methods:
        check_method(method)
    device = resolve_device(given.work.device)
    left = given.codes if sweep is None else codes_left(given.codes, sweep)
    load = partial(load_checkpoints, device=device, codes=left, data_dir=given.work.data_dir)
    loaded = {checkpoint.name: checkpoint for checkpoint in load(given.checkpoints).values()}
    work = given.work
    if work.limit is None and work.first is None:
        work = replace(work, limit=DIGITS)
    data = load_digits(work, device)
    say_seen(loaded, data)
    if work is not given.work:
        say(f"on a sample of {len(data):,} digits; --limit takes more")
    return loaded, data
