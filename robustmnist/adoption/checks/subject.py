"""The classifier under check, and what a check says of it."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from robustmnist.adoption.find import Candidate, Finding, find_contract
from robustmnist.adoption.network import Network, at_rest, callable_of
from robustmnist.data import Dataset
from robustmnist.draws import Draws
from robustmnist.models.contract.adapter import feed_to
from robustmnist.models.contract.contract import Input, Output
from robustmnist.models.contract.rows import rows_of

__all__ = ["BATCH", "Check", "NotMade", "Rule", "Subject", "Verdict", "rounding"]

BATCH = 32  # digits of a check that compares answers: enough to differ, few enough for three dozen calls
ROUNDING = 1e-4  # of the largest score: what float32 sums in another order may differ by

Verdict = tuple[bool | None, str]


@dataclass(frozen=True)
class Check:
    """What one check said.

    Attributes:
        number: 1 to 34; the first seven are about the file.
        name: What was checked, in a few words.
        passed: True, or False where it will spoil the numbers; None where it is no fault but worth knowing, or was not
            checked.
        sentence: What it says.
        made: Whether it was checked: some things cannot be asked of a function, or of labels.
    """

    number: int
    name: str
    passed: bool | None
    sentence: str
    made: bool = True


class NotMade(Exception):
    """A check does not apply; the message says why."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A network with the contract under which it is checked.

    Attributes:
        network: As it was read.
        input: How it is fed.
        output: How its answers are read.
        digits: 300 training digits.
        known: What `find_contract` found of this network, where it was asked already.
    """

    network: Network
    input: Input
    output: Output
    digits: Dataset
    known: Finding | None = None

    @functools.cached_property
    def contest(self) -> tuple[Candidate, Candidate | None]:
        """The contract under check as a candidate, and the likeliest of the others."""
        finding = self.known
        if finding is None or not any(self.input.same_as(candidate.input) for candidate in finding.inputs):
            finding = find_contract([self.network], self.digits, declared=self.input)
        ours = next((candidate for candidate in finding.inputs if self.input.same_as(candidate.input)), None)
        if ours is None:
            raise NotMade("It does not take all the digits as they are fed, so no other input was held against this.")
        others = [candidate for candidate in finding.inputs if candidate is not ours]
        return ours, min(others, key=lambda candidate: candidate.loss, default=None)

    @functools.cached_property
    def module(self) -> nn.Module:
        """The network as a module; a function in small tiles."""
        return callable_of(self.network)

    @functools.cached_property
    def batch(self) -> Tensor:
        """The first digits, fed as agreed."""
        return self.given(self.digits.images[:BATCH])

    @functools.cached_property
    def noise(self) -> Tensor:
        """Images (32, 1, 28, 28) of uniform noise."""
        return Draws(0, "adoption", torch.arange(BATCH)).uniform(1, 28, 28)

    @functools.cached_property
    def answers(self) -> Tensor:
        """What the network answers to all the digits."""
        return torch.cat([self.rows(self.given(part)) for part in torch.split(self.digits.images, 2 * BATCH)])

    def given(self, images: Tensor) -> Tensor:
        """Return what the network is given for images (B, 1, 28, 28)."""
        return feed_to(self.module, images, self.input)

    def call(self, given: Any) -> Any:
        """Return the answer as it comes, of a tensor that the network may change; a function gets it as an array."""
        with at_rest(self.module):
            if isinstance(self.network.module, nn.Module):
                return self.network.module(given)
            return self.network.module(given.numpy())

    def rows(self, given: Tensor) -> Tensor:
        """Return the answers as rows, each call with a copy."""
        with at_rest(self.module):
            return rows_of(self.module(given.clone()), len(given)).detach()


Rule = Callable[[Subject], Verdict]


def rounding(first: Tensor, second: Tensor) -> tuple[float, bool]:
    """Return the largest difference between two answers, and whether it can be rounding; NaN equals NaN."""
    first, second = first.double(), second.double()
    gap = (first - second).abs().masked_fill(first == second, 0.0)
    gap = gap.masked_fill(first.isnan() & second.isnan(), 0.0).nan_to_num(nan=torch.inf)
    largest = float(gap.max()) if gap.numel() else 0.0
    scale = float(first[first.isfinite()].abs().max()) if first.isfinite().any() else 0.0
    return largest, largest <= ROUNDING * max(scale, 1e-3)
