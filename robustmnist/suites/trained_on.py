"""What of a suite a checkpoint has met in its training: a number on it is then no number on something new."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from robustmnist.suites.suite import Suite
from robustmnist.wording.numbers import listing

__all__ = ["augmented_by", "perturbed_by", "trained_on_words"]

# What the moves of a recipe do, as perturbations of the same kind.
MOVES = {
    "shift": ("shift",),
    "rotation": ("rotation",),
    "scale": ("scale",),
    "stretch": ("scale",),
    "thickness": ("thickness",),
    "noise": ("gaussian-noise",),
}
# Perturbations that do the same, in other units or by another convention. Whoever trained on one has met the others.
KIN = tuple(
    frozenset(names.split())
    for names in (
        "shift shift-towards decentering mnist-c-translate",
        "scale mnist-c-scale",
        "rotation mnist-c-rotate",
        "pose random-pose",
        "shear mnist-c-shear",
        "thickness relative-thickness target-thickness",
        "shot-noise mnist-c-shot-noise",
        "salt-and-pepper mnist-c-impulse-noise",
        "glass-blur mnist-c-glass-blur",
        "motion-blur mnist-c-motion-blur",
        "brightness mnist-c-brightness",
        "stripe mnist-c-stripe",
    )
)


def augmented_by(recipe: Mapping[str, Any]) -> list[str]:
    """Return what the table ``[augment]`` of a recipe names: moves, single perturbations and suites.

    >>> augmented_by({"augment": {"probability": 0.9, "shift": 2.5, "noise": 0.0, "suites": ["blur"]}})
    ['shift', 'blur']
    """
    table = recipe.get("augment", {})
    singles = [str(each.get("name")) for each in table.get("perturbation", ())]
    return [*_moves(table), *singles, *map(str, table.get("suites", ()))]


def perturbed_by(recipe: Mapping[str, Any], perturbations: Iterable[str] = ()) -> frozenset[str]:
    """Return the names of all perturbations that training digits were changed by, and of those that do the same.

    Args:
        recipe: As a card holds it; its moves count too.
        perturbations: That its suites and tables drew from, as the card holds them.

    >>> sorted(perturbed_by({"augment": {"rotation": 15.0}}, ["glass-blur"]))
    ['glass-blur', 'mnist-c-glass-blur', 'mnist-c-rotate', 'rotation']
    """
    met = {*perturbations, *(move for name in _moves(recipe.get("augment", {})) for move in MOVES[name])}
    if {"shift", "rotation"} <= met:
        met.add("pose")
    return frozenset(met.union(*(kin for kin in KIN if kin & met)))


def _moves(table: Mapping[str, Any]) -> list[str]:
    """Return which moves a table ``[augment]`` makes."""
    return [name for name in MOVES if table.get(name)] if table.get("probability", 1.0) else []


def trained_on_words(name: str, met: frozenset[str], suites: Sequence[Suite]) -> str:
    """Return a sentence about the suites whose perturbations checkpoint `name` has met; empty where there is none.

    Args:
        name: Of the checkpoint.
        met: From `perturbed_by`.
        suites: Of the evaluation.
    """
    parts = []
    for suite in suites:
        seen = sum(sweep.perturbation in met for sweep in suite.sweeps)
        if seen:
            whole = seen == len(suite.sweeps)
            parts.append(suite.name if whole else f"{suite.name} ({seen} of {len(suite.sweeps)} sweeps)")
    return f"{name} was trained on digits perturbed in the same ways as in {listing(parts)}" if parts else ""
