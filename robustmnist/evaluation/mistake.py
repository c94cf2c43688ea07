"""A mistake of a run, and why it was made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from robustmnist.explanation.change import change_map
from robustmnist.explanation.condition import Condition
from robustmnist.explanation.regions import shares_by_region
from robustmnist.explanation.subject import Subject
from robustmnist.explanation.target import Target
from robustmnist.explanation.way_back import WayBack, ways_back
from robustmnist.predictions.reasons import done_to

if TYPE_CHECKING:
    from robustmnist.data import Dataset

__all__ = ["Explained", "Mistake", "explain_each"]

Maps = NDArray[np.float32]


@dataclass(frozen=True)
class Mistake:
    """A digit that is misread: its id, its true class, what was read, and how it was perturbed, None where clean."""

    id: int
    label: int
    predicted: int
    condition: Condition | None

    @property
    def done(self) -> str:
        """What was done to the digit, as of `done_to`."""
        return self.done_by(self.condition)

    @staticmethod
    def done_by(condition: Condition | None) -> str:
        """Return what a condition does to a digit, as of `done_to`; empty for none."""
        if condition is None:
            return ""
        return done_to(condition.sweep, condition.variant, condition.setting.value, condition.seed)


@dataclass(frozen=True, eq=False)
class Explained:
    """Why a mistake was made: plain values for JSON, and the change map, (28, 28); None where there is none."""

    sample: dict[str, Any]
    change: Maps | None


def explain_each(
    subject: Subject, dataset: "Dataset", mistakes: Sequence[Mistake], advance: Callable[[int], None]
) -> list[Explained]:
    """Return why each of a checkpoint's mistakes was made, whatever was done to the digits, all in one batch.

    Args:
        subject: Who made them.
        dataset: Has the digits.
        mistakes: What is explained.
        advance: Called with the number of digits read since the last call.
    """
    if not mistakes:
        return []
    digits = dataset.select([mistake.id for mistake in mistakes])
    clean, seen = digits.images, digits.images.clone()
    for done, condition in {mistake.done: mistake.condition for mistake in mistakes}.items():
        if condition is not None:
            rows = [row for row, mistake in enumerate(mistakes) if mistake.done == done]
            seen[rows] = condition.apply(dataset.select([mistakes[row].id for row in rows]))
    predicted = torch.tensor([mistake.predicted for mistake in mistakes], dtype=torch.int64).to(digits.labels.device)
    target = Target.of_margin(digits.labels, predicted)
    lost = (subject.scores(clean, target).double() - subject.scores(seen, target).double()).tolist()
    changes: Maps | None = None
    if subject.fast is not None:  # of others there are no slopes
        changes = np.nan_to_num(change_map(subject, clean, seen, target).maps.cpu().numpy(), nan=0, posinf=0, neginf=0)
    advance(len(mistakes))
    ways = ways_back(subject, seen, digits.labels, predicted, ids=digits.ids, on_progress=advance)
    pictures = [images[:, 0].cpu().numpy() for images in (clean, seen)]
    explained = []
    for row, mistake in enumerate(mistakes):
        change = None if changes is None or mistake.condition is None else changes[row]
        parts = {} if change is None else shares_by_region(change, pictures[0][row], pictures[1][row])
        explained.append(Explained(_sample(mistake, lost[row], parts, ways, row), change))
    return explained


def _sample(
    mistake: Mistake, lost: float, parts: dict[str, float], ways: Sequence[WayBack], row: int
) -> dict[str, Any]:
    """Return what ``explain.json`` says of a digit, as far as it is known here."""
    condition = mistake.condition
    whole = None
    if condition is not None:
        whole = [{"from": condition.sweep.neutral, "to": condition.setting.value, "logits": lost}]
    return {
        "id": mistake.id,
        "label": mistake.label,
        "clean" if condition is None else "perturbed": {"predicted": mistake.predicted},
        "lost": whole,
        "lost_by_part": parts,
        "way_back": [
            {
                "change": way.change.name,
                "size": float(way.smallest[row]),
                "unit": way.change.unit,
                "arguments": dict(way.arguments(row) or {}),
                "control_class": int(way.control_classes[row]),
                "control_size": float(way.control[row]),
            }
            for way in ways
        ],
    }
