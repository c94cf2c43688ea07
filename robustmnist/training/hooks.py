"""What a training calls while it runs: progress, the numbers of the moment, and the numbers of every epoch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Hooks", "Numbers", "Report"]

Report = Callable[[int, int, int], None]
Numbers = Callable[[Mapping[str, Any]], object]


@dataclass(frozen=True)
class Hooks:
    """Functions that a training calls; None is not called.

    Attributes:
        on_progress: With epochs done, epochs in all and digits seen, at every step.
        on_step: With ``train_loss``, ``train_accuracy``, ``learning_rate`` of the latest steps, ``epoch`` and
            ``epochs``, twice a second at most: these numbers must be waited for on a GPU.
        on_epoch: With all numbers of an epoch, after it has ended and is on the disk.
    """

    on_progress: Report | None = None
    on_step: Numbers | None = None
    on_epoch: Numbers | None = None
