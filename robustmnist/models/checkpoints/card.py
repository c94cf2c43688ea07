"""The card of a checkpoint: what it is, how it was trained, how well it reads, and the hash of its weights.

A card is a JSON file beside the weights. It carries a hash of itself too, so that no edit, however small, goes unseen.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, Strict

from robustmnist.errors import CheckpointError
from robustmnist.models.checkpoints.adopted_card import AdoptedCard, CodeRecord
from robustmnist.models.checkpoints.fields import AugmentationRecord, Count, Name, Sha256, Share, TestAccuracy
from robustmnist.statistics.temperature import COLDEST, HOTTEST
from robustmnist.system.files import is_file, write_atomic
from robustmnist.system.installation import shipped
from robustmnist.system.sealed_json import BrokenSealError, Seal, hash_of_content
from robustmnist.system.validation import Table, did_you_mean, shorten, validate_table

__all__ = [
    "CLASSES",
    "Card",
    "InputContract",
    "TestAccuracy",
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
CLASSES = tuple(str(digit) for digit in range(10))


def _only(*needed: Any) -> AfterValidator:
    """Return a validator that accepts this sequence only, which all computations rely on."""

    def check(given: Any) -> Any:
        if tuple(given) != needed:
            raise ValueError(f"is {shorten(list(given))}, but has to be {list(needed)}")
        return given

    return AfterValidator(check)


class InputContract(Table):
    """The input of a checkpoint; other inputs than these are refused."""

    shape: Annotated[tuple[int, int, int], Strict(False), _only(1, 28, 28)] = (1, 28, 28)
    dtype: Literal["float32"] = "float32"
    range: Annotated[tuple[float, float], Strict(False), _only(0.0, 1.0)] = (0.0, 1.0)
    polarity: Literal["ink 1 on background 0"] = "ink 1 on background 0"
    normalisation: Literal["inside the model"] = "inside the model"


class Card(Table):
    """A checkpoint's card.

    Attributes:
        name: What the checkpoint is called; the stem of its files where it ships.
        description: One sentence for a list.
        architecture: Plain values for `robustmnist.models.build_model`.
        code: The code that ``architecture`` names, which has to be named again whenever the checkpoint is used; None
            for an architecture of this package.
        parameters: How many values were trained.
        classes: The class that each logit stands for: `CLASSES`.
        input: What images it takes.
        test_accuracy: Measured once, on the stored weights; None until a training has ended.
        validation_accuracy: Of the chosen epoch.
        temperature: What the logits are divided by for calibrated confidences, fitted on the validation digits.
        sha256: Of the weights file.
        precision: How the weights are stored: matrices and kernels in this, vectors in float32.
        recipe: The whole recipe, defaults spelled out.
        augmentation: What the training digits were perturbed by beside moves, thickness and noise: the names of the
            ``perturbations``, and the ``suites`` that asked them with the hash of each file; None where by nothing.
        data: Provenance of the digits it was trained on.
        versions: Of Python and the packages that trained it.
        seed: Of the training.
        epochs: How many were trained.
        best_epoch: The epoch whose weights these are, counted from 1.
        training_seconds: Wall time of the training, validation included.
        device: What it was trained on.
    """

    format: Literal[1] = 1
    name: Name
    description: str = ""
    architecture: dict[str, Any]
    code: CodeRecord | None = None
    parameters: Count
    classes: Annotated[list[str], _only(*CLASSES)]
    input: InputContract = InputContract()
    test_accuracy: TestAccuracy | None
    validation_accuracy: Share | None
    temperature: Annotated[float, Field(ge=COLDEST, le=HOTTEST)] | None = None
    sha256: Sha256
    precision: Literal["float16", "float32"]
    recipe: dict[str, Any]
    augmentation: AugmentationRecord | None = None
    data: dict[str, Any]
    versions: dict[str, str]
    seed: Count
    epochs: Count
    best_epoch: Count
    training_seconds: Annotated[float, Field(ge=0)]
    device: str

    @property
    def perturbed_by(self) -> tuple[dict[str, Any], list[str]]:
        """The recipe, and the perturbations of its training digits beside those that it spells out."""
        return self.recipe, [] if self.augmentation is None else self.augmentation.perturbations

    def as_dict(self) -> dict[str, Any]:
        """Return the card as plain values, without its own hash; what came to cards later is left out at None."""
        table = self.model_dump(mode="json")
        return {key: value for key, value in table.items() if value is not None or key not in ("code", "augmentation")}


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
        raise CheckpointError(f"is not JSON ({cause})", where=path, remedy=_RESTORE) from cause
    except BrokenSealError as cause:
        what = "the card was changed or damaged: its hash does not match"
        remedy = f"{_RESTORE}, or adopt the model again: robustmnist adopt" if _is_adopted(cause.table) else _RESTORE
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


_RESTORE = "restore the file"


def _is_adopted(content: Mapping[str, Any]) -> bool:
    return content.get("format") == ADOPTED and "source" in content


def shipped_cards() -> dict[str, Path]:
    """Return name -> card of the checkpoints that ship."""
    return {path.stem: path for path in sorted(shipped("checkpoints").glob("*.json"))}


def planted_cards() -> dict[str, Path]:
    """Return name -> card of the checkpoints that ship and read a planted mark (`robustmnist.data.planted`)."""
    return {path.stem: path for path in sorted(shipped("checkpoints").glob("planted/*.json"))}
