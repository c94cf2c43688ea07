"""The content of metrics.json: how far a training went, and the accuracy of its best epoch."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from robustmnist.errors import RunError
from robustmnist.models.checkpoints.card import TestAccuracy
from robustmnist.system.validation import Table, check_plain, mistakes_in

__all__ = ["BestEpoch", "Metrics", "read_metrics"]


class BestEpoch(Table):
    """The epoch that did best on the validation digits, and how well its stored weights read the test digits."""

    epoch: Annotated[int, Field(ge=1)]
    validation_accuracy: Annotated[float, Field(ge=0, le=1)]
    validation_loss: float
    test: TestAccuracy | None


class Metrics(Table):
    """What metrics.json holds; a run that is complete has tested its best epoch."""

    status: Literal["interrupted", "diverged", "complete"]
    name: str
    epochs: Annotated[int, Field(ge=0)]
    training_seconds: Annotated[float, Field(ge=0)]
    best: BestEpoch | None

    @model_validator(mode="after")
    def _complete(self) -> "Metrics":
        if self.status == "complete" and (self.best is None or self.best.test is None):
            raise ValueError("complete, but without a best epoch that was tested")
        return self


def read_metrics(path: Path) -> dict[str, Any]:
    """Return what metrics.json holds, as plain values; nothing where it is not there.

    Raises:
        RunError: If it cannot be read or is not a `Metrics` table.
    """
    remedy = "delete it and resume the run"
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
        check_plain(metrics)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as cause:
        what = f"cannot be read ({getattr(cause, 'strerror', None) or cause})"
        raise RunError(what, where=path, remedy=remedy) from cause
    mistakes = mistakes_in(metrics, Metrics)
    if mistakes:
        raise RunError(f"holds no metrics ({mistakes[0]})", where=path, remedy=remedy)
    checked: dict[str, Any] = metrics
    return checked
