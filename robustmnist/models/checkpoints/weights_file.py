"""The weights of a checkpoint of ours: a safetensors file that is held against its card and its network."""

import json
import math
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from robustmnist.errors import CheckpointError
from robustmnist.models.checkpoints.card import Card
from robustmnist.system.files import sha256_bytes

__all__ = ["parse_weights", "read_weights"]

MAX_BYTES = 256 * 2**20  # of a weights file: far above any model on offer, far below a machine's memory
MAX_HEADER = 2**18
_RESTORE = "restore the file"


def read_weights(path: Path, card: Card) -> bytes:
    """Return the bytes of the file; raise `CheckpointError` where they are not those of the card."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as cause:
        raise CheckpointError(f"cannot be read ({cause.strerror})", where=path, remedy=_RESTORE) from cause
    if len(data) > MAX_BYTES:
        raise CheckpointError(f"is larger than {MAX_BYTES:,} bytes: not weights of ours", where=path)
    if sha256_bytes(data) != card.sha256:
        raise CheckpointError(
            "the weights do not belong to the card: their sha256 does not match", where=path, remedy=_RESTORE
        )
    return data


def parse_weights(data: bytes, expected: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Return the tensors in `data`, having checked that they are exactly the `expected` names, shapes and kinds."""
    _check_header(data, expected, path)
    try:
        loaded = safetensors.torch.load(data)
    except (SafetensorError, ValueError) as cause:
        raise CheckpointError(f"is not a safetensors file ({cause})", where=path, remedy=_RESTORE) from cause
    state = {name: loaded[name].to(value.dtype) for name, value in expected.items()}
    for name, value in state.items():
        if not torch.isfinite(value).all():
            raise CheckpointError(f"{name} holds values that are not finite", where=path, remedy="train it again")
    return state


def _check_header(data: bytes, expected: dict[str, Tensor], path: Path) -> None:
    """Compare the header of the file to `expected`, before any tensor is copied."""

    def refuse(what: str) -> CheckpointError:
        return CheckpointError(what, where=path, remedy=_RESTORE)

    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > min(MAX_HEADER, len(data) - 8):
        raise refuse("is not a safetensors file")
    try:
        header = json.loads(data[8 : 8 + size].decode("utf-8"))
    except (ValueError, RecursionError) as cause:
        raise refuse("is not a safetensors file: its header is damaged") from cause
    if not isinstance(header, dict):
        raise refuse("is not a safetensors file: its header is damaged")
    header.pop("__metadata__", None)
    if set(header) != set(expected):
        odd = sorted(set(header) ^ set(expected))
        raise refuse(f"the weights are not those of the card's model: {', '.join(odd[:3])}")
    spans = []
    for name, value in expected.items():
        entry = header[name]
        widths = {"F16": 2, "F32": 4} if value.is_floating_point() else {"I64": 8}
        if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
            raise refuse(f"{name}: its header is damaged")
        dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
        if not isinstance(dtype, str) or dtype not in widths or shape != list(value.shape):
            raise refuse(f"{name} is {dtype} {shape}, not {' or '.join(widths)} {list(value.shape)}")
        if not _is_span(offsets) or offsets[1] - offsets[0] != widths[dtype] * math.prod(shape):
            raise refuse(f"{name}: its header is damaged")
        spans.append(offsets)
    spans.sort()
    ends = [0, *(end for _, end in spans)]
    if [start for start, _ in spans] != ends[:-1] or 8 + size + ends[-1] != len(data):
        raise refuse("the tensors do not fill the file")


def _is_span(offsets: object) -> bool:
    return isinstance(offsets, list) and len(offsets) == 2 and all(type(part) is int for part in offsets)
