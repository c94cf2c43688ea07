"""The first strength of a sweep at which each digit is misread, and what it is read as there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.explanation.condition import SHARD
from robustmnist.statistics.decisions import decide
from robustmnist.suites import Sweep, prepared

if TYPE_CHECKING:
    from robustmnist.data import Dataset

__all__ = ["FirstFailures", "Followed", "first_failures", "outwards"]

Answer = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Followed:
    """A sweep over whose values mistakes are looked for, in its first variant.

    Attributes:
        name: What groups call it: ``rotation: angle``.
        sweep: The sweep.
        seed: Of random perturbations.
    """

    name: str
    sweep: Sweep
    seed: int

    def apply(self, digits: "Dataset", value: float) -> Tensor:
        """Return the digits perturbed, float32 (B, 1, 28, 28)."""
        parts = zip(torch.split(digits.images, SHARD), torch.split(digits.ids, SHARD), strict=True)
        seed, variant = digits.seed(self.seed), self.sweep.variants[0]
        return torch.cat([prepared(self.sweep, variant, part, ids=ids, seed=seed)(value) for part, ids in parts])


@dataclass(frozen=True, eq=False)
class FirstFailures:
    """Of each digit (n,): what it is read as where it is first misread, −1 where it never is, and the strength, NaN."""

    read: NDArray[np.int64]
    values: NDArray[np.float64]


def outwards(sweep: Sweep) -> list[float]:
    """Return the values of a sweep from neutral outwards, neutral left out; of two as far, the lower first."""
    return sorted(
        (value for value in sweep.values if value != sweep.neutral),
        key=lambda value: (abs(value - sweep.neutral), value),
    )


def first_failures(
    answer: Answer, digits: "Dataset", followed: Followed, on_progress: Callable[[int], None] | None = None
) -> FirstFailures:
    """Return where each digit is first misread; one that is misread when clean fails at no strength of a sweep.

    Args:
        answer: Images (B, 1, 28, 28) to logits (B, 10). Answers that are no numbers are no mistakes.
        digits: The digits, n of them.
        followed: Over which values.
        on_progress: Called with the number of digits read since the last call: n for each value, and n for clean ones.
    """
    report = on_progress or (lambda digits: None)

    def predicted(images: Tensor) -> NDArray[np.int64]:
        with torch.no_grad():
            return decide(answer(images).cpu().numpy()).predicted

    labels = digits.labels.cpu().numpy()
    read, values = np.full(len(labels), -1), np.full(len(labels), np.nan)
    left = np.flatnonzero(predicted(digits.images) == labels)
    report(len(labels))
    for value in outwards(followed.sweep):
        if len(left):
            some = digits.select(digits.ids[torch.from_numpy(left).to(digits.device)])
            answers = predicted(followed.apply(some, value))
            wrong = (answers != labels[left]) & (answers >= 0)
            read[left[wrong]], values[left[wrong]] = answers[wrong], value
            left = left[~wrong]
        report(len(labels))
    return FirstFailures(read, values)
