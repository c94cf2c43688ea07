"""What ``robustmnist explain`` works with: methods, checkpoints, perturbation, training digits; and its refusals."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from robustmnist.cli.options import Work
from robustmnist.errors import InputError
from robustmnist.terminal.echo import say

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from robustmnist.data import Dataset
    from robustmnist.explanation.condition import Condition
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = [
    "MOST",
    "check_digits",
    "check_pieces",
    "check_strength",
    "checked_checkpoints",
    "chosen_condition",
    "method_name",
    "references",
    "training_digits",
]

MOST = 100  # digits on one sheet: beyond that it is taller than viewers show
PIECEWISE = ("feature-ablation", "shapley", "kernel-shap")  # methods that leave out parts of a digit
TARGETS = ("margin", "predicted", "true", *map(str, range(10)))


def check_digits(
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
    check_strength(suite, sweep, value)
    if samples and mistakes is not None:
        raise InputError("cannot be combined with --sample", where="--mistakes", remedy="give only one of the two")
    if len(set(samples)) > MOST:
        raise InputError(f"more than {MOST} samples", where="--sample", remedy="explain them in several runs")


def check_strength(suite: str | None, sweep: str | None, value: float | None) -> None:
    """Refuse a suite without a strength, and a strength without a suite."""
    if suite is not None and value is None:
        raise InputError("needs a strength", where="--suite", remedy="give --value")
    if suite is None and (value is not None or sweep is not None):
        raise InputError("needs a suite", where="--value" if value is not None else "--sweep", remedy="give --suite")


def check_pieces(methods: tuple[str, ...], pieces: str) -> None:
    """Refuse pieces of strokes where no method leaves any out."""
    if pieces == "stroke" and not any(method in PIECEWISE for method in methods):
        remedy = f"give -m {', '.join(PIECEWISE[:-1])} or {PIECEWISE[-1]}"
        raise InputError("no method that was given leaves out pieces", where="--pieces", remedy=remedy)


def method_name(text: str, pieces: str = "cells") -> str:
    """Return the name of a method as it was typed; a function of the user's own is loaded and is known by its name.

    Args:
        text: A name, or ``FILE.py:NAME``.
        pieces: What a method that leaves out parts of a digit takes for parts: ``cells`` or ``stroke``.
    """
    from robustmnist.system.python_code import is_code, load_named

    if not is_code(text):
        from robustmnist.explanation.methods.registry import on_pieces

        return on_pieces(text, pieces)
    from robustmnist.explanation.methods.own import named_method
    from robustmnist.explanation.methods.registry import METHODS, OWN

    named = load_named(text)
    if named.name in METHODS or (named.name in OWN and OWN[named.name].settings["sha256"] != named.code.sha256):
        raise InputError("has the name of another method", where=text, remedy="rename the function")
    OWN[named.name] = named_method(named)
    return named.name


def checked_checkpoints(
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


def chosen_condition(
    suite: str | None, sweep: str | None, value: float | None, seed: int | None, codes: tuple[str, ...] = ()
) -> "Condition | None":
    """Return how digits are perturbed, None where no suite was given; say what was not chosen."""
    if suite is None or value is None:
        return None
    from robustmnist.explanation.condition import choose_condition
    from robustmnist.suites import load_suite

    chosen = load_suite(suite, code=codes)
    # Without --seed the suite's own: then these are the digits that an evaluation of the suite sees.
    condition = choose_condition(chosen, value, sweep=sweep, seed=chosen.seed if seed is None else seed)
    if sweep is None and len(chosen.sweeps) > 1:
        first, others = condition.sweep.name, ", ".join(sweep.name for sweep in chosen.sweeps[1:])
        say(f"suite '{chosen.name}': its first sweep, '{first}'; --sweep takes one of the others: {others}")
    if condition.label:
        say(f"sweep '{condition.sweep.name}': its first variant, {condition.label}")
    return condition


def references(methods: tuple[str, ...], work: Work, device: "torch.device") -> "Tensor | None":
    """Return training digits to compare with, if a method does."""
    from robustmnist.explanation.methods.registry import find_method
    from robustmnist.explanation.session import references_of

    if not any(find_method(method).references for method in methods):
        return None
    return references_of(training_digits(work, device), work.seed or 0)


def training_digits(work: Work, device: "torch.device") -> "Dataset":
    """Return the training digits that go with the digits that were asked for."""
    from robustmnist.data import load_dataset

    name = "digits" if work.dataset.startswith("digits") else "mnist" if work.dataset == "mnist" else "auto"
    return load_dataset(name, part="train", data_dir=work.data_dir, device=device, notify=say)
