"""The quantity that a map explains: a class's logit, or the margin between two classes, one for each digit."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from robustmnist.errors import InputError

__all__ = ["TARGETS", "Kind", "Target", "choose_target"]

Kind = Literal["class", "margin"]
DIGITS = tuple(str(digit) for digit in range(10))
TARGETS = ("margin", "predicted", "true", *DIGITS)  # what a user may ask for


@dataclass(frozen=True, eq=False)
class Target:
    """What is explained of each digit: one number that is read off its logits.

    A logit and not a probability: the softmax would mix in what speaks against the other classes.

    Attributes:
        kind: ``class``: the logit of `classes`; ``margin``: that logit minus the logit of `rivals`.
        classes: int64 (B,); of a margin as a rule the true class.
        rivals: int64 (B,) for a margin, None for a class.

    >>> logits = torch.tensor([[1.0, 5.0, 2.0]])
    >>> Target.of_margin(torch.tensor([1]), torch.tensor([2])).scores(logits).tolist()
    [3.0]
    """

    kind: Kind
    classes: Tensor
    rivals: Tensor | None = None

    @classmethod
    def of_class(cls, classes: Tensor) -> "Target":
        """Return the logit of a class for each digit, int64 (B,)."""
        return cls("class", classes)

    @classmethod
    def of_margin(cls, true: Tensor, rivals: Tensor) -> "Target":
        """Return the logit of `true` minus that of `rivals`, int64 (B,) each."""
        return cls("margin", true, rivals)

    def __len__(self) -> int:
        """Return for how many digits this is."""
        return len(self.classes)

    def scores(self, logits: Tensor) -> Tensor:
        """Return the explained number of each row, (B,), of logits (B, 10); gradients pass through."""
        wanted = logits.gather(1, self.classes.to(logits.device)[:, None])[:, 0]
        if self.rivals is None:
            return wanted
        return wanted - logits.gather(1, self.rivals.to(logits.device)[:, None])[:, 0]

    def take(self, rows: Tensor | slice) -> "Target":
        """Return the target of some of the digits: a slice, or their rows as int64, repeated as often as named."""
        if isinstance(rows, Tensor):
            rows = rows.to(self.classes.device)
        return Target(self.kind, self.classes[rows], None if self.rivals is None else self.rivals[rows])

    def repeat(self, times: int) -> "Target":
        """Return the target of all digits `times` over, one copy of the batch after the other."""
        rivals = None if self.rivals is None else self.rivals.repeat(times)
        return Target(self.kind, self.classes.repeat(times), rivals)

    def words(self, row: int) -> str:
        """Return what is explained of one digit: ``4 rather than 2``, or ``4``."""
        wanted = str(int(self.classes[row]))
        return wanted if self.rivals is None else f"{wanted} rather than {int(self.rivals[row])}"


def choose_target(asked: str, labels: Tensor, logits: Tensor) -> Target:
    """Return what to explain of each digit; one target for all its views, so that they answer the same question.

    The rival of a margin is the predicted class where that is wrong, else the runner-up. Logits that are not finite
    rank last.

    Args:
        asked: One of `TARGETS`: the margin of the true class over its rival, the class that was predicted, the true
            class, or the same class for all.
        labels: int64 (B,), the true classes.
        logits: float (B, 10), of the perturbed digits where there are any, else of the clean ones.

    Raises:
        InputError: If `asked` is none of these.
    """
    if asked not in TARGETS:
        raise InputError(f"'{asked}' is nothing to explain", where="--target", remedy=f"use {', '.join(TARGETS)}")
    lowest = torch.finfo(torch.float64).min  # above the true class's −∞ below: a rival is always another class
    finite = torch.nan_to_num(logits.double(), nan=lowest, posinf=lowest, neginf=lowest)
    labels = labels.to(logits.device)
    match asked:
        case "margin":
            return Target.of_margin(labels, finite.scatter(1, labels[:, None], -torch.inf).argmax(1))
        case "predicted":
            invalid = ~torch.isfinite(logits).all(1)
            return Target.of_class(torch.where(invalid, labels, finite.argmax(1)))
        case "true":
            return Target.of_class(labels)
        case digit:
            return Target.of_class(torch.full_like(labels, int(digit)))
