"""Checkpoints: weights (safetensors) and a card (JSON) under one name, read as if a stranger had sent them."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from robustmnist.errors import CheckpointError
from robustmnist.models.architectures.build import build_model
from robustmnist.models.checkpoints.card import (
    CLASSES,
    Card,
    TestAccuracy,
    card_path,
    list_checkpoints,
    read_card,
    write_card,
)
from robustmnist.models.inference.deployed import Deployed, deployed
from robustmnist.system.files import sha256_bytes, write_atomic

__all__ = [
    "Card",
    "Checkpoint",
    "TestAccuracy",
    "list_checkpoints",
    "load_checkpoint",
    "round_weights",
    "save_checkpoint",
]

MAX_BYTES = 256 * 2**20  # of a weights file: far above any model on offer, far below a machine's memory
MAX_HEADER = 2**18
_RESTORE = "restore the file"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained classifier, ready to use: ``checkpoint(images)`` gives logits.

    Attributes:
        name: What it is called.
        model: The model as trained, in eval mode, for gradients and a look inside.
        card: What it is and where it comes from.
        path: The card's file.
        deployed: The model in the form that answers fastest and the same for any batch.
    """

    name: str
    model: nn.Module
    card: Card
    path: Path
    deployed: Deployed

    def __call__(self, images: Tensor) -> Tensor:
        """Return logits (B, 10) of images (B, 1, 28, 28), bit-identical for any batch size, order and split."""
        result: Tensor = self.deployed(images)
        return result


def load_checkpoint(name_or_path: str | Path, device: torch.device | str = "cpu") -> Checkpoint:
    """Load a checkpoint by its shipped name, or by a path to its weights, its card, or either without its ending.

    Raises:
        CheckpointError: If anything is missing, damaged, edited, or does not belong together.
    """
    path = card_path(name_or_path)
    card = read_card(path)
    data = _read_weights(path.with_suffix(".safetensors"), card)
    with torch.device("meta"):  # shapes without memory: nothing is allocated before the file is known to fit
        model = build_model(card.architecture, where=path)
    state = _parse(data, model.state_dict(), path.with_suffix(".safetensors"))
    model = model.to_empty(device="cpu")
    model.load_state_dict(state)
    model = model.to(device).eval()
    if sum(parameter.numel() for parameter in model.parameters()) != card.parameters:
        raise CheckpointError("the card counts other parameters than the model has", where=path, remedy=_RESTORE)
    return Checkpoint(card.name, model, card, path, deployed(model))


def save_checkpoint(path: Path, model: nn.Module, **card: Any) -> Card:
    """Write ``PATH.safetensors`` and ``PATH.json`` and return the card.

    Args:
        path: Both files without their endings.
        model: Its weights are rounded to `precision` in the file; the model itself is left alone.
        **card: The fields of `Card` that are not read off the model: all but parameters, classes and sha256.
    """
    data = weights_bytes(model, card["precision"])
    parameters = sum(parameter.numel() for parameter in model.parameters())
    written = Card(**card, parameters=parameters, classes=list(CLASSES), sha256=sha256_bytes(data))
    # Weights first: a kill in between leaves a card whose hash does not match, which loading says.
    write_atomic(path.with_name(f"{path.name}.safetensors"), data)
    write_card(path.with_name(f"{path.name}.json"), written)
    return written


def weights_bytes(model: nn.Module, precision: str) -> bytes:
    """Return the model's weights as safetensors bytes, matrices and kernels rounded to `precision`.

    Vectors (biases, batch norm and its statistics) stay float32: they are few, and rounding them costs most.
    """
    state = {
        name: value.detach().to("cpu", _stored_as(value, precision)).contiguous().clone()
        for name, value in model.state_dict().items()
    }
    return safetensors.torch.save(state)


def round_weights(model: nn.Module, precision: str) -> None:
    """Round the weights of `model` as `save_checkpoint` does, so that a measurement is also true of the file.

    A value beyond the range of `precision` becomes infinite.
    """
    for value in model.state_dict().values():
        value.copy_(value.to(_stored_as(value, precision)))


def _stored_as(value: Tensor, precision: str) -> torch.dtype:
    return value.dtype if value.ndim <= 1 else torch.float16 if precision == "float16" else torch.float32


def _read_weights(path: Path, card: Card) -> bytes:
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


def _parse(data: bytes, expected: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
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
