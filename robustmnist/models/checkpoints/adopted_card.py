"""The card of somebody else's model: its file, the code it runs, how it is fed and read, and how that was found."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from robustmnist.models.checkpoints.fields import Count, Name, Sha256, TestAccuracy
from robustmnist.system.validation import Table

__all__ = ["AdoptedCard", "CodeRecord", "SourceRecord"]

FileName = Annotated[str, Field(pattern=r"^[^/\\\x00]+$", max_length=255)]  # beside the card, never in another folder


class SourceRecord(Table):
    """The model file: its name beside the card, its hash, and its form, as `robustmnist.models.sources` says it."""

    file: FileName
    sha256: Sha256
    form: str


class CodeRecord(Table):
    """Code that the model runs: the name of its file, the object in it, and the hash of all that it is made of."""

    file: FileName
    object: str
    sha256: Sha256


class AdoptedCard(Table):
    """The card of a model that was trained elsewhere.

    Attributes:
        name: What the checkpoint is called.
        source: The model file, of which a copy lies beside the card; code alone is not copied.
        code: The code that has to be named again whenever the model is used; None where it needs none.
        network: The layers in short; if a file leaves open which network it holds, the network that was chosen.
        parameters: How many values were trained; None for a function, of which that is not known.
        input: What it is given, as `robustmnist.models.contract.Input.as_dict` writes it.
        output: What it answers, likewise.
        declared: Whether the user said how it is fed.
        found: How it wants to be fed by the digits' judgement, with the margin; None where that could not be asked.
        accuracy: On the digits that the contract was found by.
        test_accuracy: On test digits, asked once the contract was chosen; None where they were not asked.
        notices: What a reader of its numbers has to know, a sentence each.
    """

    format: Literal[2] = 2
    name: Name
    source: SourceRecord
    code: CodeRecord | None
    network: str
    parameters: Count | None
    input: dict[str, Any]
    output: dict[str, Any]
    declared: bool
    found: dict[str, Any] | None
    accuracy: TestAccuracy | None
    notices: list[str]
    test_accuracy: TestAccuracy | None = None

    @property
    def sha256(self) -> str:
        """The hash of the model file, or of the code where there is no other file."""
        return self.source.sha256

    @property
    def data(self) -> Mapping[str, Any]:
        """Which digits it was trained on: nobody has said."""
        return {}

    @property
    def kind(self) -> str:
        """What it is, in a few words: ``your model, keras h5``, and whether it runs code."""
        return f"your model, {self.source.form}{', runs your code' if self.code else ''}"

    def as_dict(self) -> dict[str, Any]:
        """Return the card as plain values, without its own hash."""
        return self.model_dump(mode="json")
