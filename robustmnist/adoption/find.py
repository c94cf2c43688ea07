"""Find out what a classifier wants to be given: the contract under which digits are likeliest to be what they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustmnist.adoption.candidates import SCALES, candidates
from robustmnist.adoption.contest import Contender, enter, play
from robustmnist.adoption.digits import moved
from robustmnist.adoption.network import Network
from robustmnist.data import Dataset
from robustmnist.models.contract.contract import Input, Output

__all__ = ["Candidate", "Finding", "difference", "find_contract"]

ROUNDS = (30, 90)  # digits after which only the best go on
KEPT = (8, 4)
NETWORKS_KEPT = 3
NOISE = 2.0  # standard errors: nearer than this, two contracts cannot be distinguished
# Nats per digit: of two that are nearer than this and cannot be distinguished, the more usual is taken. Mean and sd of
# MNIST and of each image itself, or padding and resizing, are often so near.
USUAL = 0.025


@dataclass(frozen=True, eq=False)
class Candidate:
    """One way to use a network, and how well it does on moved training digits.

    Attributes:
        network: Its index in the list of networks.
        input: What is given.
        output: What is read.
        losses: Of each digit, nats, float64 (n,); see `robustmnist.adoption.likelihood.losses`.
        accuracy: Share of these digits that are read right.
    """

    network: int
    input: Input
    output: Output
    losses: NDArray[np.float64]
    accuracy: float

    @property
    def loss(self) -> float:
        """Nats per digit; log 10 = 2.30 is chance."""
        return float(self.losses.mean())


@dataclass(frozen=True, eq=False)
class Finding:
    """The likeliest contract of a classifier.

    Attributes:
        best: The candidate chosen: the most usual of those that cannot be distinguished from the likeliest.
        others: The other candidates that were in the last round, the likeliest first.
        margin: How much likelier the chosen one is than the first of the others, nats per digit; it may be below 0
            where they cannot be distinguished. Infinite where there are no others.
        error: The margin's standard error.
        digits: Which digits it was judged by.
    """

    best: Candidate
    others: tuple[Candidate, ...]
    margin: float
    error: float
    digits: str

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """All that were in the last round, the chosen one first."""
        return (self.best, *self.others)

    @property
    def inputs(self) -> tuple[Candidate, ...]:
        """Those of them with the network that was chosen."""
        return tuple(candidate for candidate in self.candidates if candidate.network == self.best.network)

    @property
    def apart(self) -> bool:
        """Whether the margin is more than two standard errors."""
        return self.margin > NOISE * self.error

    @property
    def n(self) -> int:
        """How many digits it was judged by."""
        return len(self.best.losses)

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as plain values, for a card."""
        return {
            "input": str(self.best.input),
            "output": str(self.best.output),
            "loss": round(self.best.loss, 6),
            "accuracy": self.best.accuracy,
            "runner_up": str(self.others[0].input) if self.others else None,
            "margin": round(self.margin, 6) if self.others else None,
            "error": round(self.error, 6),
            "apart": self.apart,
            "n": self.n,
            "digits": self.digits,
        }


def find_contract(networks: Sequence[Network], digits: Dataset, *, declared: Input | None = None) -> Finding:
    """Find the contract under which the classifier reads moved training digits best, by likelihood.

    Accuracy does not show a wrong contract: a ReLU network fed 0..255 instead of 0..1 loses half a point. Likelihood
    does, on digits that the network does not know by heart: the images are moved first (`moved`). Candidates are
    weeded out after 30 and after 90 digits; the last four, and `declared`, are judged by all. Of 13 published
    classifiers on 6 samples of MNIST's training digits each, all 78 contracts were found; by the embedded digits, which
    are other people's writing, 67.

    Args:
        networks: One, or several readings of the same file, the most usual first.
        digits: Training digits, as `training_digits` returns them.
        declared: A contract that stays in the contest to its end, to be held against the best.

    Raises:
        InputError: If the networks take no candidate's input.
    """
    test = moved(digits)
    field = _entries(networks, test, declared)
    for count, kept in zip(ROUNDS, KEPT, strict=True):
        field = play(field, test, count)
        ranked = sorted(field, key=lambda contender: contender.screening)
        # Of the leading network another input stays too: how it is fed is asked as well as which network it is.
        going_on = {*ranked[:kept], *[contender for contender in ranked if contender.index == ranked[0].index][:2]}
        if declared is not None:
            going_on |= {contender for contender in field if declared.same_as(contender.input)}
        field = [contender for contender in field if contender in going_on]
    return _chosen(play(field, test, len(test)), test)


def difference(better: Candidate, other: Candidate) -> tuple[float, float]:
    """Return by how many nats per digit `better` is likelier than `other`, and the standard error (paired)."""
    gaps = other.losses - better.losses
    return float(gaps.mean()), float(gaps.std(ddof=1) / np.sqrt(len(gaps)))


def _entries(networks: Sequence[Network], test: Dataset, declared: Input | None) -> list[Contender]:
    """Return all candidates of the networks; of many networks, of those that do best with the most usual scales."""
    chosen = list(range(len(networks)))
    if len(networks) > NETWORKS_KEPT:
        usual = [
            contender
            for index in chosen
            for contender in enter(networks[index], index, candidates(networks[index])[: len(SCALES)])
        ]
        ranked = sorted(play(usual, test, ROUNDS[0]), key=lambda contender: contender.screening)
        chosen = sorted(list(dict.fromkeys(contender.index for contender in ranked))[:NETWORKS_KEPT])
    field = []
    for index in chosen:
        wanted = candidates(networks[index])
        if declared is not None and not any(declared.same_as(other) for other in wanted):
            wanted.append(declared)
        field += enter(networks[index], index, wanted)
    return field


def _chosen(field: Sequence[Contender], test: Dataset) -> Finding:
    every = [Candidate(entry.index, entry.input, *entry.result(test.labels)) for entry in field]
    likeliest = min(every, key=lambda candidate: candidate.loss)
    best = next(candidate for candidate in every if _is_as_likely(candidate, likeliest))
    others = sorted((candidate for candidate in every if candidate is not best), key=lambda candidate: candidate.loss)
    margin, error = difference(best, others[0]) if others else (np.inf, 0.0)
    name = f"{len(test)} moved {'embedded' if test.name == 'digits' else 'MNIST training'} digits"
    return Finding(best, tuple(others), margin, error, name)


def _is_as_likely(candidate: Candidate, likeliest: Candidate) -> bool:
    behind, error = difference(likeliest, candidate)
    return candidate is likeliest or (behind < USUAL and behind <= NOISE * error)
