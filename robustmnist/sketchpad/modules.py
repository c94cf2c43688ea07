"""Torch modules as operations of a chain, one entry for each module that a page can compute."""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain as joined
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from robustmnist.errors import CheckpointError
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
from robustmnist.sketchpad.chain import Array, Operation

__all__ = ["SERVE", "operations_of"]

SERVE = "give --serve, by which the model itself answers"
IDLE = (nn.Identity, nn.Dropout, nn.Dropout2d, nn.Dropout1d, nn.AlphaDropout, ByteDropout)


def operations_of(network: nn.Module) -> list[Operation]:
    """Return what `network` computes, batch norms folded into the layers before them where that is possible.

    Raises:
        CheckpointError: If a module of it is not known, or is set up in a way that a page cannot compute.
    """
    modules = list(_in_order(network))
    for module in modules:
        if type(module) not in OPERATIONS and type(module) not in IDLE:
            raise _refusal(type(module).__name__)
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


def _convolution(layer: nn.Conv2d) -> list[Operation]:
    if layer.padding_mode != "zeros":
        raise _refusal(f"Conv2d with padding_mode={layer.padding_mode}")
    if layer.padding == "same":
        reach = [step * (side - 1) for step, side in zip(layer.dilation, layer.kernel_size, strict=True)]
        before = [total // 2 for total in reach]
        padding = [before[1], reach[1] - before[1], before[0], reach[0] - before[0]]
    else:
        rows, columns = (0, 0) if isinstance(layer.padding, str) else _pair(layer.padding)
        padding = [columns, columns, rows, rows]
    settings = {
        "stride": list(layer.stride),
        "padding": padding,
        "dilation": list(layer.dilation),
        "groups": layer.groups,
    }
    return [Operation("convolution", settings, _weights(layer))]


def _weights(layer: nn.Conv2d | nn.Linear) -> dict[str, Array]:
    bias = torch.zeros(len(layer.weight)) if layer.bias is None else layer.bias
    return {"weight": _array(layer.weight), "bias": _array(bias)}


def _pool(how: str) -> Callable[[Any], list[Operation]]:
    def operations(layer: nn.MaxPool2d | nn.AvgPool2d) -> list[Operation]:
        odd = layer.ceil_mode or _pair(getattr(layer, "dilation", 1)) != (1, 1)
        if odd or getattr(layer, "return_indices", False) or getattr(layer, "divisor_override", None):
            raise _refusal(repr(layer))
        rows, columns = _pair(layer.padding)
        settings = {
            "how": how,
            "size": list(_pair(layer.kernel_size)),
            "stride": list(_pair(layer.stride)),
            "padding": [columns, columns, rows, rows],
            "inside": not getattr(layer, "count_include_pad", False),
        }
        return [Operation("pool", settings)]

    return operations


def _lopsided(layer: AveragePool) -> list[Operation]:
    size, stride = list(layer.size), list(layer.strides)
    settings = {"how": "mean", "size": size, "stride": stride, "padding": list(layer.padding), "inside": True}
    return [Operation("pool", settings)]


def _frame(layer: nn.ZeroPad2d | nn.ConstantPad2d) -> list[Operation]:
    if layer.value not in (0, -torch.inf):
        raise _refusal(repr(layer))
    # Paper that is -inf stands before a max pooling alone: what lies outside never wins there.
    return [Operation("pad", {"frame": list(layer.padding), "value": "low" if layer.value else 0})]


def _norm(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> list[Operation]:
    if norm.running_mean is None or norm.running_var is None:
        raise _refusal(f"{type(norm).__name__} without running statistics")
    factor = (norm.running_var.double() + norm.eps).rsqrt()
    offset = -norm.running_mean.double() * factor
    if norm.affine:
        factor, offset = factor * norm.weight.double(), offset * norm.weight.double() + norm.bias.double()
    return [_affine(factor, offset)]


def _affine(factor: Tensor, offset: Tensor) -> Operation:
    """Return the operation; what broadcasts over maps is one number for each channel there."""
    by_channel = [
        _array(values.flatten() if values.shape[1:] in ((), (1, 1)) else values) for values in (factor, offset)
    ]
    return Operation("affine", {}, dict(zip(("factor", "offset"), by_channel, strict=True)))


def _adaptive(layer: nn.AdaptiveAvgPool2d) -> list[Operation]:
    if layer.output_size not in (1, (1, 1)):
        raise _refusal(repr(layer))
    return [Operation("whole", {"how": "mean"})]


def _pooled(layer: Pooled) -> list[Operation]:
    if layer.keep:
        raise _refusal("a global pooling that keeps its axes")
    return [Operation("whole", {"how": "max" if layer.largest else "mean"})]


def _activation(name: str, setting: str | None = None) -> Callable[[Any], list[Operation]]:
    def operations(layer: nn.Module) -> list[Operation]:
        number = {} if setting is None else {"a": float(getattr(layer, setting))}
        return [Operation("activation", {"name": name, **number})]

    return operations


def _gelu(layer: nn.GELU) -> list[Operation]:
    if layer.approximate != "none":
        raise _refusal(repr(layer))
    return _activation("gelu")(layer)


def _clip(layer: nn.Hardtanh) -> list[Operation]:
    if layer.min_val != 0:
        raise _refusal(repr(layer))
    return _activation("clip", "max_val")(layer)


def _log_softmax(layer: nn.LogSoftmax) -> list[Operation]:
    if layer.dim not in (1, -1):
        raise _refusal(repr(layer))
    return [Operation("log-softmax")]


def _softmax(layer: nn.Softmax) -> list[Operation]:
    if layer.dim not in (1, -1):
        raise _refusal(repr(layer))
    return [Operation("log-softmax"), Operation("activation", {"name": "exponential"})]


def _flatten(layer: nn.Flatten) -> list[Operation]:
    if (layer.start_dim, layer.end_dim) != (1, -1):
        raise _refusal(repr(layer))
    return [Operation("flatten")]


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _array(values: Tensor) -> Array:
    return np.array(values.detach().cpu().float().numpy(), np.float32)


def _refusal(what: str) -> CheckpointError:
    return CheckpointError(f"has {what}, which a page cannot compute", remedy=SERVE)


# Module -> the operations that it is. Exactly of that type: a subclass may compute anything.
OPERATIONS: Mapping[type[nn.Module], Callable[[Any], list[Operation]]] = {
    Normalise: lambda layer: [_affine(torch.tensor([1 / SD]), torch.tensor([-MEAN / SD]))],
    nn.Conv2d: _convolution,
    nn.Linear: lambda layer: [Operation("dense", {}, _weights(layer))],
    nn.BatchNorm1d: _norm,
    nn.BatchNorm2d: _norm,
    nn.MaxPool2d: _pool("max"),
    nn.AvgPool2d: _pool("mean"),
    nn.AdaptiveAvgPool2d: _adaptive,
    nn.Flatten: _flatten,
    nn.ZeroPad2d: _frame,
    nn.ConstantPad2d: _frame,
    nn.ReLU: _activation("relu"),
    nn.ReLU6: lambda layer: [Operation("activation", {"name": "clip", "a": 6.0})],
    nn.Hardtanh: _clip,
    nn.LeakyReLU: _activation("leaky", "negative_slope"),
    nn.PReLU: lambda layer: [Operation("slopes", {}, {"slopes": _array(layer.weight)})],
    nn.ELU: _activation("elu", "alpha"),
    nn.SELU: _activation("selu"),
    nn.GELU: _gelu,
    nn.SiLU: _activation("silu"),
    nn.Mish: _activation("mish"),
    nn.Tanh: _activation("tanh"),
    nn.Sigmoid: _activation("sigmoid"),
    nn.Softplus: _activation("softplus"),
    nn.Softsign: _activation("softsign"),
    nn.LogSoftmax: _log_softmax,
    nn.Softmax: _softmax,
    ChannelsFirst: lambda layer: [],  # maps have their channels first in a chain
    Rearranged: lambda layer: [Operation("arrange", {"shape": list(layer.shape)})],
    AveragePool: _lopsided,
    Pooled: _pooled,
    Lines: lambda layer: [_affine(layer.factor, layer.offset)],
    Slopes: lambda layer: [Operation("slopes", {}, {"slopes": _array(layer.slopes)})],
    Exponential: _activation("exponential"),
}
