"""Torch modules as operations of a chain, one entry for each module that a page can compute."""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain as joined
from typing import Any

import torch
from torch import nn

from robustmnist.models.architectures.cnn import CNN
from robustmnist.models.architectures.fc import FC
from robustmnist.models.architectures.layers import MEAN, SD, ByteDropout, Normalise
from robustmnist.models.architectures.lenet5 import LeNet5
from robustmnist.models.inference.folding import fold_norms
from robustmnist.models.inference.foreign import duplicate
from robustmnist.models.sources.keras_modules import (
    AveragePool,
    ChannelsFirst,
    Exponential,
    Lines,
    Pooled,
    Rearranged,
    Slopes,
)
from robustmnist.sketchpad.chain import Operation
from robustmnist.sketchpad.layers import (
    SERVE,
    activation,
    adaptive,
    affine,
    array,
    clip,
    convolution,
    flatten,
    frame,
    gelu,
    log_softmax,
    lopsided,
    norm,
    pool,
    pooled,
    refusal,
    softmax,
    weights,
)

__all__ = ["SERVE", "operations_of"]

IDLE = (nn.Identity, nn.Dropout, nn.Dropout2d, nn.Dropout1d, nn.AlphaDropout, ByteDropout)


def operations_of(network: nn.Module) -> list[Operation]:
    """Return what `network` computes, batch norms folded into the layers before them where that is possible.

    Raises:
        CheckpointError: If a module of it is not known, or is set up in a way that a page cannot compute.
    """
    modules = list(_in_order(network))
    for module in modules:
        if type(module) not in OPERATIONS and type(module) not in IDLE:
            raise refusal(type(module).__name__)
    folded = fold_norms(nn.Sequential(*map(duplicate, modules)).cpu().float().eval())
    return [
        step for module in folded.children() if type(module) not in IDLE for step in OPERATIONS[type(module)](module)
    ]


def _in_order(network: nn.Module) -> Iterator[nn.Module]:
    """Yield the modules without children as they are called, with the flattening that our networks do between."""
    if type(network) in (CNN, LeNet5, FC):
        features, classifier = getattr(network, "features", nn.Sequential()), network.get_submodule("classifier")
        parts = (Normalise(), *features.children(), nn.Flatten(), *classifier.children())
        yield from joined.from_iterable(map(_in_order, parts))
    elif type(network) is nn.Sequential:
        yield from joined.from_iterable(map(_in_order, network.children()))
    else:
        yield network


# Module -> the operations that it is. Exactly of that type: a subclass may compute anything.
OPERATIONS: Mapping[type[nn.Module], Callable[[Any], list[Operation]]] = {
    Normalise: lambda layer: [affine(torch.tensor([1 / SD]), torch.tensor([-MEAN / SD]))],
    nn.Conv2d: convolution,
    nn.Linear: lambda layer: [Operation("dense", {}, weights(layer))],
    nn.BatchNorm1d: norm,
    nn.BatchNorm2d: norm,
    nn.MaxPool2d: pool("max"),
    nn.AvgPool2d: pool("mean"),
    nn.AdaptiveAvgPool2d: adaptive,
    nn.Flatten: flatten,
    nn.ZeroPad2d: frame,
    nn.ConstantPad2d: frame,
    nn.ReLU: activation("relu"),
    nn.ReLU6: lambda layer: [Operation("activation", {"name": "clip", "a": 6.0})],
    nn.Hardtanh: clip,
    nn.LeakyReLU: activation("leaky", "negative_slope"),
    nn.PReLU: lambda layer: [Operation("slopes", {}, {"slopes": array(layer.weight)})],
    nn.ELU: activation("elu", "alpha"),
    nn.SELU: activation("selu"),
    nn.GELU: gelu,
    nn.SiLU: activation("silu"),
    nn.Mish: activation("mish"),
    nn.Tanh: activation("tanh"),
    nn.Sigmoid: activation("sigmoid"),
    nn.Softplus: activation("softplus"),
    nn.Softsign: activation("softsign"),
    nn.LogSoftmax: log_softmax,
    nn.Softmax: softmax,
    ChannelsFirst: lambda layer: [],  # maps have their channels first in a chain
    Rearranged: lambda layer: [Operation("arrange", {"shape": list(layer.shape)})],
    AveragePool: lopsided,
    Pooled: pooled,
    Lines: lambda layer: [affine(layer.factor, layer.offset)],
    Slopes: lambda layer: [Operation("slopes", {}, {"slopes": array(layer.slopes)})],
    Exponential: activation("exponential"),
}
