"""What a user names as a checkpoint, opened: one that ships, one with a card, or a bare model file, adopted at once."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from robustmnist.adoption.adopt import Adoption, inspect_model, ready
from robustmnist.errors import CheckpointError
from robustmnist.models.checkpoints.adopted_card import AdoptedCard
from robustmnist.models.checkpoints.card_file import card_path, read_any_card, shipped_cards
from robustmnist.models.checkpoints.checkpoint import Checkpoint, load_checkpoint
from robustmnist.system.files import is_file
from robustmnist.system.python_code import is_code

__all__ = ["codes_left", "is_bare", "open_checkpoint"]


def open_checkpoint(
    named: str | Path,
    *,
    device: torch.device | str = "cpu",
    codes: Sequence[str] = (),
    data_dir: Path | None = None,
    notify: Callable[[str], None] | None = None,
    on_adoption: Callable[[Adoption], None] | None = None,
) -> Checkpoint:
    """Open a checkpoint by its shipped name, by a path to its card or file, or adopt a model file that has no card.

    Args:
        named: A name, a path, or ``net.py:Net``.
        device: Where to put it.
        codes: Code that may run: for a card that names it, and for a bare file of weights.
        data_dir: Where MNIST's training digits are, by which a bare file is judged.
        notify: Called with a sentence where other digits have to do.
        on_adoption: Called with what was found of a bare file; nothing of it is written.

    Raises:
        InputError: If it cannot be used.
    """
    if not is_bare(named):
        return load_checkpoint(_card_of(Path(named)) or named, device, code=codes)
    if len(codes) > 1:
        what = "has no card that would say which of several --code it needs"
        raise CheckpointError(what, where=named, remedy="adopt it first: robustmnist adopt")
    code = None if is_code(named) else next(iter(codes), None)
    adoption = inspect_model(named, code=code, data_dir=data_dir, notify=notify)
    if on_adoption:
        on_adoption(adoption)
    return ready(adoption, path=Path(named), device=device)


def is_bare(named: str | Path) -> bool:
    """Return whether `named` is code or a model file, and has no card."""
    path = Path(named)
    if is_code(named):
        return True
    if str(named) in shipped_cards() or path.suffix == ".json" or not is_file(path, CheckpointError):
        return False
    stem = path.with_suffix("") if path.suffix == ".safetensors" else path
    return not is_file(stem.with_name(f"{stem.name}.json"), CheckpointError) and _card_of(path) is None


def codes_left(named: Sequence[str], codes: Sequence[str]) -> list[str]:
    """Return those of `codes` that no card among the `named` checkpoints asks for: what a bare file may need."""
    cards = (
        [read_any_card(_card_of(Path(path)) or card_path(path)) for path in named if not is_bare(path)] if codes else []
    )
    wanted = {(card.code.file, card.code.object) for card in cards if card.code}
    parts = [(code, *code.rpartition(":")[::2]) for code in codes]
    return [code for code, file, name in parts if (Path(file).name, name) not in wanted]


def _card_of(path: Path) -> Path | None:
    """Return the card of an adopted model file that lies beside it; other programs keep a ``.json`` there too."""
    card = path.with_suffix(".json") if path.suffix not in ("", ".json") else path
    try:
        known = read_any_card(card) if card != path and is_file(path) and is_file(card) else None
    except CheckpointError:
        return None
    return card if isinstance(known, AdoptedCard) and known.source.file == path.name else None
