"""Layers as ONNX nodes: for each kind of module the operators that compute the same."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from robustmnist.models.architectures.layers import MEAN, SD, Normalise
from robustmnist.models.export.graph import Graph
from robustmnist.models.export.onnx_maps import adaptive_pooling, lopsided_pooling, padded, pooling, refusal
from robustmnist.models.sources.keras_modules import (
    AveragePool,
    ChannelsFirst,
    Exponential,
    Lines,
    Pooled,
    Rearranged,
    Slopes,
)

__all__ = ["KINDS", "add_layer"]


def add_layer(graph: Graph, name: str, layer: nn.Module, values: Tensor) -> str:
    """Add the nodes that compute `layer` of the values called `name`; return the result's name.

    Args:
        graph: Added to.
        name: What goes in.
        layer: A module of a kind that `robustmnist.models.inference.structure` knows.
        values: Something of the shape that goes in.

    Raises:
        CheckpointError: If it is set up in a way that is not written.
    """
    if type(layer) not in KINDS:
        raise refusal(layer)
    return KINDS[type(layer)](graph, name, layer, values)


def _convolution(graph: Graph, name: str, layer: Any, values: Tensor) -> str:
    if layer.padding_mode != "zeros":
        raise refusal(layer)
    before, after = _ends(layer)
    weights = [graph.constant(part) for part in (layer.weight, layer.bias) if part is not None]
    sizes = {"kernel_shape": layer.kernel_size, "strides": layer.stride, "dilations": layer.dilation}
    return graph.add("Conv", name, *weights, pads=[*before, *after], group=layer.groups, **sizes)


def _ends(layer: nn.Conv2d) -> tuple[list[int], list[int]]:
    """Return the padding at top and left, and at bottom and right."""
    if not isinstance(layer.padding, str):
        return list(layer.padding), list(layer.padding)
    reach = zip(layer.dilation, layer.kernel_size, strict=True)
    total = [step * (size - 1) * (layer.padding == "same") for step, size in reach]
    return [all_ // 2 for all_ in total], [all_ - all_ // 2 for all_ in total]


def _dense(graph: Graph, name: str, layer: Any, values: Tensor) -> str:
    if values.ndim == 2:
        return graph.add("Gemm", name, *map(graph.constant, filter(_is_there, (layer.weight, layer.bias))), transB=1)
    product = graph.add("MatMul", name, graph.constant(layer.weight.T))
    return product if layer.bias is None else graph.add("Add", product, graph.constant(layer.bias))


def _is_there(part: Tensor | None) -> bool:
    return part is not None


def _norm(graph: Graph, name: str, layer: Any, values: Tensor) -> str:
    if layer.running_mean is None:
        raise refusal(layer)
    ones = torch.ones(layer.num_features)
    parts = (ones, 0 * ones) if layer.weight is None else (layer.weight, layer.bias)
    statistics = map(graph.constant, (*parts, layer.running_mean, layer.running_var))
    return graph.add("BatchNormalization", name, *statistics, epsilon=layer.eps)


def _flatten(graph: Graph, name: str, layer: Any, values: Tensor) -> str:
    if (layer.start_dim, layer.end_dim) not in ((1, -1), (1, values.ndim - 1)):
        raise refusal(layer)
    return graph.add("Flatten", name, axis=1)


def _rearranged(graph: Graph, name: str, layer: Any, values: Tensor) -> str:
    last = graph.add("Transpose", name, perm=[0, 2, 3, 1]) if values.ndim == 4 else name
    result = graph.add("Reshape", last, graph.constant(np.array([0, *layer.shape])))
    return graph.add("Transpose", result, perm=[0, 3, 1, 2]) if len(layer.shape) == 3 else result


def _slopes(graph: Graph, name: str, layer: Any, values: Tensor) -> str:
    slopes = layer.slopes if isinstance(layer, Slopes) else layer.weight.reshape(-1, *[1] * (values.ndim - 2))
    return graph.add("PRelu", name, graph.constant(slopes))


def _gelu(graph: Graph, name: str, layer: Any, values: Tensor) -> str:
    if layer.approximate != "none":
        raise refusal(layer)
    error = graph.add("Erf", graph.add("Div", name, graph.constant(math.sqrt(2))))
    raised = graph.add("Add", error, graph.constant(1.0))
    return graph.add("Mul", graph.add("Mul", name, raised), graph.constant(0.5))


def _softplus(graph: Graph, name: str, layer: Any, values: Tensor) -> str:
    if layer.beta != 1:
        raise refusal(layer)
    return graph.add("Softplus", name)


def _lines(graph: Graph, name: str, layer: Any, values: Tensor) -> str:
    return graph.add("Add", graph.add("Mul", name, graph.constant(layer.factor)), graph.constant(layer.offset))


def _clipped(low: float, high: float) -> "Kind":
    return lambda graph, name, layer, values: graph.add(
        "Clip", name, graph.constant(getattr(layer, "min_val", low)), graph.constant(getattr(layer, "max_val", high))
    )


def _plain(operator: str, **attributes: str) -> "Kind":
    """Return what adds one operator, its attributes read from those of the module that are named."""
    return lambda graph, name, layer, values: graph.add(
        operator, name, **{key: getattr(layer, attribute) for key, attribute in attributes.items()}
    )


Kind = Callable[[Graph, str, Any, Tensor], str]
KINDS: dict[type[nn.Module], Kind] = {
    nn.Conv2d: _convolution,
    nn.Linear: _dense,
    nn.BatchNorm1d: _norm,
    nn.BatchNorm2d: _norm,
    nn.MaxPool2d: pooling,
    nn.AvgPool2d: pooling,
    nn.AdaptiveAvgPool2d: adaptive_pooling,
    nn.ZeroPad2d: lambda graph, name, layer, values: padded(graph, name, layer.padding, 0.0),
    nn.ConstantPad2d: lambda graph, name, layer, values: padded(graph, name, layer.padding, layer.value),
    nn.Flatten: _flatten,
    nn.PReLU: _slopes,
    nn.ReLU: _plain("Relu"),
    nn.LeakyReLU: _plain("LeakyRelu", alpha="negative_slope"),
    nn.ELU: _plain("Elu", alpha="alpha"),
    nn.SELU: _plain("Selu"),
    nn.GELU: _gelu,
    nn.SiLU: lambda graph, name, layer, values: graph.add("Mul", name, graph.add("Sigmoid", name)),
    nn.Mish: lambda graph, name, layer, values: graph.add("Mul", name, graph.add("Tanh", graph.add("Softplus", name))),
    nn.ReLU6: _clipped(0.0, 6.0),
    nn.Hardtanh: _clipped(-1.0, 1.0),
    nn.Tanh: _plain("Tanh"),
    nn.Sigmoid: _plain("Sigmoid"),
    nn.Softplus: _softplus,
    nn.Softsign: _plain("Softsign"),
    nn.Softmax: _plain("Softmax", axis="dim"),
    nn.LogSoftmax: _plain("LogSoftmax", axis="dim"),
    Normalise: lambda graph, name, layer, values: graph.add(
        "Div", graph.add("Sub", name, graph.constant(MEAN)), graph.constant(SD)
    ),
    ChannelsFirst: lambda graph, name, layer, values: graph.add("Transpose", name, perm=[0, 3, 1, 2]),
    Rearranged: _rearranged,
    AveragePool: lopsided_pooling,
    Pooled: lambda graph, name, layer, values: graph.add(
        "ReduceMax" if layer.largest else "ReduceMean", name, axes=[2, 3], keepdims=int(layer.keep)
    ),
    Lines: _lines,
    Slopes: _slopes,
    Exponential: _plain("Exp"),
}
