"""A chain computed in torch: what the page has to agree with, and the proof that a translation is right."""

import math
from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from robustmnist.sketchpad.chain import Array, Chain, Operation

__all__ = ["OPERATIONS", "interpret"]

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Source: Klambauer et al. 2017


@torch.no_grad()
def interpret(chain: Chain, images: Tensor) -> Tensor:
    """Return logits (B, 10) of images (B, 1, 28, 28) of ink in [0, 1].

    >>> twice = Chain("twice", (Operation("flatten"), Operation("columns", {"columns": list(range(10))})))
    >>> interpret(twice, torch.ones(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """
    values = images
    for operation in chain.operations:
        values = OPERATIONS[operation.kind](values, operation)
    return values


def _affine(values: Tensor, step: Operation) -> Tensor:
    factor, offset = (_by_channel(step.arrays[name], values) for name in ("factor", "offset"))
    return values * factor + offset


def _convolution(values: Tensor, step: Operation) -> Tensor:
    weight, bias = _tensors(step.arrays, "weight", "bias")
    framed = F.pad(values, tuple(step.settings["padding"]))
    return F.conv2d(
        framed, weight, bias, step.settings["stride"], 0, step.settings["dilation"], step.settings["groups"]
    )


def _dense(values: Tensor, step: Operation) -> Tensor:
    if values.ndim != 2:
        raise ValueError(f"a dense layer on values of shape {tuple(values.shape[1:])}")
    return F.linear(values, *_tensors(step.arrays, "weight", "bias"))


def _pool(values: Tensor, step: Operation) -> Tensor:
    size, stride, padding = step.settings["size"], step.settings["stride"], tuple(step.settings["padding"])
    if step.settings["how"] == "max":
        return F.max_pool2d(F.pad(values, padding, value=-math.inf), size, stride)
    pooled = F.avg_pool2d(F.pad(values, padding), size, stride)
    if not step.settings["inside"]:
        return pooled
    return pooled / F.avg_pool2d(F.pad(torch.ones_like(values[:1, :1]), padding), size, stride)


def _frame(values: Tensor, step: Operation) -> Tensor:
    return F.pad(values, tuple(step.settings["frame"]), value=-math.inf if step.settings["value"] == "low" else 0)


def _whole(values: Tensor, step: Operation) -> Tensor:
    return values.amax((2, 3)) if step.settings["how"] == "max" else values.mean((2, 3))


def _arrange(values: Tensor, step: Operation) -> Tensor:
    last = values.permute(0, 2, 3, 1) if values.ndim == 4 else values
    result = last.reshape(len(values), *step.settings["shape"])
    return result.permute(0, 3, 1, 2) if result.ndim == 4 else result


def _activation(values: Tensor, step: Operation) -> Tensor:
    return ACTIVATED[step.settings["name"]](values, step.settings.get("a", 0.0))


def _resize(values: Tensor, step: Operation) -> Tensor:
    (matrix,) = _tensors(step.arrays, "matrix")
    return matrix @ values @ matrix.T


def _standardise(values: Tensor, step: Operation) -> Tensor:
    sd = values.std((1, 2, 3), correction=0, keepdim=True).clamp(min=step.settings["least"])
    return (values - values.mean((1, 2, 3), keepdim=True)) / sd


def _slopes(values: Tensor, step: Operation) -> Tensor:
    return values.clamp(min=0) + _by_channel(step.arrays["slopes"], values) * values.clamp(max=0)


# Kind -> from values (B, …) to values.
OPERATIONS: Mapping[str, Callable[[Tensor, Operation], Tensor]] = {
    "activation": _activation,
    "affine": _affine,
    "arrange": _arrange,
    "columns": lambda values, step: values[:, step.settings["columns"]],
    "convolution": _convolution,
    "dense": _dense,
    "flatten": lambda values, step: values.flatten(1),
    "log-softmax": lambda values, step: F.log_softmax(values, 1),
    "pad": _frame,
    "plane": lambda values, step: values[:, 0],
    "pool": _pool,
    "repeat": lambda values, step: values.expand(-1, step.settings["channels"], -1, -1),
    "resize": _resize,
    "slopes": _slopes,
    "standardise": _standardise,
    "transpose": lambda values, step: values.transpose(-2, -1),
    "whole": _whole,
}
ACTIVATED: Mapping[str, Callable[[Tensor, float], Tensor]] = {
    "relu": lambda x, a: x.clamp(min=0),
    "leaky": F.leaky_relu,
    "elu": F.elu,
    "selu": lambda x, a: SELU_SCALE * F.elu(x, SELU_ALPHA),
    "gelu": lambda x, a: F.gelu(x),
    "silu": lambda x, a: F.silu(x),
    "mish": lambda x, a: F.mish(x),
    "tanh": lambda x, a: x.tanh(),
    "sigmoid": lambda x, a: x.sigmoid(),
    "softplus": lambda x, a: F.softplus(x),
    "softsign": lambda x, a: F.softsign(x),
    "exponential": lambda x, a: x.exp(),
    "clip": lambda x, a: x.clamp(0, a),
    "log": lambda x, a: x.clamp(min=a).log(),
}


def _tensors(arrays: Mapping[str, Array], *names: str) -> tuple[Tensor, ...]:
    return tuple(torch.from_numpy(arrays[name]) for name in names)


def _by_channel(array: Array, values: Tensor) -> Tensor:
    """Return one number, one for each channel, or one for each value, shaped to go with values (B, …)."""
    tensor = torch.from_numpy(array)
    return tensor.view(-1, *(1,) * (values.ndim - 2)) if tensor.ndim == 1 and values.ndim > 2 else tensor
