"""What is checked: a recipe and few digits, and the small trainings that the checks are made of."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from robustmnist.training import loop
from robustmnist.training.digits import Digits, stratified_split
from robustmnist.training.evidence.trace import Trace
from robustmnist.training.loop import State
from robustmnist.training.read import check_recipe
from robustmnist.training.recipe import Recipe

__all__ = ["EPOCHS", "Subject", "subject_of"]

TRAINING, VALIDATION = 2000, 1000  # digits, at most
BATCH = 64
EPOCHS = 3  # of the trainings that are to read unseen digits
PLAIN: dict[str, Any] = {  # nothing that keeps a network from learning its digits by heart
    "label_smoothing": 0.0,
    "average": {"decay": 0.0},
    "augment": {},
    "schedule": {"name": "none"},
}
DROPOUTS = ("dropout", "input_dropout")


@dataclass(frozen=True)
class Subject:
    """A recipe with few digits.

    Attributes:
        recipe: What is to be checked.
        digits: All of its digits.
        images: To learn from, float32 (n, 1, 28, 28), every class with its share.
        labels: Their classes, int64 (n,).
        validation_images: To validate on.
        validation_labels: Their classes.
        codes: Code that the recipe's model may be, ``net.py:Net``.
    """

    recipe: Recipe
    digits: Digits
    images: Tensor
    labels: Tensor
    validation_images: Tensor
    validation_labels: Tensor
    codes: tuple[str, ...] = ()

    @property
    def device(self) -> torch.device:
        """Where the digits are."""
        return self.images.device

    def plain(self, **changes: Any) -> Recipe:
        """Return the recipe without dropout, augmentation, smoothing, average and schedule, and with `changes`."""
        model = {key: 0.0 if key in DROPOUTS else value for key, value in self.recipe.model.items()}
        return self.changed(**PLAIN | {"model": model} | changes)

    def changed(self, **changes: Any) -> Recipe:
        """Return the recipe with `changes`, its batches at most `BATCH`, so that few digits make enough steps."""
        small = {"batch_size": min(BATCH, self.recipe.batch_size)}
        return check_recipe(self.recipe.as_dict() | small | changes, where="sanity check")

    def start(self, recipe: Recipe) -> State:
        """Return a training before its first step."""
        return loop.start(recipe, self.device, self.codes)

    def epoch(self, state: State, recipe: Recipe, images: Tensor, labels: Tensor) -> Trace:
        """Train an epoch and return its steps."""
        trace = Trace()
        loop.train_epoch(state, recipe, images, labels, None, trace)
        return trace

    def trained(self, recipe: Recipe, images: Tensor, labels: Tensor) -> State:
        """Train all epochs of `recipe`."""
        state = self.start(recipe)
        for _ in range(recipe.epochs):
            self.epoch(state, recipe, images, labels)
        return state

    @functools.cached_property
    def learnt(self) -> float:
        """The share of validation digits that the plain recipe reads after `EPOCHS`, on all digits; trained once."""
        state = self.trained(self.plain(epochs=EPOCHS), self.images, self.labels)
        return self.accuracy(state, self.validation_images, self.validation_labels)

    def accuracy(self, state: State, images: Tensor, labels: Tensor) -> float:
        """Return the share of digits that a trained network reads right."""
        model = loaded(state)
        correct, _ = loop.measure(model, images, labels)
        return correct / len(labels)


def loaded(state: State) -> nn.Module:
    """Return the network of a training with the weights that are validated, in eval mode."""
    state.model.load_state_dict({name: value.clone() for name, value in state.weights.items()})
    return state.model.eval()


def subject_of(recipe: Recipe, digits: Digits, codes: Sequence[str] = ()) -> Subject:
    """Return `recipe` with a sample of its digits."""
    learn = _sample(digits.training.labels, TRAINING)
    choose = _sample(digits.validation.labels, VALIDATION)
    training, validation = digits.training, digits.validation
    return Subject(
        recipe=recipe,
        digits=digits,
        images=training.rows(learn),
        labels=training.labels[learn],
        validation_images=validation.rows(choose),
        validation_labels=validation.labels[choose],
        codes=tuple(codes),
    )


def _sample(labels: Tensor, most: int) -> Tensor:
    """Return rows of at most `most` digits, every class with its share."""
    if len(labels) < 2 * most:
        return torch.arange(min(len(labels), most), device=labels.device)
    return stratified_split(labels, most, 0)[1].to(labels.device)
