"""Records of a checkpoint: its entry in the manifest, and the hashes of its parts."""

import json
from typing import Any

from torch import nn

from robustmnist.evaluation.fingerprint import code_of, weights_of
from robustmnist.models.checkpoints.adopted_card import AdoptedCard
from robustmnist.models.checkpoints.card import Card
from robustmnist.models.checkpoints.checkpoint import Checkpoint
from robustmnist.models.contract import Input, Output
from robustmnist.system.files import sha256_bytes

__all__ = ["parts_of", "record_of"]


def record_of(name: str, model: Checkpoint | nn.Module) -> dict[str, Any]:
    """Return the manifest's entry for a checkpoint; for a model without a card, the part of it that is known.

    A bare model's ``sha256`` is the hash of its weights and of its code and plain attributes.
    """
    card = model.card if isinstance(model, Checkpoint) else None
    if isinstance(card, AdoptedCard):
        return _adopted(name, card)
    if card is not None:
        tested = None if card.test_accuracy is None else card.test_accuracy.model_dump()
        return {
            "name": name,
            "sha256": card.sha256,
            "architecture": card.architecture,
            **({"code_sha256": card.code.sha256} if card.code else {}),
            "parameters": card.parameters,
            "test_accuracy": tested,
            "temperature": card.temperature,
            "training": {"recipe": _recipe_of(card), "seed": card.seed},
        }
    assert not isinstance(model, Checkpoint)
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
    if isinstance(model, Checkpoint) and isinstance(model.card, AdoptedCard):
        # Its file and code are known by their hashes: what they made, such as a forest, need not be hashed too.
        own, code = model.card.source.sha256, model.card.code.sha256 if model.card.code else ""
        return {"name": name, "weights": own, "code": code, "card": _hash(record_of(name, model))}
    card = _hash(record_of(name, model)) if isinstance(model, Checkpoint) else ""
    return {"name": name, "weights": weights_of(network), "code": code_of(network), "card": card}


def _adopted(name: str, card: AdoptedCard) -> dict[str, Any]:
    """Return the entry of a model that was trained elsewhere: its file, what it runs, how it is fed and read."""
    return {
        "name": name,
        "sha256": card.sha256,
        "architecture": {},
        "parameters": card.parameters,
        "test_accuracy": card.test_accuracy.model_dump() if card.test_accuracy else None,
        "temperature": None,
        "training": None,
        "adopted": {
            "kind": card.kind,
            "file": card.source.file,
            "network": card.network,
            "code": f"{card.code.file}:{card.code.object}" if card.code else "",
            "code_sha256": card.code.sha256 if card.code else "",
            "input": str(Input.from_dict(card.input)),
            "output": str(Output.from_dict(card.output)),
            "declared": card.declared,
            "accuracy": card.accuracy.model_dump() if card.accuracy else None,
        },
    }


def _recipe_of(card: Card) -> str:
    """Return the hash of a recipe and its training data, without the seed."""
    named = ("name", "title", "description", "seed")
    recipe = {key: value for key, value in card.recipe.items() if key not in named}
    return _hash({"recipe": recipe, "data": card.data})


def _hash(table: dict[str, Any]) -> str:
    return sha256_bytes(json.dumps(table, sort_keys=True, separators=(",", ":")).encode())
