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
from robustmnist.models.contract import DIGITS, Input, Kind, Output
from robustmnist.models.rows import rows_of

__all__ = ["Contender", "enter", "play"]

CHUNK = 64  # digits of a call: of 224 × 224 px in 64 channels they take 0.8 GB
# Nats per digit that another order of classes must gain: ten columns put in the likeliest order gain a little anywhere.
ORDER_HANDICAP = 0.5


@dataclass(eq=False)
class Contender:
    """A network with one candidate for its input, and what it answered so far.

    Attributes:
        module: The network.
        place: Its place in the list of networks.
        input: The candidate.
        rows: What it answered to the first digits.
        screening: Nats per digit so far.
    """

    module: nn.Module
    place: int
    input: Input
    rows: Tensor | None = field(default=None)
    kind: Kind = field(default="logits")
    screening: float = field(default=float("inf"))

    def result(self, labels: Tensor) -> tuple[Output, NDArray[np.float64], float]:
        """Return what is read of the answers so far, each digit's loss in nats, and the accuracy."""
        assert self.rows is not None
        labels = labels[: len(self.rows)]
        columns = columns_of(self.rows, self.kind)
        classes, found = DIGITS, losses(columns, DIGITS, labels)
        other = best_classes(columns, labels)
        if other != DIGITS:
            reordered = losses(columns, other, labels)
            if reordered.mean() + ORDER_HANDICAP < found.mean():
                classes, found = other, reordered
        read = columns[:, list(classes)]
        right = (read.argmax(1) == labels) & read.isfinite().all(1)
        return Output(self.kind, classes), found, float(right.double().mean())


def enter(network: Network, place: int, wanted: Sequence[Input]) -> list[Contender]:
    """Return a contender for each of the inputs that are `wanted`."""
    module = callable_of(network)
    return [Contender(module, place, contract) for contract in wanted]


def play(contenders: Sequence[Contender], digits: Dataset, count: int) -> Sequence[Contender]:
    """Let every contender answer the digits up to `count` that it has not seen, and score it; return them."""
    for one in contenders:
        seen = 0 if one.rows is None else len(one.rows)
        images = digits.images[seen:count]
        if len(images):
            with at_rest(one.module):
                parts = [
                    rows_of(rows_under(one.module, one.input, part), len(part)) for part in torch.split(images, CHUNK)
                ]
            one.rows = torch.cat([*([] if one.rows is None else [one.rows]), *(part.detach().cpu() for part in parts)])
    for place in {one.place for one in contenders}:
        group = [one for one in contenders if one.place == place]
        # One kind for the network: what one candidate's few rows leave open, those of all do not.
        kind = recognise(torch.cat([one.rows for one in group if one.rows is not None]))
        for one in group:
            one.kind = kind
            one.screening = float(one.result(digits.labels)[1].mean())
    return contenders
