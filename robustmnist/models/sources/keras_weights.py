"""The arrays of a Keras layer, held against what its configuration implies, in a torch module."""

from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

from robustmnist.models.sources.keras_config import Layer
from robustmnist.models.sources.refusals import Unreadable

__all__ = ["check_shapes", "filled"]

M = TypeVar("M", nn.Linear, nn.Conv2d)


def check_shapes(layer: Layer, weights: Sequence[Tensor], shapes: Sequence[tuple[int, ...]]) -> None:
    """Raise `Unreadable` unless `weights` have exactly the `shapes` that the configuration of `layer` implies."""
    have = [tuple(array.shape) for array in weights]
    if have != list(shapes):
        raise Unreadable(f"has weights of the shapes {have} for its layer {layer}, which needs {list(shapes)}")


def filled(module: M, weight: Tensor, bias: Sequence[Tensor]) -> M:
    """Return `module`, made on the meta device, with a weight in torch's order and a bias, if there is one."""
    module.weight = nn.Parameter(weight.contiguous())
    if bias:
        module.bias = nn.Parameter(bias[0])
    elif module.bias is not None:
        module.bias = nn.Parameter(torch.zeros(weight.shape[0]))
    return module
