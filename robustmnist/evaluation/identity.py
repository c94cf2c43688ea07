"""What a run is: everything that its numbers depend on, to tell a run to go on with from another one."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

import robustmnist
from robustmnist.card import Card
from robustmnist.checkpoints import Checkpoint
from robustmnist.data import Dataset
from robustmnist.errors import CheckpointError
from robustmnist.files import sha256_bytes
from robustmnist.models import Deployed, deployed
from robustmnist.suites import Suite

__all__ = ["answer_of", "differences", "identify", "record_of", "seeds_of"]


def identify(
    dataset: Dataset, records: Sequence[Mapping[str, Any]], suites: Sequence[Suite], seed: int | None, device: str
) -> dict[str, Any]:
    """Return what the run's numbers depend on, as plain JSON values.

    Args:
        dataset: Its tensors count, wherever they came from.
        records: From `record_of`, one per checkpoint.
        suites: As they were read: a changed value is another run.
        seed: As given to `robustmnist.evaluate`.
        device: The device's type; float32 sums differ between types.
    """
    identity = {
        "format": 1,
        "data set": {
            "name": dataset.name,
            "n": len(dataset),
            "images": _hash(dataset.images),
            "labels": _hash(dataset.labels),
            "ids": _hash(dataset.ids),
            **({"lineage": dataset.provenance.lineage} if dataset.provenance.lineage else {}),
        },
        "checkpoints": [{"name": record["name"], "sha256": record["sha256"]} for record in records],
        "suites": [suite.as_dict() for suite in suites],
        "seed": seeds_of(suites, seed),
        "device": device,
        "torch": str(torch.__version__),
        "robustmnist": robustmnist.__version__,
    }
    plain: dict[str, Any] = json.loads(json.dumps(identity))
    return plain


def differences(there: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """Return what differs between two identities, a few words each."""
    return [
        f"{key} ({_brief(there.get(key))} there, {_brief(asked.get(key))} asked for)"
        if _brief(there.get(key)) != _brief(asked.get(key))
        else f"{key} (same names, other contents)"
        for key in asked
        if there.get(key) != asked[key]
    ]


def seeds_of(suites: Sequence[Suite], seed: int | None) -> int | dict[str, int]:
    """Return the seed if all suites run with the same one, else suite to seed."""
    seeds = {suite.name: suite.seed if seed is None else seed for suite in suites}
    different = set(seeds.values())
    return different.pop() if len(different) == 1 else seeds


def record_of(name: str, model: Checkpoint | nn.Module) -> dict[str, Any]:
    """Return the manifest's entry for a checkpoint, or for a bare model what can be said of it.

    Raises:
        CheckpointError: If it is neither, or the name cannot be printed.
    """
    if not name or not name.isprintable():
        raise CheckpointError(f"{name!r} is no name for a checkpoint", remedy="use printable characters")
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
    if not isinstance(model, nn.Module):
        raise CheckpointError(f"is a {type(model).__name__}", where=name, remedy="give a Checkpoint or a torch module")
    content = "".join(f"{key} {_hash(value)}\n" for key, value in sorted(model.state_dict().items()))
    return {
        "name": name,
        "sha256": sha256_bytes(f"{type(model).__qualname__}\n{content}".encode()),
        "architecture": {"model": type(model).__qualname__},
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "test_accuracy": None,
        "temperature": None,
        "training": None,
    }


def answer_of(model: Checkpoint | nn.Module, device: torch.device) -> Callable[[Tensor], Tensor]:
    """Return what turns images on `device` into logits in fixed tiles; the caller's model stays as and where it is."""
    ready = model.deployed if isinstance(model, Checkpoint) else deployed(model)
    if any(parameter.device != device for parameter in ready.parameters()):
        ready = Deployed(ready, device)
    return ready


def _recipe_of(card: Card) -> str:
    """Return the hash of all that two trainings have in common which differ in their seed alone, training data too."""
    named = ("name", "title", "description", "seed")
    recipe = {key: value for key, value in card.recipe.items() if key not in named}
    text = json.dumps({"recipe": recipe, "data": card.data}, sort_keys=True, separators=(",", ":"))
    return sha256_bytes(text.encode())


def _hash(tensor: Tensor) -> str:
    array = tensor.detach().cpu().contiguous().numpy()
    return sha256_bytes(f"{array.dtype.str} {array.shape}\n".encode() + array.tobytes())


def _brief(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item["name"]) if isinstance(item, dict) and "name" in item else "?" for item in value)
    if isinstance(value, dict) and "name" in value:
        return f"{value['name']}, {value.get('n')} images"
    return str(value)
