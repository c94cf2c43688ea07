"""Checkpoints: weights (safetensors) and a card (JSON) under one name, read as if a stranger had sent them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from robustmnist.errors import CheckpointError
from robustmnist.models.architectures.build import build_model
from robustmnist.models.architectures.own import build_own
from robustmnist.models.checkpoints.adopted import load_adopted
from robustmnist.models.checkpoints.adopted_card import AdoptedCard
from robustmnist.models.checkpoints.card import CLASSES, Card, TestAccuracy
from robustmnist.models.checkpoints.card_file import card_path, list_checkpoints, read_any_card, write_card
from robustmnist.models.checkpoints.weights_file import parse_weights, read_weights
from robustmnist.models.inference.deployed import Deployed, deployed
from robustmnist.system.files import sha256_bytes, write_atomic
from robustmnist.system.python_code import code_for

__all__ = [
    "Card",
    "Checkpoint",
    "TestAccuracy",
    "list_checkpoints",
    "load_checkpoint",
    "round_weights",
    "save_checkpoint",
]

_RESTORE = "restore the file"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained classifier, ready to use: ``checkpoint(images)`` gives logits.

    Attributes:
        name: What it is called.
        model: The model as trained, in eval mode, for gradients and a look inside; one that was adopted stands behind
            its contract (`robustmnist.models.contract.Adapted`).
        card: What it is and where it comes from.
        path: The card's file.
        deployed: The model in the form that answers fastest and the same for any batch.
    """

    name: str
    model: nn.Module
    card: Card | AdoptedCard
    path: Path
    deployed: Deployed

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the facts of the card."""
        from robustmnist.page.notebook import card
        from robustmnist.wording.numbers import percent

        known = self.card.model_dump()
        test = known.get("test_accuracy") or {}
        facts = {
            "network": known.get("title") or known.get("network") or "",
            "parameters": f"{known['parameters']:,}" if known.get("parameters") else "",
            "accuracy": f"{percent(test['accuracy'], 2)} of {test['n']:,} digits of {test['dataset']}" if test else "",
            "sha256": known.get("sha256", ""),
        }
        return card(self.name, facts)

    def __call__(self, images: Tensor) -> Tensor:
        """Return logits (B, 10) of images (B, 1, 28, 28), bit-identical for any batch size, order and split."""
        result: Tensor = self.deployed(images)
        return result


def load_checkpoint(
    name_or_path: str | Path, device: torch.device | str = "cpu", *, code: str | Sequence[str] = ()
) -> Checkpoint:
    """Load a checkpoint by its shipped name, or by a path to its weights, its card, or either without its ending.

    Args:
        name_or_path: The name of a shipped checkpoint, or a path to weights or a card.
        device: Where to put its model.
        code: Code that may run, ``net.py:Net``: a model whose card names code needs it named each time.

    Raises:
        CheckpointError: If anything is missing, damaged, edited, or does not belong together.
    """
    path = card_path(name_or_path)
    card = read_any_card(path)
    if isinstance(card, AdoptedCard):
        adopted = load_adopted(card, path, [code] if isinstance(code, str) else code).to(device).eval()
        return Checkpoint(card.name, adopted, card, path, deployed(adopted))
    data = read_weights(path.with_suffix(".safetensors"), card)
    model = _empty(card, path, [code] if isinstance(code, str) else code)
    state = parse_weights(data, model.state_dict(), path.with_suffix(".safetensors"))
    model = model if card.code else model.to_empty(device="cpu")
    model.load_state_dict(state)
    model = model.to(device).eval()
    if sum(parameter.numel() for parameter in model.parameters()) != card.parameters:
        raise CheckpointError("the card counts other parameters than the model has", where=path, remedy=_RESTORE)
    return Checkpoint(card.name, model, card, path, deployed(model))


def _empty(card: Card, path: Path, codes: Sequence[str]) -> nn.Module:
    """Return the network of a card without its weights: on the meta device, or as the user's own code makes it."""
    if card.code is None:
        with torch.device("meta"):  # shapes without memory: nothing is allocated before the file is known to fit
            return build_model(card.architecture, where=path)
    wanted = f"{card.code.file}:{card.code.object}"
    named = code_for(wanted, codes, error=CheckpointError, where=path)
    model, code = build_own(card.architecture, named, where=path)
    if code.sha256 != card.code.sha256:
        what = f"the code {wanted} was changed since it was trained"
        raise CheckpointError(what, where=path, remedy="restore it, or train again")
    return model


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
