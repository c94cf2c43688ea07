"""What every step of an epoch leaves, kept on the device until somebody looks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["LAYERS", "STEPS", "Trace", "layers_of"]

STEPS = ("epoch", "step", "learning_rate", "loss", "accuracy", "gradient_norm")
LAYERS = ("epoch", "layer", "gradient_norm", "weight_norm")
DIGITS = 6  # significant ones in the files


@dataclass
class Trace:
    """The steps of one epoch. Nothing is computed for it that the training does not compute anyway.

    Attributes:
        batch: Digits of a step.
        rates: The learning rates.
        losses: The losses, scalars.
        right: How many digits of the step were read right, scalars.
        norms: The norms of all parameters' gradients, (parameters,) each.
    """

    batch: int = 1
    rates: list[float] = field(default_factory=list)
    losses: list[Tensor] = field(default_factory=list)
    right: list[Tensor] = field(default_factory=list)
    norms: list[Tensor] = field(default_factory=list)

    def add(self, rate: float, loss: Tensor, right: Tensor, norms: Tensor) -> None:
        """Keep a step."""
        self.rates.append(rate)
        self.losses.append(loss)
        self.right.append(right)
        self.norms.append(norms)

    def latest(self, steps: int = 50) -> dict[str, float]:
        """Return the mean loss and accuracy of the latest steps and the learning rate; this waits for the device."""
        if not self.rates:
            return {}
        return {
            "train_loss": float(torch.stack(self.losses[-steps:]).mean()),
            "train_accuracy": float(torch.stack(self.right[-steps:]).float().mean()) / self.batch,
            "learning_rate": self.rates[-1],
        }

    def step_rows(self, epoch: int) -> list[tuple[Any, ...]]:
        """Return a row of `STEPS` per step; steps count from 1 within the epoch."""
        losses, right = torch.stack(self.losses).tolist(), torch.stack(self.right).tolist()
        norms = torch.linalg.vector_norm(torch.stack(self.norms), dim=1).tolist()
        return [
            (epoch, step, *(f"{value:.{DIGITS}g}" for value in (rate, loss, count / self.batch, norm)))
            for step, (rate, loss, count, norm) in enumerate(zip(self.rates, losses, right, norms, strict=True), 1)
        ]

    def layer_norms(self, layers: Sequence[str]) -> dict[str, float]:
        """Return the mean over the steps of the gradient norm of each layer.

        Args:
            layers: The layer of each parameter, in the model's order.
        """
        squares = torch.stack(self.norms).double().square()
        return {
            name: float(squares[:, [at for at, layer in enumerate(layers) if layer == name]].sum(1).sqrt().mean())
            for name in dict.fromkeys(layers)
        }


def layers_of(model: nn.Module) -> list[str]:
    """Return the layer of each parameter of `model`: its path and kind, such as ``features.0 Conv2d``."""
    modules = dict(model.named_modules())
    paths = [name.rpartition(".")[0] for name, _ in model.named_parameters()]
    return [f"{path} {type(modules[path]).__name__}".strip() for path in paths]
