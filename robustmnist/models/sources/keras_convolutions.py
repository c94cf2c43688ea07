"""Keras' convolutions and poolings on maps ``(height, width, channels)`` as torch modules on ``(C, H, W)``.

TensorFlow's padding ``same`` puts the odd row and column at the bottom and at the right, so that strides make it
lopsided; torch's own knows padding that is the same on both sides.
"""

from torch import Tensor, nn

from robustmnist.models.sources.keras_activations import activation
from robustmnist.models.sources.keras_config import ONNX, Layer
from robustmnist.models.sources.keras_modules import AveragePool
from robustmnist.models.sources.keras_weights import check_shapes, filled
from robustmnist.models.sources.refusals import Unreadable

__all__ = ["convolution", "depthwise", "max_pooling", "mean_pooling", "separable"]

Shape = tuple[int, ...]
Sizes = tuple[int, int]
Frame = tuple[int, int, int, int]  # left, right, top, bottom
Translated = tuple[list[nn.Module], Shape]


def convolution(layer: Layer, shape: Shape, weights: list[Tensor]) -> Translated:
    """Translate Conv2D."""
    filters, groups = layer.whole("filters"), layer.whole("groups", 1)
    kernel, bias = layer.pair("kernel_size"), layer.flag("use_bias", True)
    if shape[2] % groups or filters % groups:
        raise layer.wrong("groups")
    check_shapes(layer, weights, [(*kernel, shape[2] // groups, filters)] + [(filters,)] * bias)
    modules, sides = _convolved(layer, shape, kernel, weights[0].permute(3, 2, 0, 1), weights[1:], groups)
    return modules + activation(layer.config.get("activation"), 3, layer), (*sides, filters)


def depthwise(layer: Layer, shape: Shape, weights: list[Tensor]) -> Translated:
    """Translate DepthwiseConv2D."""
    multiple, channels = layer.whole("depth_multiplier", 1), shape[2]
    kernel, bias = layer.pair("kernel_size"), layer.flag("use_bias", True)
    check_shapes(layer, weights, [(*kernel, channels, multiple)] + [(channels * multiple,)] * bias)
    modules, sides = _convolved(layer, shape, kernel, _by_channel(weights[0]), weights[1:], channels)
    return modules + activation(layer.config.get("activation"), 3, layer), (*sides, channels * multiple)


def separable(layer: Layer, shape: Shape, weights: list[Tensor]) -> Translated:
    """Translate SeparableConv2D: a depthwise convolution, then one over the channels of each pixel."""
    multiple, channels, filters = layer.whole("depth_multiplier", 1), shape[2], layer.whole("filters")
    kernel, bias = layer.pair("kernel_size"), layer.flag("use_bias", True)
    middle = channels * multiple
    check_shapes(layer, weights, [(*kernel, channels, multiple), (1, 1, middle, filters)] + [(filters,)] * bias)
    modules, sides = _convolved(layer, shape, kernel, _by_channel(weights[0]), [], channels)
    pointwise = filled(
        nn.Conv2d(middle, filters, 1, bias=bias, device="meta"), weights[1].permute(3, 2, 0, 1), weights[2:]
    )
    return [*modules, pointwise, *activation(layer.config.get("activation"), 3, layer)], (*sides, filters)


def max_pooling(layer: Layer, shape: Shape, weights: list[Tensor]) -> Translated:
    """Translate MaxPooling2D."""
    check_shapes(layer, weights, [])
    size, strides, sides, frame = _windows(layer, shape)
    pad = [nn.ConstantPad2d(frame, float("-inf"))] if any(frame) else []
    if size == strides == (2, 2):
        return [*pad, nn.MaxPool2d(2)], (*sides, shape[2])  # in the words in which deployment knows it
    return [*pad, nn.MaxPool2d(size, strides)], (*sides, shape[2])


def mean_pooling(layer: Layer, shape: Shape, weights: list[Tensor]) -> Translated:
    """Translate AveragePooling2D."""
    check_shapes(layer, weights, [])
    size, strides, sides, frame = _windows(layer, shape)
    module = AveragePool(size, strides, frame) if any(frame) else nn.AvgPool2d(size, strides)
    return [module], (*sides, shape[2])


def _convolved(
    layer: Layer, shape: Shape, kernel: Sizes, weight: Tensor, bias: list[Tensor], groups: int
) -> tuple[list[nn.Module], Sizes]:
    """Return a convolution with a weight in torch's order, padding in front where torch has none like it; the sides."""
    _check_order(layer)
    strides, dilation = layer.pair("strides", (1, 1)), layer.pair("dilation_rate", (1, 1))
    reach = (dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1)
    sides, frame = _padding(layer, shape, reach, strides)
    even = frame[0] == frame[1] and frame[2] == frame[3]
    module = nn.Conv2d(
        shape[2],
        weight.shape[0],
        kernel,
        strides,
        (frame[2], frame[0]) if even else 0,
        dilation,
        groups,
        bool(bias),
        device="meta",
    )
    return [*([] if even else [nn.ZeroPad2d(frame)]), filled(module, weight, bias)], sides


def _windows(layer: Layer, shape: Shape) -> tuple[Sizes, Sizes, Sizes, Frame]:
    """Return a pooling's size, strides, the sides of what comes out, and the padding."""
    _check_order(layer)
    size = layer.pair("pool_size", (2, 2))
    strides = layer.pair("strides", size)
    return size, strides, *_padding(layer, shape, size, strides)


def _padding(layer: Layer, shape: Shape, reach: Sizes, strides: Sizes) -> tuple[Sizes, Frame]:
    """Return the height and width of what comes out, and the padding.

    Source: TensorFlow's notes on padding, tf.nn, "SAME".
    """
    if layer.word("padding", "valid", ("valid", "same")) == "valid":
        rows, columns = (
            (side - window) // stride + 1 for side, window, stride in zip(shape[:2], reach, strides, strict=True)
        )
        return (rows, columns), (0, 0, 0, 0)
    ends: list[Sizes] = []
    sides = []
    for side, window, stride in zip(shape[:2], reach, strides, strict=True):
        sides.append(-(-side // stride))
        total = max((sides[-1] - 1) * stride + window - side, 0)
        ends.append((total // 2, total - total // 2))
    return (sides[0], sides[1]), (*ends[1], *ends[0])


def _by_channel(kernel: Tensor) -> Tensor:
    """Bring a depthwise kernel (height, width, C, multiple) into torch's order (C × multiple, 1, height, width)."""
    return kernel.permute(2, 3, 0, 1).flatten(0, 1)[:, None]


def _check_order(layer: Layer) -> None:
    if layer.config.get("data_format") not in (None, "channels_last"):
        raise Unreadable(f"has the layer {layer} with channels first, which is not translated", ONNX)
