"""The setting at which digits are perturbed before they are explained."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from robustmnist.errors import SuiteError
from robustmnist.suites import Setting, Suite, Sweep, Variant, prepared
from robustmnist.system.validation import did_you_mean
from robustmnist.wording.characters import printable
from robustmnist.wording.numbers import strength

if TYPE_CHECKING:
    from robustmnist.data import Dataset

__all__ = ["SHARD", "Condition", "choose_condition"]

SHARD = 2048  # images perturbed together: bounds memory, and random draws do not depend on it


@dataclass(frozen=True)
class Condition:
    """How the digits of an explanation are perturbed.

    Attributes:
        setting: The strength.
        sweep: The sweep that it is a strength of.
        variant: Which of the sweep's variants.
        seed: The seed of random perturbations.
    """

    setting: Setting
    sweep: Sweep
    variant: Variant
    seed: int

    @property
    def label(self) -> str:
        """What the variant is called in the suite; empty where there is one variant."""
        return self.variant.label if len(self.sweep.variants) > 1 else ""

    @property
    def words(self) -> str:
        """The perturbation in a phrase: ``rotation: angle 45°``."""
        sweep, (suite, name, value) = self.sweep, self.setting
        names = [word for word in dict.fromkeys((name, sweep.parameter)) if word != suite]
        unit = "" if sweep.unit == sweep.parameter else sweep.unit
        variant = f", {self.label}" if self.label else ""
        return printable(f"{suite}: {', '.join(names)} {strength(value, unit)}{variant}")

    @property
    def fixed(self) -> dict[str, float | str]:
        """The perturbation's arguments beside the strength."""
        arguments = self.sweep.arguments(self.setting.value, self.variant)
        return {key: argument for key, argument in arguments.items() if key != self.sweep.parameter}

    def apply(self, digits: "Dataset") -> Tensor:
        """Return the digits perturbed, float32 (B, 1, 28, 28), as an evaluation perturbs them."""
        parts = zip(torch.split(digits.images, SHARD), torch.split(digits.ids, SHARD), strict=True)
        seed, value = digits.seed(self.seed), self.setting.value
        perturbed = [prepared(self.sweep, self.variant, part, ids=ids, seed=seed)(value) for part, ids in parts]
        return torch.cat(perturbed)

    @property
    def changes(self) -> bool:
        """Whether the digits are changed at all: the strength is not the neutral one."""
        return self.setting.value != self.sweep.neutral

    def path(self, digits: "Dataset") -> Callable[[float], Tensor]:
        """Return the function from a strength to `digits` perturbed; random ones share their draws along the way.

        A strength that is too close to neutral to be allowed is taken as neutral.
        """
        perturbed = prepared(self.sweep, self.variant, digits.images, ids=digits.ids, seed=digits.seed(self.seed))
        neutral = self.sweep.neutral
        least = self.sweep.entry.parameters[self.sweep.parameter].smallest
        return lambda value: perturbed(value if abs(value - neutral) >= least else neutral)

    def stops(self, most: int) -> tuple[float, ...]:
        """Return strengths from neutral to this one: both ends and values of the sweep between, `most` in all."""
        end, neutral = self.setting.value, self.sweep.neutral
        low, high = sorted((neutral, end))
        between = sorted((value for value in self.sweep.values if low < value < high), reverse=end < neutral)
        whole = [neutral, *between, end]
        count = min(most, len(whole))
        return tuple(whole[round(i * (len(whole) - 1) / (count - 1))] for i in range(count))

    def as_dict(self) -> dict[str, Any]:
        """Return the condition as plain values, ready for JSON."""
        sweep = {key: getattr(self.sweep, key) for key in ("title", "perturbation", "parameter", "unit")}
        rest = {"fixed": self.fixed, "draw": self.variant.draw, "variant": self.label, "seed": self.seed}
        if self.sweep.code_sha256:
            rest["code_sha256"] = self.sweep.code_sha256
        return {"suite": self.setting.suite, "sweep": self.setting.sweep, **sweep, "value": self.setting.value, **rest}


def choose_condition(suite: Suite, value: float, *, sweep: str | None = None, seed: int = 0) -> Condition:
    """Return `suite` at `value`, in the sweep called `sweep`, else its first; of several variants the first.

    The value may be any that the perturbation takes; the suite need not list it.

    Raises:
        SuiteError: If the suite has no such sweep or the perturbation does not take the value.
    """
    chosen = _sweep(suite, sweep)
    parameter = chosen.entry.parameters[chosen.parameter]
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
    return Condition(Setting(suite.name, chosen.name, value), chosen, chosen.variants[0], seed)


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
