"""Records of a checkpoint: its entry in the manifest, and the hashes of its parts."""

import json
from typing import Any

from torch import nn

from robustmnist.evaluation.fingerprint import code_of, weights_of
from robustmnist.models.checkpoints.card import Card
from robustmnist.models.checkpoints.checkpoint import Checkpoint
from robustmnist.system.files import sha256_bytes

__all__ = ["parts_of", "record_of"]


def record_of(name: str, model: Checkpoint | nn.Module) -> dict[str, Any]:
    """Return the manifest's entry for a checkpoint; for a model without a card, the part of it that is known.

    A bare model's ``sha256`` is the hash of its weights and of its code and plain attributes.
    """
    if isinstance(model, Checkpoint):
        card = model.card
        tested = None if card.test_accuracy is None else card.test_accuracy.model_dump()
        return {
            "name": name,
            "sha256": card.sha256,
            "architecture": card.architecture,
            "parameters": card.parameters,
            "test_accuracy": tested,
            "temperature": card.temperature,
            "training": {"recipe": _recipe_of(card), "seed": card.seed},
        }
    return {
        "name": name,
        "sha256": sha256_bytes(f"{weights_of(model)}\n{code_of(model)}".encode()),
        "architecture": {"model": type(model).__qualname__},
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "test_accuracy": None,
        "temperature": None,
        "training": None,
    }


def parts_of(name: str, model: Checkpoint | nn.Module) -> dict[str, str]:
    """Return what a checkpoint is made of, as hashes: ``weights``, ``code``, and ``card``, empty where it has none."""
    network = model.model if isinstance(model, Checkpoint) else model
    card = _hash(record_of(name, model)) if isinstance(model, Checkpoint) else ""
    return {"name": name, "weights": weights_of(network), "code": code_of(network), "card": card}


def _recipe_of(card: Card) -> str:
    """Return the hash of a recipe and its training data, without the seed."""
    named = ("name", "title", "description", "seed")
    recipe = {key: value for key, value in card.recipe.items() if key not in named}
    return _hash({"recipe": recipe, "data": card.data})


def _hash(table: dict[str, Any]) -> str:
    return sha256_bytes(json.dumps(table, sort_keys=True, separators=(",", ":")).encode())
