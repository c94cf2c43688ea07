"""A classifier as one ONNX file that takes ink and answers with logits."""

from collections.abc import Mapping

import torch

from robustmnist.models.export.chain import Chain
from robustmnist.models.export.graph import INPUT, Graph
from robustmnist.models.export.onnx_contract import add_feed, add_read
from robustmnist.models.export.onnx_layers import add_layer

__all__ = ["onnx_bytes"]


def onnx_bytes(chain: Chain, metadata: Mapping[str, str]) -> bytes:
    """Return the file: ``images`` float32 (N, 1, 28, 28) of ink in [0, 1] in, ``logits`` (N, 10) out, N left open.

    The input contract and the output contract are nodes of the graph, so that whoever runs it need not know them.

    Args:
        chain: The classifier.
        metadata: What the file says about itself, by key.

    Raises:
        CheckpointError: If a layer is set up in a way that is not written.
    """
    graph = Graph()
    name = add_feed(graph, INPUT, chain.input)
    values = torch.zeros((1, *chain.input.shape))
    with torch.no_grad():
        for layer in chain.layers:
            name = add_layer(graph, name, layer, values)
            values = layer(values)
    return graph.finish(add_read(graph, name, chain.output, values.shape[-1]), metadata)
