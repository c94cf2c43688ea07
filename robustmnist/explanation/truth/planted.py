"""Whether maps find a planted mark, clean and perturbed, and whether the measures rank methods as the truth does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.stats import kendalltau
from torch import Tensor

from robustmnist.data.planted import MARK_LEVEL, mark_masks
from robustmnist.explanation.curves.alignment import carried, motion_of
from robustmnist.explanation.measuring import in_chunks
from robustmnist.explanation.methods.method import Context
from robustmnist.explanation.metrics.candidate import Explainer
from robustmnist.explanation.metrics.localisation import localised
from robustmnist.explanation.metrics.question import Array
from robustmnist.explanation.metrics.registry import MEASURES
from robustmnist.explanation.subject import Subject, subject_of
from robustmnist.explanation.target import Target
from robustmnist.statistics.estimates import Estimate, estimate

if TYPE_CHECKING:
    from robustmnist.data import Dataset
    from robustmnist.explanation.condition import Condition
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["MarkShares", "agreement", "mark_shares", "perfect"]

INSIDE = 0.5  # share of a moved pixel of the mark from which a pixel counts as mark


@dataclass(frozen=True, eq=False)
class MarkShares:
    """How well maps find the planted mark.

    Attributes:
        checkpoint: Its name.
        names: The methods and controls.
        columns: ``mass``, ``mass-positive``, ``rank`` and ``pointing`` in the mark, float64 (names, n).
        read: bool (n,), whether the class of the mark is what the checkpoint reads.
    """

    checkpoint: str
    names: tuple[str, ...]
    columns: Mapping[str, Array]
    read: np.ndarray[tuple[int], np.dtype[np.bool_]]

    def estimates(self, column: str, *, read: bool = False) -> dict[str, Estimate]:
        """Return the mean of a column with its interval, of each method and control.

        Args:
            column: Which one.
            read: Over the digits whose mark is still read; else over all.
        """
        rows = np.where(self.read, self.columns[column], np.nan) if read else self.columns[column]
        return {name: estimate(row, 0.0, 1.0) for name, row in zip(self.names, rows, strict=True)}


def mark_shares(
    checkpoint: "Checkpoint",
    planted: "Dataset",
    explainers: Sequence[Explainer],
    condition: "Condition | None" = None,
    seed: int = 0,
) -> MarkShares:
    """Return how much of each map for the planted class lies in the mark, on digits as planted or perturbed.

    Args:
        checkpoint: One that reads the mark.
        planted: Digits from `robustmnist.data.planted.plant`.
        explainers: Methods and controls.
        condition: How the planted digits are perturbed, mark and all; the mark is looked for where it is moved to.
        seed: Of the methods' draws.
    """
    subject = subject_of(checkpoint)
    images = planted.images if condition is None else condition.apply(planted)
    regions = _regions(planted.labels, condition)
    parts, read = [], []
    start = 0
    for question in in_chunks(subject, images, Target.of_class(planted.labels), planted.ids, seed):
        rows = slice(start, start + len(question))
        candidates = [explainer.explain(question, Context(question.ids, seed)) for explainer in explainers]
        parts.append(localised(question, candidates, regions[rows]))
        read.append((subject.answer(question.images).argmax(1) == question.target.classes).cpu().numpy())
        start += len(question)
    columns = {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}
    return MarkShares(checkpoint.name, tuple(explainer.name for explainer in explainers), columns, np.concatenate(read))


def _regions(labels: Tensor, condition: "Condition | None") -> Tensor:
    """Return where the mark of each digit is, bool (n, 28, 28), carried along where the ink was moved."""
    masks = mark_masks(labels)
    if condition is None:
        return masks
    sweep, (_, _, value) = condition.sweep, condition.setting
    motion = motion_of(sweep.perturbation, sweep.arguments(value, condition.variant))
    if motion is None:
        raise ValueError(f"where '{sweep.perturbation}' moves a mark to is not known")
    return carried(masks.float(), motion)[0] >= INSIDE


def perfect() -> Explainer:
    """Return the right maps of planted digits: the loss of all ink, shared equally by the pixels of the mark.

    It knows the ten positions of the mark, and takes that whose pixels are nearest to its level; of the classifier it
    knows no more than how far its answer falls.
    """

    def ask(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
        lost = subject.scores(images, target) - subject.scores(torch.zeros_like(images), target)
        every_mark = mark_masks(torch.arange(10, device=images.device, dtype=torch.int64)).float()
        apart = (images[:, 0, None] - MARK_LEVEL / 255).abs()
        masks = every_mark[(apart * every_mark).sum((2, 3)).argmin(1)]
        return masks * (lost / masks.sum((1, 2)))[:, None, None]

    return Explainer("perfect", "The mark itself", "share", True, ask)


def agreement(truth: Mapping[str, float], scores: Mapping[str, float], measure: str) -> float:
    """Return Kendall's τ-b between the true ranking of methods and that of a measure; NaN for fewer than three.

    Args:
        truth: Method to how well it finds the mark, high is good.
        scores: Method to its mean by the measure; those without one do not count.
        measure: A key of `MEASURES`, which says whether high is good.

    >>> round(agreement({"a": 0.9, "b": 0.5, "c": 0.1}, {"a": 0.1, "b": 0.2, "c": 0.3}, "deletion"), 3)
    1.0
    """
    sign = 1.0 if MEASURES[measure].better == "high" else -1.0
    names = [name for name in truth if np.isfinite(scores.get(name, np.nan)) and np.isfinite(truth[name])]
    if len(names) < 3:
        return float("nan")
    return float(kendalltau([truth[name] for name in names], [sign * scores[name] for name in names]).statistic)
