"""How well an adopted model reads the test digits: the number that people usually know of their model."""

import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from robustmnist.adoption.speed import digits_per_second, speed_line
from robustmnist.data import Dataset, load_dataset
from robustmnist.data.locations import MissingDataError
from robustmnist.models.checkpoints.fields import TestAccuracy
from robustmnist.models.inference.deployed import deployed
from robustmnist.statistics.wilson import wilson
from robustmnist.wording.digits import digits_of
from robustmnist.wording.numbers import share_text, typed

__all__ = ["Tested", "ask_test_digits", "digits_to_test", "tested_lines"]

PATIENCE = 60.0  # seconds: a model that would take longer is asked fewer digits
TIMED = 256  # digits that its speed is measured on
FEWEST = 100
PART = 2000  # digits that are asked at once


@dataclass(frozen=True)
class Tested:
    """What was seen on the test digits.

    Attributes:
        accuracy: How many it reads right.
        rate: Digits a second that it answers.
    """

    __test__ = False  # not a test, whatever pytest reads in the name

    accuracy: TestAccuracy
    rate: float


def digits_to_test(judges: Dataset, data_dir: Path | None = None) -> Dataset:
    """Return the 10,000 test digits of MNIST where they are on this machine, else the embedded digits but `judges`.

    Nothing is downloaded.

    Args:
        judges: The digits by which the contract was chosen, which are not test digits.
        data_dir: Where MNIST is, if not in the usual places.
    """
    try:
        return load_dataset("mnist", data_dir=data_dir, download=False)
    except MissingDataError:
        embedded = load_dataset("digits")
        return embedded.select(embedded.ids[~torch.isin(embedded.ids, judges.ids)].tolist())


def ask_test_digits(classifier: nn.Module, digits: Dataset) -> Tested:
    """Ask a classifier about the test digits, once its contract is chosen; nothing else is made of the answers.

    A model that would take more than a minute is asked a sample of them.
    """
    ready = deployed(classifier)
    rate = digits_per_second(ready, digits.head(TIMED).images)
    most = max(FEWEST, int(rate * PATIENCE))
    asked = digits if most >= len(digits) else digits.sample(most)
    began = time.perf_counter()
    rows = [slice(start, start + PART) for start in range(0, len(asked), PART)]
    right = sum(int((ready(asked.rows(part)).argmax(1) == asked.labels[part]).sum()) for part in rows)
    seconds = time.perf_counter() - began
    low, high = wilson(right, len(asked))
    origin = asked.provenance
    accuracy = TestAccuracy(
        dataset=origin.name,
        part=origin.part,
        n=len(asked),
        correct=right,
        accuracy=right / len(asked),
        low=float(low),
        high=float(high),
    )
    return Tested(accuracy, len(asked) / max(seconds, 1e-9))


def tested_lines(tested: Tested) -> tuple[str, str]:
    """Return a sentence on the accuracy, with what the digits were used for, and one on the speed."""
    of = tested.accuracy
    share = typed(share_text(of.accuracy, of.low, of.high, decimals=2, sign=True))
    accuracy_line = (
        f"Accuracy on {of.n:,} {digits_of(of.dataset, of.part)}: {share}; they were asked for this line alone."
    )
    return accuracy_line, speed_line(tested.rate)
