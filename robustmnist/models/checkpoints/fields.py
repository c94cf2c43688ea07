"""The kinds of values that stand on cards."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from robustmnist.system.validation import Table

__all__ = ["AugmentationRecord", "Count", "Name", "Sha256", "Share", "TestAccuracy"]

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class TestAccuracy(Table):
    """Accuracy on digits that took no part in training, with its 95 % Wilson interval."""

    __test__ = False  # not a test, whatever pytest reads in the name

    dataset: str
    part: str
    n: Annotated[int, Field(ge=1)]
    correct: Count
    accuracy: Share
    low: Share
    high: Share

    @model_validator(mode="after")
    def _at_most_all(self) -> Self:
        if self.correct > self.n:
            raise ValueError(f"{self.correct} are correct, but have to be at most the {self.n} that there are")
        return self


class AugmentationRecord(Table):
    """What training digits were perturbed by: perturbations by name, suites with the hash of their file."""

    perturbations: list[str]
    suites: dict[str, Sha256]
