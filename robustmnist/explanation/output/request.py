"""The request behind an explanation: what is needed to know where the pictures come from and to repeat them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from robustmnist.explanation.condition import Condition
from robustmnist.wording.characters import printable
from robustmnist.wording.numbers import decimals_for, strength

__all__ = ["Setup"]


@dataclass(frozen=True)
class Setup:
    """The request behind a set of explanations.

    Attributes:
        condition: How the digits were perturbed; None for clean digits only.
        dataset: The data's provenance as plain values (`robustmnist.data.Provenance.as_dict`).
        target: What each map explains, one of `robustmnist.explanation.target.TARGETS`.
        choice: How the digits were chosen, in a clause.
        seed: The seed of random perturbations.
        device: Where it was computed.
        command: The shell command that repeats the explanation.
        versions: Package to version.
    """

    condition: Condition | None
    dataset: Mapping[str, Any]
    target: str
    choice: str
    seed: int
    device: str
    command: str
    versions: Mapping[str, str]

    @property
    def data(self) -> str:
        """The data in a phrase: ``mnist test, 10,000 digits``."""
        many = self.dataset.get("choice") or f"{self.dataset['n']:,}"
        return printable(f"{self.dataset['name']} {self.dataset['part']}, {many} digits")

    @property
    def perturbed(self) -> str:
        """The perturbation in a phrase: ``rotation: angle 45°``; ``clean`` without one."""
        return self.condition.words if self.condition else "clean"

    @property
    def value(self) -> str:
        """The strength with its unit: ``45°``; ``clean`` without a perturbation."""
        return strength(self.condition.setting.value, self.unit) if self.condition else "clean"

    @property
    def unit(self) -> str:
        """The unit of the strength."""
        return self.condition.sweep.unit if self.condition else ""

    @property
    def decimals(self) -> int:
        """Decimals that a strength between two values deserves."""
        if self.condition is None:
            return 0
        sweep = self.condition.sweep
        return decimals_for([sweep.neutral, self.condition.setting.value, *sweep.values])

    @property
    def explained(self) -> str:
        """What the maps are about, in a phrase."""
        known = {
            "margin": "the margin of the true class over its rival",
            "predicted": "the class that was predicted",
            "true": "the true class",
        }
        return known.get(self.target, f"class {self.target}")
