"""What stands before and behind a network, as ONNX nodes: its contract (`robustmnist.models.contract.adapter`)."""

import numpy as np
import torch
import torch.nn.functional as F

from robustmnist.errors import CheckpointError
from robustmnist.models.contract import Input, Output
from robustmnist.models.contract.adapter import LOG_TINY, SIDE, TINY
from robustmnist.models.contract.contract import DIGITS
from robustmnist.models.export.graph import Graph

__all__ = ["add_feed", "add_read"]


def add_feed(graph: Graph, name: str, contract: Input) -> str:
    """Add what makes of ink (N, 1, 28, 28) in [0, 1], called `name`, what `contract` wants; return its name."""
    if contract.orientation == "transposed":
        name = graph.add("Transpose", name, perm=[0, 1, 3, 2])
    if contract.size != SIDE:
        name = _sized(graph, name, contract)
    if contract.ink == "dark":
        name = graph.add("Sub", graph.constant(1.0), name)
    low, high = contract.range
    if contract.range != (0.0, 1.0):
        name = graph.add("Add", graph.add("Mul", name, graph.constant(high - low)), graph.constant(low))
    if contract.per_image:
        name = _standardised(graph, name, contract.size)
    if contract.channels != 1:
        name = graph.add("Concat", *[name] * contract.channels, axis=1)
    if contract.mean != 0.0:
        name = graph.add("Sub", name, _by_channel(graph, contract.mean))
    if contract.sd != 1.0:
        name = graph.add("Div", name, _by_channel(graph, contract.sd))
    match contract.layout:
        case "nchw":
            return name
        case "nhwc":
            return graph.add("Transpose", name, perm=[0, 2, 3, 1])
        case "hw":
            return graph.add("Reshape", name, graph.constant(np.array([0, contract.size, contract.size])))
        case "flat":
            return graph.add("Flatten", name, axis=1)


def add_read(graph: Graph, name: str, contract: Output, columns: int) -> str:
    """Add what makes logits (N, 10) of scores (N, columns), called `name`; return its name.

    Raises:
        CheckpointError: If the network answers with bare labels.
    """
    if contract.kind == "labels":
        raise CheckpointError("answers with labels alone", remedy="export what it computes them from")
    if columns != 10 or contract.classes != DIGITS:
        name = graph.add("Gather", name, graph.constant(np.array(contract.classes)), axis=1)
    if contract.kind == "probabilities":
        return graph.add("Log", graph.add("Max", name, graph.constant(TINY)))
    if contract.kind == "log-probabilities":
        return graph.add("Where", graph.add("IsInf", name, detect_positive=0), graph.constant(LOG_TINY), name)
    return name


def _sized(graph: Graph, name: str, contract: Input) -> str:
    """Pad or resize. Bilinear resizing is a product with one matrix from each side, here torch's own."""
    size = contract.size
    if contract.fit == "pad":
        before = (size - SIDE) // 2
        after = size - SIDE - before
        return graph.add("Pad", name, graph.constant(np.array([0, 0, before, before, 0, 0, after, after])))
    unit = torch.eye(SIDE)[None, None]
    rows = F.interpolate(unit, (size, SIDE), mode="bilinear", antialias=size < SIDE)[0, 0]
    return graph.add("MatMul", graph.add("MatMul", graph.constant(rows), name), graph.constant(rows.T))


def _standardised(graph: Graph, name: str, size: int) -> str:
    """Bring each image to mean 0 and standard deviation 1, divided by no less than 1 / size."""
    everywhere = {"axes": [1, 2, 3], "keepdims": 1}
    centred = graph.add("Sub", name, graph.add("ReduceMean", name, **everywhere))
    variance = graph.add("ReduceMean", graph.add("Mul", centred, centred), **everywhere)
    return graph.add("Div", centred, graph.add("Max", graph.add("Sqrt", variance), graph.constant(1.0 / size)))


def _by_channel(graph: Graph, value: float | tuple[float, ...]) -> str:
    return graph.constant(np.array(value)[:, None, None] if isinstance(value, tuple) else value)
