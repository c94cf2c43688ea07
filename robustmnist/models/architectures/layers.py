"""The parts of the classifiers: normalisation, activations, dropout, and the types of their parameters."""

import itertools
from collections.abc import Callable
from typing import Annotated, Literal

import torch
from pydantic import Field, Strict
from torch import Tensor, nn

__all__ = [
    "MEAN",
    "SD",
    "Activation",
    "ByteDropout",
    "Channels",
    "Fraction",
    "Normalise",
    "Widths",
    "activation_layer",
    "dense_layers",
]

# Mean and standard deviation of the ink of MNIST's 60,000 training digits.
# Source: the MNIST example of pytorch/examples.
MEAN = 0.1307
SD = 0.3081

# All of these rise monotonically, so that max pooling may stand before or after them with the same result.
Activation = Literal["relu", "leaky-relu", "elu", "tanh"]
Fraction = Annotated[float, Field(ge=0, lt=1)]
# Bounded, so that a damaged or hostile card cannot ask for more memory than a weights file may hold.
# A list from JSON or TOML serves as well as a tuple; the whole numbers in it stay strict.
Widths = Annotated[tuple[Annotated[int, Field(ge=1, le=2048)], ...], Field(max_length=6), Strict(False)]
Channels = Annotated[tuple[Annotated[int, Field(ge=1, le=512)], ...], Field(min_length=1, max_length=4), Strict(False)]


class Normalise(nn.Module):
    """Bring ink in [0, 1] to mean 0 and standard deviation 1 over MNIST's training digits; any shape."""

    def forward(self, images: Tensor) -> Tensor:
        """Return ``(images - 0.1307) / 0.3081``."""
        return torch.sub(images, MEAN).div_(SD)


class ByteDropout(nn.Module):
    """Silence a share of the values in training, and scale the others up so that the sum is kept on average.

    One random byte decides for each value, eight of them to a draw: `nn.Dropout` draws a number for each, which took a
    quarter of an epoch of the fully connected classifier before its pixels, and a sixth before its hidden units, went
    through this. The share is therefore rounded to whole 256ths.

    Args:
        share: Share of the values to silence.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.silenced = round(256 * share)

    def forward(self, values: Tensor) -> Tensor:
        """Return `values` with some of them 0 in training, and as they are in eval mode; any shape."""
        if not self.training or not self.silenced:
            return values
        words = torch.empty(-(-values.numel() // 8), dtype=torch.int64, device=values.device)
        chances = words.random_(-(2**63), None).view(torch.uint8)[: values.numel()].view(values.shape)
        return values * (chances >= self.silenced).to(values.dtype).mul_(256 / (256 - self.silenced))


def activation_layer(name: Activation) -> nn.Module:
    """Return the activation called `name` as a module."""
    match name:
        case "relu":
            return nn.ReLU()
        case "leaky-relu":
            return nn.LeakyReLU(0.01)
        case "elu":
            return nn.ELU()
        case "tanh":
            return nn.Tanh()


def dense_layers(
    sizes: tuple[int, ...],
    *,
    dropout: float,
    batch_norm: bool,
    activation: Activation,
    silence: Callable[[float], nn.Module] = nn.Dropout,
) -> nn.Sequential:
    """Return fully connected layers from ``sizes[0]`` inputs through the hidden widths to ``sizes[-1]`` logits.

    After each hidden layer: batch norm where asked for, the activation, and dropout, made by `silence`, where it is
    above 0.
    """
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(sizes[:-1]):
        layers.append(nn.Linear(inputs, outputs))
        if batch_norm:
            layers.append(nn.BatchNorm1d(outputs))
        layers.append(activation_layer(activation))
        if dropout:
            layers.append(silence(dropout))
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))
