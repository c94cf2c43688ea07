"""What runs over maps, as ONNX nodes: poolings and frames."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from robustmnist.errors import CheckpointError
from robustmnist.models.export.graph import Graph

__all__ = ["adaptive_pooling", "lopsided_pooling", "padded", "pooling", "refusal"]


def refusal(layer: nn.Module) -> CheckpointError:
    """Return the error for a layer that is set up in a way that is not written."""
    what = f"has the layer {layer!r}, which is not written as ONNX"
    return CheckpointError(what, remedy="export it with torch.onnx.export, from the code that made it")


def pooling(graph: Graph, name: str, layer: Any, values: Tensor) -> str:
    """Add maxima or means of windows; raises `CheckpointError` where ONNX means something else by them."""
    padding = _pair(layer.padding)
    options: dict[str, Any] = {"kernel_shape": _pair(layer.kernel_size), "strides": _pair(layer.stride)}
    options |= {"pads": [*padding, *padding], "ceil_mode": int(layer.ceil_mode)}
    if isinstance(layer, nn.MaxPool2d):
        if layer.return_indices:
            raise refusal(layer)
        return graph.add("MaxPool", name, dilations=_pair(layer.dilation), **options)
    if layer.divisor_override is not None or (layer.ceil_mode and layer.count_include_pad):
        raise refusal(layer)
    return graph.add("AveragePool", name, count_include_pad=int(layer.count_include_pad), **options)


def _pair(size: int | tuple[int, ...]) -> list[int]:
    return [size, size] if isinstance(size, int) else list(size)


def adaptive_pooling(graph: Graph, name: str, layer: Any, values: Tensor) -> str:
    """Add means of as many windows as are asked for, where they share the maps evenly."""
    sides = values.shape[-2:]
    wanted = [side if size is None else size for side, size in zip(sides, _pair(layer.output_size), strict=True)]
    if any(side % size for side, size in zip(sides, wanted, strict=True)):
        raise refusal(layer)
    steps = [side // size for side, size in zip(sides, wanted, strict=True)]
    return graph.add("AveragePool", name, kernel_shape=steps, strides=steps)


def lopsided_pooling(graph: Graph, name: str, layer: Any, values: Tensor) -> str:
    """Add means of windows over what of them lies within the maps."""
    inside = F.avg_pool2d(F.pad(torch.ones_like(values[:1, :1]), layer.padding), layer.size, layer.strides)
    framed = padded(graph, name, layer.padding, 0.0)
    means = graph.add("AveragePool", framed, kernel_shape=layer.size, strides=layer.strides)
    return graph.add("Div", means, graph.constant(inside))


def padded(graph: Graph, name: str, frame: tuple[int, ...], value: float) -> str:
    """Add a frame of `value`: left, right, top, bottom; below 0 it is cut off."""
    left, right, top, bottom = frame
    return graph.add(
        "Pad", name, graph.constant(np.array([0, 0, top, left, 0, 0, bottom, right])), graph.constant(value)
    )
