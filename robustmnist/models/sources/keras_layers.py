"""Each layer of Keras as torch modules: what it computes on one shape of input, and the shape that comes out."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from robustmnist.models.sources.keras_activations import activation, activation_layer
from robustmnist.models.sources.keras_config import ONNX, Layer
from robustmnist.models.sources.keras_convolutions import (
    Shape,
    Translated,
    convolution,
    depthwise,
    max_pooling,
    mean_pooling,
    separable,
)
from robustmnist.models.sources.keras_modules import Lines, Pooled, Rearranged, Slopes
from robustmnist.models.sources.keras_weights import check_shapes, filled
from robustmnist.models.sources.refusals import Unreadable
from robustmnist.models.sources.weights import Array

__all__ = ["IDLE", "LAYERS", "Shape", "Translated", "translate"]

MAX_VALUES = 2**24  # between two layers, for one image


def translate(layer: Layer, shape: Shape, weights: list[Array]) -> Translated:
    """Return the modules that compute `layer`, and the shape of what comes out.

    Args:
        layer: The layer.
        shape: Shape of what goes in, without the batch, in Keras' order: maps are (height, width, channels).
        weights: The layer's arrays in Keras' order.

    Raises:
        Unreadable: If the layer is not translated, or the arrays are not those that its configuration implies.
    """
    if layer.kind in IDLE:
        return [], shape
    if layer.kind not in LAYERS:
        raise Unreadable(f"has the layer {layer}, which is not translated", ONNX)
    ranks, build = LAYERS[layer.kind]
    if len(shape) not in ranks:
        raise Unreadable(f"has the layer {layer} on values of shape {shape}, which is not translated", ONNX)
    modules, result = build(layer, shape, [torch.from_numpy(np.array(array, np.float32)) for array in weights])
    if min(result) < 1 or math.prod(result) > MAX_VALUES:
        raise Unreadable(f"has the layer {layer}, of which nothing or far too much comes out")
    return modules, result


def _dense(layer: Layer, shape: Shape, weights: list[Tensor]) -> Translated:
    units, inputs, bias = layer.whole("units"), shape[-1], layer.flag("use_bias", True)
    check_shapes(layer, weights, [(inputs, units)] + [(units,)] * bias)
    linear: nn.Module
    if len(shape) == 3:  # over the channels of maps: a convolution of one pixel
        weight = weights[0].T[:, :, None, None]
        linear = filled(nn.Conv2d(inputs, units, 1, bias=bias, device="meta"), weight, weights[1:])
    else:
        linear = filled(nn.Linear(inputs, units, bias=bias, device="meta"), weights[0].T, weights[1:])
    return [linear, *activation(layer.config.get("activation"), len(shape), layer)], (*shape[:-1], units)


def _flatten(layer: Layer, shape: Shape, weights: list[Tensor]) -> Translated:
    if layer.config.get("data_format") not in (None, "channels_last"):
        raise layer.wrong("data_format")
    check_shapes(layer, weights, [])
    result = (math.prod(shape),)
    return [] if shape == result else [Rearranged(result)], result


def _reshape(layer: Layer, shape: Shape, weights: list[Tensor]) -> Translated:
    check_shapes(layer, weights, [])
    target, count = layer.config.get("target_shape"), math.prod(shape)
    if not isinstance(target, list) or not 1 <= len(target) <= 3 or not all(type(size) is int for size in target):
        raise layer.wrong("target_shape")
    known = math.prod(size for size in target if size != -1)
    if target.count(-1) > 1 or min(target) < -1 or known <= 0 or count % known:
        raise layer.wrong("target_shape")
    result = tuple(count // known if size == -1 else size for size in target)
    if math.prod(result) != count:
        raise layer.wrong("target_shape")
    return [Rearranged(result)], result


def _norm(layer: Layer, shape: Shape, weights: list[Tensor]) -> Translated:
    if layer.config.get("axis", -1) not in (-1, len(shape), [len(shape)], [-1]):
        raise layer.wrong("axis")
    scale, center, channels = layer.flag("scale", True), layer.flag("center", True), shape[-1]
    check_shapes(layer, weights, [(channels,)] * (2 + scale + center))
    kind = nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d
    norm = kind(channels, eps=layer.number("epsilon", 1e-3))
    norm.weight = nn.Parameter(weights.pop(0) if scale else torch.ones(channels))
    norm.bias = nn.Parameter(weights.pop(0) if center else torch.zeros(channels))
    norm.running_mean, norm.running_var = weights
    return [norm], shape


def _pooled(layer: Layer, shape: Shape, weights: list[Tensor]) -> Translated:
    check_shapes(layer, weights, [])
    if layer.config.get("data_format") not in (None, "channels_last"):
        raise layer.wrong("data_format")
    keep = layer.flag("keepdims", False)
    return [Pooled("Max" in layer.kind, keep)], (1, 1, shape[2]) if keep else (shape[2],)


def _frame(layer: Layer, shape: Shape, weights: list[Tensor]) -> Translated:
    """Translate ZeroPadding2D and Cropping2D: a frame added, or taken off."""
    check_shapes(layer, weights, [])
    key = "padding" if layer.kind == "ZeroPadding2D" else "cropping"
    sides = layer.config.get(key, [1, 1])
    sides = sides if isinstance(sides, list) and len(sides) == 2 else [sides, sides]
    (top, bottom), (left, right) = (Layer(layer.kind, layer.name, {key: side}).pair(key, least=0) for side in sides)
    sign = 1 if key == "padding" else -1
    frame = (sign * left, sign * right, sign * top, sign * bottom)
    return [nn.ZeroPad2d(frame)], (shape[0] + frame[2] + frame[3], shape[1] + frame[0] + frame[1], shape[2])


def _activation(layer: Layer, shape: Shape, weights: list[Tensor]) -> Translated:
    check_shapes(layer, weights, [])
    return activation_layer(layer, len(shape)), shape


def _slopes(layer: Layer, shape: Shape, weights: list[Tensor]) -> Translated:
    shared = layer.config.get("shared_axes") or []
    if not isinstance(shared, list) or not all(axis in range(1, len(shape) + 1) for axis in shared):
        raise layer.wrong("shared_axes")
    check_shapes(layer, weights, [tuple(1 if axis in shared else size for axis, size in enumerate(shape, 1))])
    return [Slopes(weights[0].permute(2, 0, 1) if len(shape) == 3 else weights[0])], shape


def _rescaling(layer: Layer, shape: Shape, weights: list[Tensor]) -> Translated:
    check_shapes(layer, weights, [])
    return [
        Lines(*(torch.tensor(layer.number(key, default)) for key, default in (("scale", 1.0), ("offset", 0.0))))
    ], shape


def _normalisation(layer: Layer, shape: Shape, weights: list[Tensor]) -> Translated:
    """Translate Normalization, whose mean and variance are in the file or, where the author gave them, in its text."""
    if layer.flag("invert", False):
        raise layer.wrong("invert")
    statistics = weights[:2]
    if layer.config.get("mean") is not None:
        values = (np.array(layer.config.get(key), dtype=np.float64) for key in ("mean", "variance"))
        statistics = [torch.from_numpy(value.astype(np.float32)) for value in values]
    if len(statistics) != 2 or statistics[0].numel() not in (1, shape[-1]):
        raise Unreadable(f"has the layer {layer} with a mean of another shape than one, or one for each channel", ONNX)
    mean, sd = statistics[0].flatten(), statistics[1].flatten().sqrt().clamp(min=1e-7)
    if len(shape) == 3:
        mean, sd = mean[:, None, None], sd[:, None, None]
    return [Lines(1 / sd, -mean / sd)], shape


ANY, MAPS = (1, 2, 3), (3,)
# Class in Keras -> the ranks of input that are translated (3: maps), and how.
LAYERS: dict[str, tuple[tuple[int, ...], Callable[[Layer, Shape, list[Tensor]], Translated]]] = {
    "Activation": (ANY, _activation),
    "AveragePooling2D": (MAPS, mean_pooling),
    "BatchNormalization": ((1, 3), _norm),
    "Conv2D": (MAPS, convolution),
    "Cropping2D": (MAPS, _frame),
    "Dense": (ANY, _dense),
    "DepthwiseConv2D": (MAPS, depthwise),
    "ELU": (ANY, _activation),
    "Flatten": (ANY, _flatten),
    "GlobalAveragePooling2D": (MAPS, _pooled),
    "GlobalMaxPooling2D": (MAPS, _pooled),
    "LeakyReLU": (ANY, _activation),
    "MaxPooling2D": (MAPS, max_pooling),
    "Normalization": (ANY, _normalisation),
    "PReLU": (ANY, _slopes),
    "ReLU": (ANY, _activation),
    "Rescaling": (ANY, _rescaling),
    "Reshape": (ANY, _reshape),
    "SeparableConv2D": (MAPS, separable),
    "Softmax": (ANY, _activation),
    "ZeroPadding2D": (MAPS, _frame),
}
# Layers that leave their input as it is once training is over.
IDLE = {
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "InputLayer",
    "RandomBrightness",
    "RandomContrast",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "SpatialDropout2D",
}
