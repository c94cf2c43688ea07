"""An ONNX graph under construction: nodes, one after the other, and the constants that they take."""

import importlib.util
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.errors import InputError

__all__ = ["INPUT", "OPSET", "OUTPUT", "Graph", "check_installed"]

# Of 2021; onnxruntime runs it since 1.12. Later ones change nothing that is used here.
OPSET = 17
IR_VERSION = 8
INPUT, OUTPUT = "images", "logits"


class Graph:
    """Nodes and constants, added in the order of computation.

    Each of its methods returns the name of what it adds, which later nodes take.
    """

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output."""
        from onnx import helper

        name = f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def constant(self, values: Tensor | NDArray[Any] | float) -> str:
        """Add an array: float32, or int64 where it holds whole numbers."""
        from onnx import numpy_helper

        array = values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)
        name = f"constant_{len(self._constants)}"
        kind = np.int64 if array.dtype.kind == "i" else np.float32
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array, kind), name))
        return name

    def finish(self, last: str, metadata: Mapping[str, str]) -> bytes:
        """Return the file: ink (N, 1, 28, 28) in, the values called `last` (N, 10) out.

        Args:
            last: What `add` returned for the last node.
            metadata: What the file says about itself, by key.
        """
        import onnx
        from onnx import TensorProto, helper

        nodes = [*self._nodes, helper.make_node("Identity", [last], [OUTPUT], OUTPUT)]
        image = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["N", 1, 28, 28])
        scores = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N", 10])
        graph = helper.make_graph(nodes, "classifier", [image], [scores], self._constants)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="robustmnist",
            producer_version=metadata.get("robustmnist", ""),
        )
        helper.set_model_props(model, dict(metadata))
        onnx.checker.check_model(model, full_check=True)
        data: bytes = model.SerializeToString(deterministic=True)
        return data


def check_installed(package: str, purpose: str) -> None:
    """Raise `InputError` if `package` of the extra ``[onnx]`` is missing."""
    if importlib.util.find_spec(package) is None:
        what, remedy = f"{purpose} needs {package}, which is not installed", "install it: pip install onnx onnxruntime"
        raise InputError(what, where="--format onnx", remedy=remedy)
