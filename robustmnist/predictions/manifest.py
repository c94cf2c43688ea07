"""The keys of a run's manifest that results are computed from; every other key is only shown."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Manifest"]

Size = Annotated[int, Field(ge=0, lt=2**63)]
Phrases = Annotated[list[Annotated[str, Field(max_length=120)]], Field(min_length=2, max_length=2)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class Training(_Part):
    """Which recipe trained a checkpoint, as a hash, and with which seed."""

    recipe: str
    seed: Size


class CheckpointRecord(_Part):
    """A checkpoint that was evaluated; the temperature came with version 0.2."""

    name: str
    temperature: Annotated[float, Field(gt=0)] | None = None
    training: Training | None = None


class DatasetRecord(_Part):
    """The digits that were evaluated."""

    name: str


class Manifest(_Part):
    """A run's manifest: the keys that results are computed from, and any others."""

    n: Size
    seed: Size | dict[str, Size] = 0
    dataset: DatasetRecord
    checkpoints: Annotated[list[CheckpointRecord], Field(min_length=1)]
    suites: list[dict[str, Any]]
    files: dict[str, str]
    phrases: dict[str, dict[str, Phrases]] | None = None
