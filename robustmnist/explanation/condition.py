"""One value of one sweep, at which digits are perturbed before they are explained."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from robustmnist.errors import SuiteError
from robustmnist.perturb import PERTURBATIONS, prepare
from robustmnist.suites import Suite, Sweep
from robustmnist.system.validation import did_you_mean

if TYPE_CHECKING:
    from robustmnist.data import Dataset

__all__ = ["Condition", "choose_condition"]

SHARD = 2048  # images perturbed together: bounds memory, and random draws do not depend on it


@dataclass(frozen=True)
class Condition:
    """How the digits of an explanation are perturbed.

    Attributes:
        suite: Name of the suite.
        sweep: Name of the sweep.
        title: The sweep's title, for people.
        perturbation: A key of `robustmnist.perturb.PERTURBATIONS`.
        parameter: The parameter that takes `value`.
        unit: The unit of `value`.
        value: The strength.
        fixed: The perturbation's other arguments.
        draw: Which of the sweep's random draws, 0 for the first.
        variant: What the fixed arguments and the draw are called in the suite; empty where there is one variant.
        seed: The seed of random perturbations.
    """

    suite: str
    sweep: str
    title: str
    perturbation: str
    parameter: str
    unit: str
    value: float
    fixed: Mapping[str, float | str]
    draw: int
    variant: str
    seed: int

    def apply(self, digits: "Dataset") -> Tensor:
        """Return the digits perturbed, float32 (B, 1, 28, 28), as an evaluation perturbs them."""
        seed = digits.seed(self.seed)
        strengths: dict[str, Any] = {**self.fixed, self.parameter: self.value}
        parts = zip(torch.split(digits.images, SHARD), torch.split(digits.ids, SHARD), strict=True)
        return torch.cat(
            [
                prepare(self.perturbation, part, ids=names, seed=seed, draw=self.draw)(**strengths)
                for part, names in parts
            ]
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the condition as plain values, ready for JSON."""
        return {**asdict(self), "fixed": dict(self.fixed)}


def choose_condition(suite: Suite, value: float, *, sweep: str | None = None, seed: int = 0) -> Condition:
    """Return `suite` at `value`, in the sweep called `sweep`, else its first; of several variants the first.

    The value may be any that the perturbation takes; the suite need not list it.

    Raises:
        SuiteError: If the suite has no such sweep or the perturbation does not take the value.
    """
    chosen = _sweep(suite, sweep)
    parameter = PERTURBATIONS[chosen.perturbation].parameters[chosen.parameter]
    distance = abs(value - parameter.neutral)
    if not parameter.low <= value <= parameter.high or 0 < distance < parameter.smallest:
        smallest = f"{parameter.neutral:g} or at least {parameter.smallest:g} from it, within " * (
            parameter.smallest > 0
        )
        raise SuiteError(
            f"{value:g} is not a value of {chosen.parameter} in sweep '{chosen.name}'",
            where="--value",
            remedy=f"give {smallest}{parameter.low:g} to {parameter.high:g} {parameter.unit}",
        )
    variant = chosen.variants[0]
    return Condition(
        suite=suite.name,
        sweep=chosen.name,
        title=chosen.title,
        perturbation=chosen.perturbation,
        parameter=chosen.parameter,
        unit=chosen.unit,
        value=value,
        fixed={key: one for key, one in chosen.arguments(value, variant).items() if key != chosen.parameter},
        draw=variant.draw,
        variant=variant.label if len(chosen.variants) > 1 else "",
        seed=seed,
    )


def _sweep(suite: Suite, name: str | None) -> Sweep:
    names = [sweep.name for sweep in suite.sweeps]
    if name is None:
        return suite.sweeps[0]
    if name not in names:
        raise SuiteError(
            f"has no sweep '{name}'{did_you_mean(name, names)}",
            where=f"suite '{suite.name}'",
            remedy=f"use {', '.join(names)}",
        )
    return suite.sweeps[names.index(name)]
