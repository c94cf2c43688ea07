"""Candidates held against each other on more and more digits."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from robustmnist.adoption.likelihood import best_classes, columns_of, losses, recognise
from robustmnist.adoption.network import Network, at_rest, callable_of, rows_under
from robustmnist.data import Dataset
from robustmnist.errors import InputError
from robustmnist.models.contract.contract import DIGITS, Input, Kind, Output
from robustmnist.models.contract.rows import rows_of

__all__ = ["Contender", "enter", "play"]

CHUNK = 64  # digits of a call: of 224 × 224 px in 64 channels they take 0.8 GB
# Nats per digit that another order of classes must gain: ten columns put in the likeliest order gain a little anywhere.
ORDER_HANDICAP = 0.5


@dataclass(eq=False)
class Contender:
    """A network with one candidate for its input, and what it answered so far.

    Attributes:
        module: The network.
        index: Its index in the list of networks.
        input: The candidate.
        rows: What it answered to the first digits.
        screening: Nats per digit so far.
    """

    module: nn.Module
    index: int
    input: Input
    rows: Tensor | None = field(default=None)
    kind: Kind = field(default="logits")
    screening: float = field(default=float("inf"))

    def result(self, labels: Tensor) -> tuple[Output, NDArray[np.float64], float]:
        """Return what is read of the answers so far, each digit's loss in nats, and the accuracy."""
        assert self.rows is not None
        labels = labels[: len(self.rows)]
        columns = columns_of(self.rows, self.kind)
        classes, fit = DIGITS, losses(columns, DIGITS, labels)
        other = best_classes(columns, labels)
        if other != DIGITS:
            reordered = losses(columns, other, labels)
            if reordered.mean() + ORDER_HANDICAP < fit.mean():
                classes, fit = other, reordered
        read = columns[:, list(classes)]
        right = (read.argmax(1) == labels) & read.isfinite().all(1)
        return Output(self.kind, classes), fit, float(right.double().mean())


def enter(network: Network, index: int, wanted: Sequence[Input]) -> list[Contender]:
    """Return a contender for each of the inputs that are `wanted`."""
    module = callable_of(network)
    return [Contender(module, index, contract) for contract in wanted]


def play(contenders: Sequence[Contender], digits: Dataset, count: int) -> list[Contender]:
    """Let every contender answer the digits up to `count` that it has not seen, and return them scored.

    One that refuses them leaves the contest: a network may insist on the range that it was trained with.

    Raises:
        InputError: If all refuse; the message is that of the first.
    """
    left, refusals = [], []
    for contender in contenders:
        seen = 0 if contender.rows is None else len(contender.rows)
        try:
            parts = _answers(contender, digits.images[seen:count])
        except InputError as refusal:
            refusals.append(refusal)
            continue
        contender.rows = torch.cat([*([] if contender.rows is None else [contender.rows]), *parts])
        left.append(contender)
    if not left and refusals:
        raise refusals[0]
    for index in {contender.index for contender in left}:
        group = [contender for contender in left if contender.index == index]
        # One kind for the network: what one candidate's few rows leave open, those of all do not.
        kind = recognise(torch.cat([contender.rows for contender in group if contender.rows is not None]))
        for contender in group:
            contender.kind = kind
            contender.screening = float(contender.result(digits.labels)[1].mean())
    return left


def _answers(contender: Contender, images: Tensor) -> list[Tensor]:
    with at_rest(contender.module):
        parts = [
            (part, rows_under(contender.module, contender.input, part))
            for part in torch.split(images, CHUNK)
            if len(part)
        ]
    return [rows_of(answer, len(part)).detach().cpu() for part, answer in parts]
