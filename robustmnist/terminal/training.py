"""A training on the terminal: the numbers of the moment on a bar, or a plain line for every epoch."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from robustmnist.terminal.echo import say
from robustmnist.terminal.progress import progress
from robustmnist.wording.numbers import brief, percent, typed

__all__ = ["TrainingProgress", "training_progress"]

PLAIN_INTERVAL = 1.0  # seconds between two plain lines at least; the first and the last epoch always have theirs


class TrainingProgress:
    """What a training calls: `report` with progress, `step` within an epoch, `epoch` after it.

    Args:
        title: What is trained.
        stack: Where the bar is closed.
    """

    def __init__(self, title: str, stack: ExitStack) -> None:
        self._title, self._stack = title, stack
        self._bar: Any = None
        self._before = 0
        self._detail = ""
        self._best = ""
        self._began = self._said = 0.0
        self._first = 0

    def report(self, done: int, total: int, images: int) -> None:
        """Show epochs done of all; timed from the first call, so that loading and earlier epochs do not count."""
        if self._bar is None:
            self._bar = self._stack.enter_context(progress(self._title, unit="epochs", images=True, quiet=True))
            self._before, self._first, self._began = images, done, time.monotonic()
        self._bar(done, total, images - self._before, self._detail)

    def step(self, numbers: Mapping[str, Any]) -> None:
        """Show the loss, accuracy and learning rate of the moment."""
        self._detail = f"{_trained(numbers)}{self._best}"

    def epoch(self, numbers: Mapping[str, Any]) -> None:
        """Show an epoch: on the bar, and without a terminal as a line with the time that is left."""
        read, epoch, total = _read(numbers["validation_accuracy"]), numbers["epoch"], numbers["epochs"]
        self._best = f", best {_read(numbers['best_validation_accuracy'])} in epoch {numbers['best_epoch']}"
        self._detail = f"{_trained(numbers)}, validation {read}{self._best}"
        now = time.monotonic()
        due = now - self._said >= PLAIN_INTERVAL or epoch in (1, total)
        if sys.stderr.isatty() or not due:
            return
        self._said = now
        left = (now - self._began) / max(epoch - self._first, 1) * (total - epoch)
        say(f"{self._title}: epoch {epoch:,}/{total:,}: {self._detail}, {left:,.0f} s left")


@contextmanager
def training_progress(title: str) -> Iterator[TrainingProgress]:
    """Show the progress of a training while the block runs."""
    with ExitStack() as stack:
        yield TrainingProgress(title, stack)


def _trained(numbers: Mapping[str, Any]) -> str:
    rate = typed(brief(numbers["learning_rate"]))
    return f"loss {numbers['train_loss']:.4f}, train {_read(numbers['train_accuracy'])}, learning rate {rate}"


def _read(share: float) -> str:
    return typed(percent(share, 2))
