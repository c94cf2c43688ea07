"""Keras' activation functions as torch modules."""

from collections.abc import Callable
from typing import Any

from torch import nn

from robustmnist.models.sources.keras_config import ONNX, Layer
from robustmnist.models.sources.keras_modules import Exponential
from robustmnist.models.sources.refusals import Unreadable, quoted

__all__ = ["activation", "activation_layer"]

# Name in Keras -> what makes the module of it; softmax runs over the last axis there, the second of feature maps here.
# Not here: hard_sigmoid, which is another function in Keras 3 than in Keras 2.
ACTIVATIONS: dict[str, Callable[[int], nn.Module | None]] = {
    "elu": lambda axis: nn.ELU(),
    "exponential": lambda axis: Exponential(),
    "gelu": lambda axis: nn.GELU(),
    "leaky_relu": lambda axis: nn.LeakyReLU(0.2),
    "linear": lambda axis: None,
    "log_softmax": lambda axis: nn.LogSoftmax(axis),
    "mish": lambda axis: nn.Mish(),
    "relu": lambda axis: nn.ReLU(),
    "relu6": lambda axis: nn.ReLU6(),
    "selu": lambda axis: nn.SELU(),
    "sigmoid": lambda axis: nn.Sigmoid(),
    "silu": lambda axis: nn.SiLU(),
    "softmax": lambda axis: nn.Softmax(axis),
    "softplus": lambda axis: nn.Softplus(),
    "softsign": lambda axis: nn.Softsign(),
    "swish": lambda axis: nn.SiLU(),
    "tanh": lambda axis: nn.Tanh(),
}


def activation(value: Any, rank: int, layer: Layer) -> list[nn.Module]:
    """Return what the value of a layer's ``activation`` stands for: no module for a linear one.

    Args:
        value: A name, null, or a function or layer as Keras writes it.
        rank: Axes of the values without the batch; 3 are feature maps.
        layer: Whose it is, for messages.

    Raises:
        Unreadable: If it is unknown, above all a function of the author's own.
    """
    if isinstance(value, dict) and value.get("class_name") == "function":
        value = value.get("config")
    if isinstance(value, dict) and isinstance(value.get("config"), dict):
        return activation_layer(Layer(str(value.get("class_name")), layer.name, value["config"]), rank)
    if value is None:
        return []
    if not isinstance(value, str) or value not in ACTIVATIONS:
        raise Unreadable(f"has the activation {quoted(value)} in its layer {layer}, which is not translated", ONNX)
    module = ACTIVATIONS[value](1 if rank == 3 else -1)
    return [] if module is None else [module]


def activation_layer(layer: Layer, rank: int) -> list[nn.Module]:
    """Return the module of a layer that is an activation alone, of values with `rank` axes beside the batch.

    Raises:
        Unreadable: If it is none, or is set up in a way that torch has no module for.
    """
    axis = layer.config.get("axis", -1)
    match layer.kind:
        case "Activation":
            return activation(layer.config.get("activation"), rank, layer)
        case "ReLU":
            return _relu(layer)
        case "LeakyReLU":
            return [nn.LeakyReLU(layer.number("negative_slope", layer.number("alpha", 0.3)))]
        case "ELU":
            return [nn.ELU(layer.number("alpha", 1.0))]
        case "Softmax" if axis in (-1, rank, [-1], [rank]):
            return activation("softmax", rank, layer)
    raise Unreadable(f"has the activation {layer}, which is not translated", ONNX)


def _relu(layer: Layer) -> list[nn.Module]:
    ceiling = layer.number("max_value", float("inf"))
    slope, threshold = layer.number("negative_slope", 0.0), layer.number("threshold", 0.0)
    if threshold or (slope and ceiling != float("inf")) or ceiling <= 0:
        raise Unreadable(f"has the activation {layer} with a threshold or a slope and a ceiling", ONNX)
    if ceiling != float("inf"):
        return [nn.Hardtanh(0.0, ceiling)]
    return [nn.LeakyReLU(slope) if slope else nn.ReLU()]
