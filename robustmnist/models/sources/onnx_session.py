"""A network of an ONNX file that was looked into: onnxruntime on one CPU thread a call."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Session"]


class Session:
    """A function of images; where the file fixes the size of the batch, the images go in parts of that size.

    Args:
        model: The file's path or its bytes.
        name: Of its input.
        output: The name of the output that is asked for.
        dtype: Type of the images that it takes, in NumPy's code.
        batch: How many images it takes at once; None if any number.
    """

    parallel = True  # onnxruntime's sessions may be run from several threads at once

    def __init__(self, model: str | bytes, name: str, output: str, dtype: str, batch: int | None) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._name, self._output, self._dtype, self._batch = name, output, dtype, batch

    def __call__(self, images: NDArray[np.float32]) -> Any:
        """Return what the file's network answers to images (B, …)."""
        ready = np.ascontiguousarray(images, self._dtype)
        if self._batch is None:
            return self._run(ready)
        rows = []
        for start in range(0, len(ready), self._batch):
            part = ready[start : start + self._batch]
            filled = np.concatenate([part, np.zeros((self._batch - len(part), *part.shape[1:]), part.dtype)])
            rows.append(self._run(filled)[: len(part)])
        return np.concatenate(rows)

    def _run(self, ready: NDArray[Any]) -> Any:
        return self._session.run([self._output], {self._name: ready})[0]
