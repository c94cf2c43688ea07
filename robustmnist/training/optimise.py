"""The optimiser and the learning rate, both from a recipe."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from robustmnist.training.recipe import Optimizer, Schedule

__all__ = ["clear_gradients", "gradient_norms", "learning_rate", "make_optimizer"]


def make_optimizer(settings: Optimizer, model: nn.Module) -> torch.optim.Optimizer:
    """Return the optimiser over the model's parameters; vectors (biases, norms) are not decayed."""
    weights: list[nn.Parameter] = []
    vectors: list[nn.Parameter] = []
    for parameter in model.parameters():
        (weights if parameter.ndim > 1 else vectors).append(parameter)
    groups = [
        {"params": weights, "weight_decay": settings.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    if settings.name == "sgd":
        momentum = settings.momentum
        return torch.optim.SGD(groups, lr=settings.lr, momentum=momentum, nesterov=momentum > 0, fused=True)
    kind = torch.optim.AdamW if settings.name == "adamw" else torch.optim.Adam
    return kind(groups, lr=settings.lr, betas=settings.betas, fused=True)


def learning_rate(schedule: Schedule, peak: float, step: int, steps: int, epochs: int) -> float:
    """Return the learning rate of step `step` (from 0) of `steps`.

    - ``one-cycle``: half a cosine up from ``first * peak`` over the warm-up, half a cosine down to ``last * peak``.
      Source: Smith and Topin, Super-convergence, 2018.
    - ``cosine``: half a cosine from `peak` down to ``last * peak``.
    - ``step``: `peak`, multiplied by ``factor`` every ``every`` epochs.
    - ``none``: `peak`.
    """
    match schedule.name:
        case "one-cycle":
            climb = schedule.warmup * (steps - 1)
            if step < climb:
                return peak * _half_cosine(schedule.first, 1.0, step / climb)
            return peak * _half_cosine(1.0, schedule.last, (step - climb) / max(steps - 1 - climb, 1))
        case "cosine":
            return peak * _half_cosine(1.0, schedule.last, step / max(steps - 1, 1))
        case "step":
            return float(peak * schedule.factor ** (step * epochs // steps // schedule.every))
        case "none":
            return peak


def clear_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Forget the gradients of the step before."""
    for parameter in parameters:
        parameter.grad = None


def gradient_norms(parameters: Iterable[nn.Parameter]) -> Tensor:
    """Return the Euclidean norm of each parameter's gradient, (parameters,) on their device."""
    return torch.stack(torch._foreach_norm([_gradient(parameter) for parameter in parameters]))


def _gradient(parameter: nn.Parameter) -> Tensor:
    """Return the gradient of `parameter`, zeros where it had no part in the loss."""
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * share))
