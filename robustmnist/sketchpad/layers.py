"""One layer of torch as operations of a chain: its settings and weights as plain values, or a refusal."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from robustmnist.errors import CheckpointError
from robustmnist.models.sources.keras_modules import AveragePool, Pooled
from robustmnist.sketchpad.chain import Array, Operation

__all__ = [
    "activation",
    "adaptive",
    "affine",
    "array",
    "clip",
    "convolution",
    "flatten",
    "frame",
    "gelu",
    "log_softmax",
    "lopsided",
    "norm",
    "pool",
    "pooled",
    "refusal",
    "softmax",
    "weights",
]

SERVE = "give --serve, by which the model itself answers"


def convolution(layer: nn.Conv2d) -> list[Operation]:
    """Return a convolution, its padding as left, right, top and bottom."""
    if layer.padding_mode != "zeros":
        raise refusal(f"Conv2d with padding_mode={layer.padding_mode}")
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
    return [Operation("convolution", settings, weights(layer))]


def weights(layer: nn.Conv2d | nn.Linear) -> dict[str, Array]:
    """Return the arrays of a layer; a layer without bias has zeros."""
    bias = torch.zeros(len(layer.weight)) if layer.bias is None else layer.bias
    return {"weight": array(layer.weight), "bias": array(bias)}


def pool(how: str) -> Callable[[Any], list[Operation]]:
    """Return a function from a pooling layer to its operation; `how` is ``max`` or ``mean``."""

    def operations(layer: nn.MaxPool2d | nn.AvgPool2d) -> list[Operation]:
        odd = layer.ceil_mode or _pair(getattr(layer, "dilation", 1)) != (1, 1)
        if odd or getattr(layer, "return_indices", False) or getattr(layer, "divisor_override", None):
            raise refusal(repr(layer))
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


def lopsided(layer: AveragePool) -> list[Operation]:
    """Return an average pooling whose padding differs from side to side."""
    size, stride = list(layer.size), list(layer.strides)
    settings = {"how": "mean", "size": size, "stride": stride, "padding": list(layer.padding), "inside": True}
    return [Operation("pool", settings)]


def frame(layer: nn.ZeroPad2d | nn.ConstantPad2d) -> list[Operation]:
    """Return a padding with zeros, or with -inf before a max pooling."""
    if layer.value not in (0, -torch.inf):
        raise refusal(repr(layer))
    # Paper that is -inf stands before a max pooling alone: what lies outside never wins there.
    return [Operation("pad", {"frame": list(layer.padding), "value": "low" if layer.value else 0})]


def norm(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> list[Operation]:
    """Return a batch norm as a factor and an offset for each channel."""
    if norm.running_mean is None or norm.running_var is None:
        raise refusal(f"{type(norm).__name__} without running statistics")
    factor = (norm.running_var.double() + norm.eps).rsqrt()
    offset = -norm.running_mean.double() * factor
    if norm.affine:
        factor, offset = factor * norm.weight.double(), offset * norm.weight.double() + norm.bias.double()
    return [affine(factor, offset)]


def affine(factor: Tensor, offset: Tensor) -> Operation:
    """Return the operation; what broadcasts over maps is one number for each channel there."""
    by_channel = [
        array(values.flatten() if values.shape[1:] in ((), (1, 1)) else values) for values in (factor, offset)
    ]
    return Operation("affine", {}, dict(zip(("factor", "offset"), by_channel, strict=True)))


def adaptive(layer: nn.AdaptiveAvgPool2d) -> list[Operation]:
    """Return the mean over a whole map, the only output size that a page computes."""
    if layer.output_size not in (1, (1, 1)):
        raise refusal(repr(layer))
    return [Operation("whole", {"how": "mean"})]


def pooled(layer: Pooled) -> list[Operation]:
    """Return the largest value or the mean of a whole map."""
    if layer.keep:
        raise refusal("a global pooling that keeps its axes")
    return [Operation("whole", {"how": "max" if layer.largest else "mean"})]


def activation(name: str, setting: str | None = None) -> Callable[[Any], list[Operation]]:
    """Return a function from a layer to the activation `name`, its number read from the attribute `setting`."""

    def operations(layer: nn.Module) -> list[Operation]:
        number = {} if setting is None else {"a": float(getattr(layer, setting))}
        return [Operation("activation", {"name": name, **number})]

    return operations


def gelu(layer: nn.GELU) -> list[Operation]:
    """Return the exact GELU; its approximation is refused."""
    if layer.approximate != "none":
        raise refusal(repr(layer))
    return activation("gelu")(layer)


def clip(layer: nn.Hardtanh) -> list[Operation]:
    """Return a clipping between 0 and an upper end."""
    if layer.min_val != 0:
        raise refusal(repr(layer))
    return activation("clip", "max_val")(layer)


def log_softmax(layer: nn.LogSoftmax) -> list[Operation]:
    """Return the logarithm of the softmax over the classes."""
    if layer.dim not in (1, -1):
        raise refusal(repr(layer))
    return [Operation("log-softmax")]


def softmax(layer: nn.Softmax) -> list[Operation]:
    """Return the softmax over the classes."""
    if layer.dim not in (1, -1):
        raise refusal(repr(layer))
    return [Operation("log-softmax"), Operation("activation", {"name": "exponential"})]


def flatten(layer: nn.Flatten) -> list[Operation]:
    """Return maps as one row of values."""
    if (layer.start_dim, layer.end_dim) != (1, -1):
        raise refusal(repr(layer))
    return [Operation("flatten")]


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def array(values: Tensor) -> Array:
    """Return values as float32 on the CPU."""
    return np.array(values.detach().cpu().float().numpy(), np.float32)


def refusal(what: str) -> CheckpointError:
    """Return the error that says what a page cannot compute."""
    return CheckpointError(f"has {what}, which a page cannot compute", remedy=SERVE)
