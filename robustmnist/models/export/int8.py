"""An ONNX file with its weights and the values between its layers rounded to whole numbers of eight bits."""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.models.export.graph import INPUT

__all__ = ["BATCH", "quantised"]

BATCH = 50  # digits that are looked at together


def quantised(data: bytes, images: Tensor) -> bytes:
    """Return the file with convolutions and dense layers in eight bits, one scale for each output channel.

    Static: the ranges of the values between the layers are those that `images` give, smallest to largest, once and for
    all. By onnxruntime's own quantiser, as pairs of QuantizeLinear and DequantizeLinear, signed on both sides.

    Args:
        data: From `robustmnist.models.export.onnx_file.onnx_bytes`.
        images: Digits (B, 1, 28, 28) that nobody will be judged by: training digits.
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    with tempfile.TemporaryDirectory() as folder, _quiet():
        before, after = Path(folder, "float.onnx"), Path(folder, "int8.onnx")
        before.write_bytes(data)
        quantize_static(
            before,
            after,
            _Digits(images.cpu().numpy()),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        return after.read_bytes()


class _Digits:
    """Digits in the form in which onnxruntime's quantiser asks for them: batch by batch, None at the end."""

    def __init__(self, images: NDArray[np.float32]) -> None:
        self._parts: Iterator[NDArray[np.float32]] = iter(np.split(images, range(BATCH, len(images), BATCH)))

    def get_next(self) -> dict[str, Any] | None:
        part = next(self._parts, None)
        return None if part is None else {INPUT: part}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the quantiser's advice off the terminal: it wants the batch norms folded, which they are."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
