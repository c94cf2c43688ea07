"""A network's first run in onnxruntime. This file is a script, run in a process of its own (`child.run_script`).

It imports nothing of the package. What breaks down here, by a crash or by taking all memory, breaks down alone.
Input: the bytes of an ONNX file, or nothing with the file's path as the argument, where it has data beside it.
"""

import json
import sys

import numpy as np
import onnxruntime

SIZE = 28  # px, where the file leaves a side open


def main() -> None:
    """Run the network on two blank images, and answer with its inputs and outputs, or why not."""
    data = sys.stdin.buffer.read()
    table: dict[str, object]
    try:
        table = first_run(data or sys.argv[1])
    except Exception as cause:  # onnxruntime raises a dozen classes of its own
        table = {"refused": f"is not run by onnxruntime ({shortened(str(cause))!a})"}
    header = json.dumps(table).encode()
    sys.stdout.buffer.write(len(header).to_bytes(8, "little") + header)


def first_run(model: bytes | str) -> dict[str, object]:
    """Return name, shape and type of the inputs and outputs, and the shape of what two blank images give."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    inputs = [[node.name, list(node.shape), node.type] for node in session.get_inputs()]
    outputs = [[node.name, node.type] for node in session.get_outputs()]
    shape = inputs[0][1] if len(inputs) == 1 else []
    result: list[int] = []
    if shape and inputs[0][2] in ("tensor(float)", "tensor(double)", "tensor(float16)", "tensor(uint8)"):
        kind = {"float": "f4", "double": "f8", "float16": "f2", "uint8": "u1"}[inputs[0][2][7:-1]]
        batch = shape[0] if isinstance(shape[0], int) else 2
        blank = np.zeros([batch, *(side if isinstance(side, int) else SIZE for side in shape[1:])], kind)
        result = list(np.shape(session.run([outputs[0][0]], {inputs[0][0]: blank})[0]))
    return {"inputs": inputs, "outputs": outputs, "result": result}


def shortened(message: str) -> str:
    """Return the part of onnxruntime's message that says something, without its own files and lines."""
    return " ".join(message.rpartition(" : ")[2].split())[:160]


if __name__ == "__main__":
    main()
