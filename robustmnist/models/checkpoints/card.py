"""The card of a checkpoint: what it is, how it was trained, how well it reads, and the hash of its weights.

A card is a JSON file beside the weights. It carries a hash of itself too, so that no edit, however small, goes unseen.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, Strict

from robustmnist.models.checkpoints.adopted_card import CodeRecord
from robustmnist.models.checkpoints.fields import AugmentationRecord, Count, Name, Sha256, Share, TestAccuracy
from robustmnist.statistics.temperature import COLDEST, HOTTEST
from robustmnist.system.validation import Table, shorten

__all__ = ["CLASSES", "Card", "InputContract", "TestAccuracy"]


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
