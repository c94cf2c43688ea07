"""Notices about a model: does it take ink on the scale that it is given?"""

from collections.abc import Callable, Mapping

from torch import Tensor

from robustmnist.evaluation.answers import Answer
from robustmnist.models.architectures.layers import MEAN, SD

__all__ = ["notices_of"]

FEWEST = 20  # digits from which an accuracy can be compared with chance
ENOUGH = 0.97  # accuracy from which no other scale of ink is tried
CLEARLY = 3.0  # standard deviations by which another scale, or chance, must differ

# The scales of ink on which classifiers are trained elsewhere, from ink in [0, 1].
SCALES: Mapping[str, Callable[[Tensor], Tensor]] = {
    f"with its ink normalised ((ink - {MEAN}) / {SD})": lambda images: (images - MEAN) / SD,
    "with its ink in [-1, 1] (2 ink - 1)": lambda images: 2 * images - 1,
    "with its ink in [0, 255] (255 ink)": lambda images: 255 * images,
    "as dark ink on light paper (1 - ink)": lambda images: 1 - images,
}


def notices_of(name: str, answer: Answer, images: Tensor, labels: Tensor, logits: Tensor, *, bare: bool) -> list[str]:
    """Return what a reader should know of a model's answers to clean digits, a plain sentence each.

    Args:
        name: What the sentences call the model.
        answer: Images to logits.
        images: The digits that it was asked about, on its device.
        labels: What they are.
        logits: What it answered, from `robustmnist.evaluation.preflight.check_model`.
        bare: Whether the model is without a card, so that nobody has said which scale of ink it takes.
    """
    n, right = len(images), _right(logits, labels)
    correct = int(right.sum())
    reads = f"{name} reads {correct} of {n} clean digits"
    if invalid := int((~logits.isfinite().all(1)).sum()):
        return [f"{name} answers {invalid} of {n} clean digits with numbers that are not finite: they count as wrong."]
    if n < FEWEST:
        return []
    if bare and correct < ENOUGH * n and (better := _better_scale(answer, images, labels, right)):
        return [f"{reads}, but {better}: let it bring ink in [0, 1] to that scale itself."]
    if bare and correct <= 0.1 * n + CLEARLY * (0.1 * 0.9 * n) ** 0.5:
        question = "is its input ink in [0, 1] on paper of 0, and are its columns the digits 0 to 9"
        return [f"{reads}, no better than chance: {question}?"]
    if bool(((logits >= 0) & (logits <= 1)).all()):
        return [f"{name} answers with numbers from 0 to 1 only, as after a sigmoid: as logits they leave it unsure."]
    return []


def _better_scale(answer: Answer, images: Tensor, labels: Tensor, right: Tensor) -> str:
    """Return the scale of ink on which clearly more digits, and most of them, are read, and how many; else empty."""
    best, most = "", CLEARLY
    for scale, change in SCALES.items():
        other = _right(answer(change(images)), labels)
        won, lost = int((other & ~right).sum()), int((right & ~other).sum())
        score = (won - lost) / max(won + lost, 1) ** 0.5  # McNemar's test
        if score > most and other.double().mean() > 0.5:
            best, most = f"{int(other.sum())} {scale}", score
    return best


def _right(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits.argmax(1) == labels) & logits.isfinite().all(1)
