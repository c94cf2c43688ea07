"""Write a classifier as one file for other programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from robustmnist.errors import InputError
from robustmnist.models.export.arrays import named_arrays, numpy_bytes, torch_bytes
from robustmnist.models.export.chain import Chain, chain_of
from robustmnist.models.export.graph import check_installed
from robustmnist.models.export.int8 import quantised
from robustmnist.models.export.onnx_file import onnx_bytes
from robustmnist.system.files import is_file, sha256_bytes, write_atomic
from robustmnist.system.validation import did_you_mean, shorten

__all__ = ["FORMATS", "Exported", "check_format", "write_model"]

FORMATS = {"onnx": ".onnx", "torch": ".pt", "numpy": ".npz"}  # and the usual ending of such a file


@dataclass(frozen=True, eq=False)
class Exported:
    """A file that was written.

    Attributes:
        path: The file.
        format: A key of `FORMATS`.
        chain: What is in it.
        size: Bytes.
        sha256: Of the bytes.
    """

    path: Path
    format: str
    chain: Chain
    size: int
    sha256: str


def write_model(
    model: nn.Module,
    path: Path,
    *,
    format: str = "onnx",
    metadata: Mapping[str, str] | None = None,
    calibration: Tensor | None = None,
) -> Exported:
    """Write `model` to `path`, whole or not at all; the same model gives the same bytes.

    Args:
        model: A classifier of images (B, 1, 28, 28) whose layers are all known.
        path: The file; it may be there only if it has this content already.
        format: ``onnx``: contract and layers as a graph, which takes ink in [0, 1] and answers with logits. ``torch``:
            the state dict of the layers. ``numpy``: the same arrays, and the contract and the layers as text. Input and
            output of the last two are as the contract of `Exported.chain` says.
        metadata: What an ONNX file says about itself, by key.
        calibration: Training digits (B, 1, 28, 28): the ONNX file is quantised to eight bits by what they give.

    Raises:
        InputError: If the model is no chain of known layers, the format is unknown or cannot be quantised, onnx is not
            installed, or another file is there.
    """
    check_format(format, int8=calibration is not None)
    chain = chain_of(model)
    if format == "onnx":
        data = onnx_bytes(chain, metadata or {})
        data = data if calibration is None else quantised(data, calibration)
    else:
        arrays = named_arrays(chain)
        data = torch_bytes(arrays) if format == "torch" else numpy_bytes(arrays, chain)
    if is_file(path) and path.read_bytes() != data:
        raise InputError("is there already, with other content", where=path, remedy="use another -o, or remove it")
    write_atomic(path, data)
    return Exported(path, format, chain, len(data), sha256_bytes(data))


def check_format(format: str, *, int8: bool) -> None:
    """Raise `InputError` if `format` is unknown, is not quantised, or needs what is not installed."""
    if format not in FORMATS:
        near = did_you_mean(format, FORMATS) if isinstance(format, str) else ""
        what = f"{shorten(format)} is no format{near}"
        raise InputError(what, where="--format", remedy=f"use {', '.join(FORMATS)}")
    if int8 and format != "onnx":
        raise InputError(f"does not go with --format {format}", where="--int8", remedy="use --format onnx")
    if format == "onnx":
        check_installed("onnx", "writing ONNX")
        if int8:
            check_installed("onnxruntime", "quantising")
