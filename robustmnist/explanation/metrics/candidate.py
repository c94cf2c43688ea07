"""A map that is judged: a method's, or a control that knows nothing of the classifier."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.explanation.attribution import attribute
from robustmnist.explanation.methods.method import Context, Kind
from robustmnist.explanation.methods.registry import find_method
from robustmnist.explanation.metrics.question import Question
from robustmnist.explanation.subject import Subject
from robustmnist.explanation.target import Target

__all__ = ["CONTROLS", "Ask", "Candidate", "Explainer", "control", "of_method"]

Ask = Callable[[Subject, Tensor, Target, Context], Tensor]
CONTROLS = ("random", "image", "edges")
TITLES = {"random": "Random map", "image": "The image itself", "edges": "Edges of the image"}


@dataclass(frozen=True, eq=False)
class Explainer:
    """A way to make maps.

    Attributes:
        name: A method's key, or one of `CONTROLS`.
        title: In a heading.
        kind: What a value of a map is.
        complete: Whether the values promise to add up to the loss of all ink.
        ask: ``f(subject, images, target, context) -> maps (B, 28, 28)``.
        control: Whether it knows nothing of the classifier.
    """

    name: str
    title: str
    kind: Kind
    complete: bool
    ask: Ask
    control: bool = False

    def explain(self, question: Question, context: Context | None = None) -> "Candidate":
        """Return the maps of the question's digits, to be judged."""
        given = context or Context(question.ids, question.seed)
        maps = self.ask(question.subject, question.images, question.target, given)
        return Candidate(self, maps, given)


@dataclass(frozen=True, eq=False)
class Candidate:
    """Maps that are judged.

    Attributes:
        explainer: What made them.
        maps: float32 (B, 28, 28), signed.
        context: With which they were made.
    """

    explainer: Explainer
    maps: Tensor
    context: Context

    @cached_property
    def finite(self) -> Tensor:
        """Whether all values of each map are finite, bool (B,)."""
        return self.maps.flatten(1).abs().amax(1).isfinite()

    def recomputed(
        self,
        question: Question,
        *,
        subject: Subject | None = None,
        images: Tensor | None = None,
        target: Target | None = None,
        draw: int = 0,
    ) -> Tensor:
        """Return the maps of another classifier, other images or another target, float32 (B, 28, 28).

        Args:
            question: Where nothing else is said, its classifier, images and target.
            subject: Another classifier.
            images: Other images of the same digits.
            target: Another target.
            draw: Which of several: the random control draws anew for each, so it depends on the picture as any map.
        """
        context = replace(self.context, seed=self.context.seed + draw) if self.explainer.control else self.context
        return self.explainer.ask(
            subject or question.subject,
            question.images if images is None else images,
            target or question.target,
            context,
        )


def of_method(name: str) -> Explainer:
    """Return an attribution method of the registry as a way to make maps."""
    method = find_method(name)

    def ask(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
        return attribute(subject, images, target, context, method=name)

    return Explainer(name, method.title, method.kind, method.complete, ask)


def control(name: str) -> Explainer:
    """Return a control: ``random``, uniform numbers; ``image``, the ink; ``edges``, the Sobel magnitude of the ink.

    A method that does no better than these says nothing of the classifier.
    """
    return Explainer(
        name, TITLES[name], "share", False, {"random": _random, "image": _image, "edges": _edges}[name], True
    )


def _random(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    # The stream and seed of the numbers that break ties: a constant map is this control.
    return Draws(context.seed, "measure ties", context.ids).uniform(784).view(-1, 28, 28).clone()


def _image(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    return images[:, 0].clone()


def _edges(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    padded = torch.nn.functional.pad(images, (1, 1, 1, 1))[:, 0]
    up, middle, down = (padded[:, row : row + 28] for row in range(3))

    def columns(rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return rows[..., :-2], rows[..., 1:-1], rows[..., 2:]

    smooth = [up + 2 * middle + down, down - up]
    left, _, right = columns(smooth[0])
    first, second, third = columns(smooth[1])
    return torch.sqrt((right - left) ** 2 + (first + 2 * second + third) ** 2)
