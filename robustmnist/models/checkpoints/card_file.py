"""Cards as files: written and read as JSON with a hash of its own, and listed where they ship."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from robustmnist.errors import CheckpointError
from robustmnist.models.checkpoints.adopted_card import AdoptedCard
from robustmnist.models.checkpoints.card import Card
from robustmnist.system.files import is_file, write_atomic
from robustmnist.system.installation import shipped
from robustmnist.system.sealed_json import BrokenSealError, Seal, hash_of_content
from robustmnist.system.validation import did_you_mean, validate_table

__all__ = [
    "card_path",
    "list_checkpoints",
    "planted_cards",
    "read_any_card",
    "read_card",
    "shipped_cards",
    "write_card",
]

MAX_BYTES = 1_000_000  # a card is a page of text
ADOPTED = 2  # the format of the cards of adopted models
SEAL = Seal("card_sha256", indent=2, digest=hash_of_content)
RESTORE = "restore the file"


def write_card(path: Path, card: Card | AdoptedCard) -> None:
    """Write `card` to `path` as JSON, with the hash of its own content in ``card_sha256``."""
    write_atomic(path, SEAL.write(card.as_dict()))


def read_card(path: Path) -> Card:
    """Read the card at `path`, which is that of a checkpoint of ours.

    Raises:
        CheckpointError: As `read_any_card`, or if it is the card of a model that was adopted.
    """
    card = read_any_card(path)
    if isinstance(card, AdoptedCard):
        raise CheckpointError("is the card of a model that was trained elsewhere", where=path)
    return card


def read_any_card(path: Path) -> Card | AdoptedCard:
    """Read the card at `path`: of format 1 for a checkpoint of ours, of format 2 for a model that was adopted.

    Raises:
        CheckpointError: If it cannot be read, is damaged or was edited, or is not a card.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as cause:
        raise CheckpointError(f"cannot be read ({cause.strerror})", where=path) from cause
    if len(data) > MAX_BYTES:
        raise CheckpointError(f"is larger than {MAX_BYTES:,} bytes: not a card", where=path)
    try:
        content = SEAL.read(data)
    except (ValueError, RecursionError) as cause:
        raise CheckpointError(f"is not JSON ({cause})", where=path, remedy=RESTORE) from cause
    except BrokenSealError as cause:
        what = "the card was changed or damaged: its hash does not match"
        remedy = f"{RESTORE}, or adopt the model again: robustmnist adopt" if _is_adopted(cause.table) else RESTORE
        raise CheckpointError(what, where=path, remedy=remedy) from cause
    del content[SEAL.key]
    if _is_adopted(content):
        return validate_table(content, AdoptedCard, CheckpointError, where=path)
    return validate_table(content, Card, CheckpointError, where=path)


def list_checkpoints() -> tuple[Card, ...]:
    """Return the cards of the shipped checkpoints, by name."""
    return tuple(read_card(path) for path in shipped_cards().values())


def card_path(name_or_path: str | Path) -> Path:
    """Return where the card is that belongs to a shipped name, a weights file, a card, or either without its ending.

    Raises:
        CheckpointError: If there is none.
    """
    known = {**shipped_cards(), **planted_cards()}
    if str(name_or_path) in known:
        return known[str(name_or_path)]
    path = Path(name_or_path)
    stem = path.with_suffix("") if path.suffix in (".json", ".safetensors") else path
    if stem.name:
        card, weights = (stem.with_name(f"{stem.name}.{ending}") for ending in ("json", "safetensors"))
        if is_file(card, CheckpointError):
            return card
        if is_file(weights, CheckpointError):
            what, remedy = f"its card {card.name} is missing", "keep the card beside the weights"
            raise CheckpointError(what, where=weights, remedy=remedy)
    if is_file(path / "best.json", CheckpointError):
        raise CheckpointError("is the folder of a training run", where=path, remedy=f"use {path / 'best'}")
    if is_file(path, CheckpointError):
        raise CheckpointError(
            "is not a checkpoint", where=path, remedy="give a .safetensors file with its card beside it"
        )
    raise CheckpointError(
        f"no checkpoint is called that and no such file is there{did_you_mean(str(name_or_path), known)}",
        where=str(name_or_path) or "''",
        remedy=f"use {', '.join(known)} or a path to weights",
    )


def shipped_cards() -> dict[str, Path]:
    """Return name -> card of the checkpoints that ship."""
    return {path.stem: path for path in sorted(shipped("checkpoints").glob("*.json"))}


def planted_cards() -> dict[str, Path]:
    """Return name -> card of the checkpoints that ship and read a planted mark (`robustmnist.data.planted`)."""
    return {path.stem: path for path in sorted(shipped("checkpoints").glob("planted/*.json"))}


def _is_adopted(content: Mapping[str, Any]) -> bool:
    return content.get("format") == ADOPTED and "source" in content
