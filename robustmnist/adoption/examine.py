"""One look at a classifier: its contract found or as declared, every check, and the classifier ready for use."""

from collections.abc import Sequence
from dataclasses import dataclass

from robustmnist.adoption.candidates import candidates, declared
from robustmnist.adoption.checks import SHAPE, check_classifier
from robustmnist.adoption.checks.meaning import accuracy
from robustmnist.adoption.checks.subject import Check, Subject
from robustmnist.adoption.digits import training_digits
from robustmnist.adoption.find import NOISE, USUAL, Candidate, Finding, difference, find_contract
from robustmnist.adoption.network import Network
from robustmnist.data import Dataset
from robustmnist.errors import InputError
from robustmnist.models.contract.adapter import Adapted
from robustmnist.models.contract.contract import Input, Output

__all__ = ["Examination", "examine"]


@dataclass(frozen=True, eq=False)
class Examination:
    """What was seen of a classifier.

    Attributes:
        networks: The readings of the file.
        network: The network that was chosen.
        declared: Whether the user said how it is fed.
        input: How it is fed: as declared, else as found.
        output: How it is read: as declared, else as found.
        finding: What `find_contract` found; None where the network does not take what it was fed.
        checks: What each check said.
        classifier: The network behind this contract.
        digits: The training digits that it was asked.
        right: How many of them it reads right; None where it does not answer them with scores.
    """

    networks: tuple[Network, ...]
    network: Network
    declared: bool
    input: Input
    output: Output
    finding: Finding | None
    checks: tuple[Check, ...]
    classifier: Adapted
    digits: Dataset
    right: int | None

    @property
    def faults(self) -> list[Check]:
        """The checks that failed."""
        return [check for check in self.checks if check.passed is False]

    @property
    def contradiction(self) -> tuple[Candidate, float, float] | None:
        """A contract that suits better than the declared one, by how many nats a digit, and its standard error."""
        if self.finding is None:
            return None
        ours = next((candidate for candidate in self.finding.inputs if self.input.same_as(candidate.input)), None)
        if ours is None or ours is self.finding.best:
            return None
        ahead, error = difference(self.finding.best, ours)
        return (self.finding.best, ahead, error) if ahead > max(USUAL, NOISE * error) else None


def examine(
    networks: Sequence[Network],
    *,
    input: Input | str | None = None,
    output: Output | str | None = None,
    digits: Dataset | None = None,
) -> Examination:
    """Find the contract of a classifier, and check the classifier under it.

    Args:
        networks: One, or several readings of the same file, the most usual first.
        input: As declared, which counts; what is found instead is held against it. What a text leaves out follows from
            the shape of the network's input.
        output: As declared.
        digits: From `training_digits`, which is also the default.

    Raises:
        InputError: If a contract cannot be read, or no digit can be brought to the shape that the network wants.
    """
    wanted = declared(input, networks[0]) if isinstance(input, str) else input
    asked = training_digits() if digits is None else digits
    finding, network = None, networks[0]
    try:
        finding = find_contract(networks, asked, declared=wanted)
        network = networks[finding.best.network]
    except InputError:  # the checks say which shape it takes, or what it answers
        candidates(network)
    fed = wanted or (finding.best.input if finding else candidates(network)[0])
    read = (Output.parse(output) if isinstance(output, str) else output) or (
        finding.best.output if finding else Output()
    )
    checks = check_classifier(network, fed, read, digits=asked, finding=finding)
    classifier = Adapted(network.module, input=fed, output=read)
    try:
        takes = next(check.passed for check in checks if check.number == SHAPE)
        right = accuracy(Subject(network, fed, read, asked)) if takes else None
    except InputError:  # a check says what is wrong with its answers
        right = None
    return Examination(
        tuple(networks), network, wanted is not None, fed, read, finding, tuple(checks), classifier, asked, right
    )
