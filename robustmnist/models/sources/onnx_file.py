"""ONNX files through onnxruntime: looked into first, run for the first time in a process of its own."""

import importlib.util
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from robustmnist.models.sources import child
from robustmnist.models.sources.onnx_session import Session
from robustmnist.models.sources.protobuf import fields, text
from robustmnist.models.sources.refusals import ONNX_EXTRA, Unreadable, quoted
from robustmnist.models.sources.source import Network

__all__ = ["OnnxFile", "look_into", "onnx_network"]

MAX_BYTES = 256 * 2**20  # of the file and the data beside it
MAX_VALUES = 3 * 512 * 512  # of one image
# Operators that onnxruntime brings itself; others are libraries of code.
DOMAINS = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft"}
OUTPUTS = {"Softmax": "probabilities", "Sigmoid": "probabilities", "LogSoftmax": "log-probabilities"}
OUTPUTS |= dict.fromkeys(("Gemm", "MatMul", "Add", "Conv"), "logits")
TYPES = {"tensor(float)": "f4", "tensor(double)": "f8", "tensor(float16)": "f2", "tensor(uint8)": "u1"}
DAMAGED = "fetch or export it again"


@dataclass(eq=False)
class OnnxFile:
    """What stands in an ONNX file.

    Attributes:
        operators: The operators, domain and name, in order.
        external: The files that its weights lie in, as it names them.
        last: The operator that gives the first output, "" where none does.
    """

    operators: list[tuple[str, str]] = field(default_factory=list)
    external: set[str] = field(default_factory=set)
    last: str = ""


def look_into(data: bytes) -> OnnxFile:
    """Return what stands in an ONNX file, without onnx or onnxruntime.

    Raises:
        Unreadable: If it is damaged, or needs operators or data that are not read.

    Source: onnx/onnx.proto: ModelProto.graph = 7; GraphProto.node = 1, initializer = 5, output = 12;
    NodeProto.output = 2, op_type = 4, domain = 7; TensorProto.external_data = 13.
    """
    content = OnnxFile()
    graphs = [value for number, value in fields(memoryview(data)) if number == 7 and isinstance(value, memoryview)]
    if len(graphs) != 1:
        raise Unreadable("is no ONNX file, or a damaged one: it has no graph", DAMAGED)
    made_by: dict[str, str] = {}
    output = None
    for number, part in fields(graphs[0]):
        if number == 1 and isinstance(part, memoryview):
            node = list(fields(part))
            operator = _first(node, 7), _first(node, 4)
            content.operators.append(operator)
            made_by.update({text(value): operator[1] for key, value in node if key == 2})
            content.external.update(name for tensor in _tensors(node) for name in _external(tensor))
        elif number == 5 and isinstance(part, memoryview):
            content.external.update(_external(part))
        elif number == 12 and output is None and isinstance(part, memoryview):
            output = _first(list(fields(part)), 1)
    if not content.operators or output is None:
        raise Unreadable("is no ONNX file, or a damaged one: it has no operators or no output", DAMAGED)
    for domain, name in content.operators:
        if domain not in DOMAINS or name == "EPContext":
            raise Unreadable(
                f"needs the operator {quoted(f'{domain}.{name}')}, which is code of its own", "export it without"
            )
    content.last = made_by.get(output, "")
    return content


def external_files(path: Path, content: OnnxFile) -> list[Path]:
    """Return the files with an ONNX file's weights, sorted.

    Raises:
        Unreadable: If one is missing, too large, or does not lie beside the file itself.
    """
    files = []
    for name in sorted(content.external):
        file = path.parent / name
        if not name or Path(name).name != name or "\\" in name or file.is_symlink():
            raise Unreadable(f"keeps weights in {quoted(name)}, which does not lie beside it; it is not opened")
        if not file.is_file():
            remedy = "fetch it too, or export the model into one file"
            raise Unreadable(f"keeps its weights in {quoted(name)}, which is not there", remedy)
        files.append(file)
    if sum(file.stat().st_size for file in files) > MAX_BYTES:
        raise Unreadable(f"keeps more than {MAX_BYTES // 2**20} MB of weights")
    return files


def onnx_network(path: Path, data: bytes, content: OnnxFile) -> Network:
    """Return the network of an ONNX file: a function of NumPy images, computed by onnxruntime on one CPU thread.

    Raises:
        Unreadable: If onnxruntime does not run it, or it does not take images and give scores.
    """
    if importlib.util.find_spec("onnxruntime") is None:
        raise Unreadable("is an ONNX file, which onnxruntime runs, and onnxruntime is not installed", ONNX_EXTRA)
    script = Path(__file__).with_name("onnx_run.py")
    model = str(path) if content.external else data
    table, _ = child.run_script(script, b"" if content.external else data, str(path))
    (name, declared, kind), sizes = _only_input(table)
    scores = table["result"]
    if len(scores) != 2:
        raise Unreadable(f"answers images with values of shape {tuple(scores)}, not with rows of scores")
    batch = declared[0] if isinstance(declared[0], int) else None
    predict = Session(model, name, table["outputs"][0][0], TYPES[kind], batch)
    words = ", ".join(_words(content))
    return Network(predict, False, sizes, _layout(sizes), OUTPUTS.get(content.last), words)


def _only_input(table: dict[str, Any]) -> tuple[list[Any], tuple[int, ...]]:
    """Return the only input of the graph, and the shape of an image for it."""
    inputs = table["inputs"]
    if len(inputs) != 1 or inputs[0][2] not in TYPES or not 2 <= len(inputs[0][1]) <= 4:
        shown = ", ".join(f"{quoted(name)} {kind} {shape}" for name, shape, kind in inputs[:3]) or "nothing"
        raise Unreadable(f"takes {shown}, not one array of images")
    sizes = tuple(side if isinstance(side, int) else 28 for side in inputs[0][1][1:])
    if min(sizes) < 1 or math.prod(sizes) > MAX_VALUES:
        raise Unreadable(f"takes images of shape {sizes}")
    return inputs[0], sizes


def _layout(sizes: tuple[int, ...]) -> str:
    if len(sizes) == 3:
        return "nhwc" if sizes[2] in (1, 3) and sizes[0] not in (1, 3) else "nchw"
    return "flat" if len(sizes) == 1 else "hw"


def _words(content: OnnxFile) -> Iterator[str]:
    """Yield what the operators are, those that compute, in order."""
    plain = {"Conv": "conv", "MaxPool": "pool", "AveragePool": "pool", "GlobalAveragePool": "pool", "Gemm": "dense"}
    plain |= {"MatMul": "dense", "Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softmax": "softmax"}
    yield from (plain[name] for _, name in content.operators if name in plain)


def _first(node: list[tuple[int, int | memoryview]], number: int) -> str:
    return next((text(value) for key, value in node if key == number), "")


def _tensors(node: list[tuple[int, int | memoryview]]) -> Iterator[memoryview]:
    """Yield the tensors among a node's attributes (NodeProto.attribute = 5, AttributeProto.t = 5)."""
    for number, attribute in node:
        if number == 5 and isinstance(attribute, memoryview):
            yield from (value for key, value in fields(attribute) if key == 5 and isinstance(value, memoryview))


def _external(tensor: memoryview) -> Iterator[str]:
    """Yield the file that a tensor lies in, where it lies outside (StringStringEntryProto.key = 1, value = 2)."""
    for number, entry in fields(tensor):
        if number == 13 and isinstance(entry, memoryview):
            pair = list(fields(entry))
            if _first(pair, 1) == "location":
                yield _first(pair, 2)
