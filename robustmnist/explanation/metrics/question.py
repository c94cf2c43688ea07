"""What maps are judged on: some digits, the classifier's answers to them, and the number that the maps explain."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.explanation.metrics.ordering import highest_first
from robustmnist.explanation.subject import Subject
from robustmnist.explanation.target import Target

__all__ = ["Array", "Question", "framed"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Question:
    """Some digits, and what is explained of the classifier's answer to each.

    Attributes:
        subject: The classifier.
        images: float32 (B, 1, 28, 28), ink in [0, 1].
        target: What is explained.
        ids: int64 (B,), on which random draws depend.
        seed: Of all draws.
        shared: What several measures need of these digits, computed once.
    """

    subject: Subject
    images: Tensor
    target: Target
    ids: Tensor
    seed: int = 0
    shared: dict[str, object] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many digits these are."""
        return len(self.images)

    def draws(self, stream: str, index: int = 0) -> Draws:
        """Return the digits' random numbers for one purpose."""
        return Draws(self.seed, f"measure {stream}", self.ids, index)

    @cached_property
    def ink(self) -> Tensor:
        """Where there is ink, ``x > 0``, bool (B, 784)."""
        return self.images.flatten(1) > 0

    @cached_property
    def ink_mask(self) -> NDArray[np.bool_]:
        """The same as an array (B, 784)."""
        mask: NDArray[np.bool_] = self.ink.cpu().numpy()
        return mask

    @cached_property
    def ties(self) -> Tensor:
        """All pixels in the seeded order in which equal ones rank, int64 (B, 784): the same for all maps."""
        return highest_first(self.draws("ties").uniform(784))

    @cached_property
    def ink_ties(self) -> Tensor:
        """The ink pixels of each digit in that order, int64 (B, M), for the most that a digit has; then some others."""
        numbers = self.draws("ties").uniform(784).masked_fill(~self.ink, -1.0)
        most = int(self.ink.sum(1).max()) if len(self) else 0
        return highest_first(numbers)[:, :most].contiguous()

    @cached_property
    def lost(self) -> Array:
        """By how much the explained number falls when all ink is gone, f(x) − f(0), float64 (B,)."""
        both = torch.stack([self.images[:, 0], torch.zeros_like(self.images[:, 0])], dim=1)
        scores = self.scores(both)
        return scores[:, 0] - scores[:, 1]

    def logits(self, versions: Tensor) -> Tensor:
        """Return the logits of K versions of each digit, float64 (B, K, 10), of (B, K, 28, 28); some digits do too."""
        with torch.no_grad():
            answers: Tensor = self.subject.answer(versions.reshape(-1, 1, 28, 28))
        return answers.double().view(*versions.shape[:2], -1)

    def scores(self, versions: Tensor) -> Array:
        """Return the explained number of K versions of each digit, float64 (B, K); NaN where logits are not finite."""
        return self._read(self.logits(versions))

    def probabilities(self, logits: Tensor) -> Array:
        """Return the softmax probability of the explained class, float64 (B, K), of logits (B, K, 10) of versions.

        Of a margin it is that of the class against its rival alone: the logistic function of the margin. NaN where a
        logit is NaN or +∞.
        """
        if self.target.rivals is not None:
            return np.asarray(1.0 / (1.0 + np.exp(-self._read(logits))), np.float64)
        classes = self.target.classes.to(logits.device)[:, None, None].expand(-1, logits.shape[1], 1)
        array: Array = logits.softmax(-1).gather(-1, classes)[..., 0].cpu().numpy()
        return array

    def _read(self, values: Tensor) -> Array:
        many = values.shape[1]
        rows = torch.arange(len(self), device=values.device, dtype=torch.int64).repeat_interleave(many)
        read = self.target.take(rows).scores(values.flatten(0, 1)).view(-1, many)
        array: Array = read.masked_fill(~values.isfinite().all(-1), torch.nan).cpu().numpy()
        return array


def framed(values: Tensor) -> Tensor:
    """Return rows of 784 pixels as images, (…, 28, 28)."""
    return values.reshape(*values.shape[:-1], 28, 28)
