"""The request behind an explanation: what is needed to know where the pictures come from and to repeat them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from robustmnist.explanation.cases import Case, Target, View
from robustmnist.explanation.condition import Condition
from robustmnist.wording.characters import printable
from robustmnist.wording.numbers import percent, plain, strength

__all__ = ["Setup", "prediction", "scale_text"]


@dataclass(frozen=True)
class Setup:
    """The request behind a set of explanations.

    Attributes:
        condition: How the digits were perturbed; None for clean digits only.
        dataset: The data's provenance as plain values (`robustmnist.data.Provenance.as_dict`).
        target: Which class each map explains.
        choice: How the digits were chosen, in a clause.
        seed: The seed of random perturbations.
        device: Where it was computed.
        command: The shell command that repeats the explanation.
        versions: Package to version.
    """

    condition: Condition | None
    dataset: Mapping[str, Any]
    target: Target
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
        chosen = self.condition
        if chosen is None:
            return "clean"
        sweep, (suite, name, value) = chosen.sweep, chosen.setting
        names = [word for word in dict.fromkeys((name, sweep.parameter)) if word != suite]
        unit = "" if sweep.unit == sweep.parameter else sweep.unit
        variant = f", {chosen.label}" if chosen.label else ""
        return printable(f"{suite}: {', '.join(names)} {strength(value, unit)}{variant}")


def prediction(view: View) -> str:
    """Return the checkpoint's answer: ``7 (99.9 %)``, or ``invalid`` where its logits were not finite."""
    return f"{view.predicted} ({percent(view.confidence)})" if view.valid else "invalid"


def scale_text(case: Case, *, signed: bool) -> str:
    """Return the value of the full hue to two digits: ``scale ±0.42``; ``no attribution`` where all is 0 or invalid."""
    if not any(np.nan_to_num(view.attribution, nan=0.0).any() for view in case.views):
        return "no attribution"
    return f"scale {'±' if signed else ''}{plain(float(f'{case.scale:.2g}'))}"
