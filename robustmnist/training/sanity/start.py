"""Checks of the first steps: the loss, the gradients, the units, and what one step leaves to the next."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.hooks import RemovableHandle

from robustmnist.training.optimise import gradient_norms
from robustmnist.training.sanity.subject import Subject
from robustmnist.training.sanity.verdict import Verdict

__all__ = ["first_loss", "gradients_are_cleared", "gradients_arrive", "units_alive"]

FIRST_LOSS = 0.4  # how far the first loss may lie from ln 10
WEAKEST = 1e-7  # least gradient norm that is more than rounding
PILED_UP = 1.05  # ratio of the gradient norms of two equal steps
DEAD = 0.5  # share of a layer's units


def first_loss(subject: Subject) -> Verdict:
    """Before it has learnt anything a network should give all ten classes about the same probability: loss ln 10."""
    loss = float(subject.epoch(*_single_step(subject)).losses[0])
    return Verdict(
        "loss before training",
        abs(loss - math.log(10)) <= FIRST_LOSS,
        f"{loss:.3f}",
        f"{math.log(10):.3f} ± {FIRST_LOSS}",
        "the weights start too large, or the loss is another than cross-entropy of logits",
    )


def gradients_arrive(subject: Subject) -> Verdict:
    """Every parameter must get a gradient, or it never changes."""
    state, _, images, labels = _single_step(subject)
    # In eval mode, for a batch norm in training takes away what a bias before it adds, and its gradient with it.
    torch.autograd.backward(cross_entropy(state.model.eval()(images), labels))
    norms = gradient_norms(state.model.parameters())
    names = [name for name, _ in state.model.named_parameters()]
    at = int(norms.argmin())
    return Verdict(
        "gradients reach every parameter",
        bool(norms[at] > WEAKEST),
        f"{float(norms[at]):.2g} ({names[at]})",
        f"> {WEAKEST:.0e}",
        "a layer is detached or not used, starts at zero, or no unit of it fires",
    )


def gradients_are_cleared(subject: Subject) -> Verdict:
    """Two steps on one batch at a rate of nothing must have one gradient: none is left over from the step before."""
    state, recipe, images, labels = _single_step(subject, lr=1e-12)
    first = subject.epoch(state, recipe, images, labels).norms[0]
    second = subject.epoch(state, recipe, images, labels).norms[0]
    ratio = float(torch.linalg.vector_norm(second) / torch.linalg.vector_norm(first))
    return Verdict(
        "no gradient is left over",
        1 / PILED_UP <= ratio <= PILED_UP,
        f"second / first step {ratio:.3f}",
        f"1 ± {PILED_UP - 1:.2f}",
        "gradients are not cleared between two steps",
    )


def units_alive(subject: Subject) -> Verdict:
    """Units that are silent for every digit learn nothing."""
    recipe = subject.plain(epochs=1)
    model = subject.start(recipe).model.train()
    silent: dict[str, float] = {}

    def watch(name: str, module: nn.Module) -> RemovableHandle:
        def look(_: nn.Module, __: tuple[Tensor, ...], values: Tensor) -> None:
            fires = (values != 0).flatten(2).any(2) if values.ndim > 2 else values != 0
            silent[name] = 1 - float(fires.any(0).float().mean())

        return module.register_forward_hook(look)

    handles = [watch(name, module) for name, module in model.named_modules() if isinstance(module, nn.ReLU)]
    with torch.no_grad():
        model(subject.images[:512])
    for handle in handles:
        handle.remove()
    worst = max(silent, key=silent.__getitem__, default="")
    share = silent.get(worst, 0.0)
    return Verdict(
        "units fire",
        share <= DEAD,
        f"{100 * share:.0f} % silent{f' ({worst})' if share else ''}",
        f"≤ {100 * DEAD:.0f} %",
        "biases start far below zero, or the weights are too large: dead ReLU",
    )


def _single_step(subject: Subject, lr: float | None = None) -> tuple:  # type: ignore[type-arg]
    """Return a training, its recipe and one batch of digits: an epoch of it is one step."""
    changes = {} if lr is None else {"optimizer": subject.recipe.optimizer.model_dump(mode="json") | {"lr": lr}}
    recipe = subject.plain(epochs=1, batch_size=128, **changes)
    return subject.start(recipe), recipe, subject.images[:128], subject.labels[:128]
