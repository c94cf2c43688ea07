"""A run held against a request: every condition of every checkpoint, and whether the run passes."""

from collections.abc import Mapping
from dataclasses import dataclass

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results.gate.conditions import Check, Tested, max_ece, min_accuracy, min_critical, tested
from robustmnist.results.gate.drop_since_baseline import max_drops
from robustmnist.results.gate.request import Request
from robustmnist.results.gate.scope import read_scope

__all__ = ["Outcome", "hold"]


@dataclass(frozen=True)
class Outcome:
    """What a run was held against, and how it ended.

    Attributes:
        data: What the run was made on.
        pairs: Checkpoint to the checkpoint of the baseline that it is compared with; empty without a baseline.
        checks: All conditions, checkpoint by checkpoint, then the losses since the baseline.
        strict: Whether the whole interval had to pass.
        refused: Whether the data stand in for MNIST and that is not allowed.
    """

    data: Tested
    pairs: Mapping[str, str]
    checks: tuple[Check, ...]
    strict: bool
    refused: bool

    @property
    def missed(self) -> tuple[Check, ...]:
        """The conditions that are not met."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def passed(self) -> bool:
        """Whether all conditions are met, on data that are accepted."""
        return not self.missed and not self.refused


def hold(run: Predictions, request: Request, baseline: Predictions | None = None) -> Outcome:
    """Hold `run` against all conditions of `request`.

    Args:
        run: The run.
        request: What is asked.
        baseline: The run at ``request.baseline``; None where no loss is limited.

    Raises:
        RunError: If a condition names what is not in the run, or the baseline cannot be compared with it.
    """
    names = request.checkpoints or run.checkpoints
    for name in names:
        run.index(name)
    pairs = _pairs(request, names) if baseline else {}
    accuracies = [(read_scope(where, run), bound) for where, bound in request.min_accuracy]
    strengths = [(read_scope(where, run), least) for where, least in request.min_critical]
    errors = [(read_scope(where, run), bound) for where, bound in request.max_ece]
    checks: list[Check] = []
    for name in names:
        checks += [min_accuracy(run, name, scope, bound, request.strict) for scope, bound in accuracies]
        for scope, least in strengths:
            checks += min_critical(run, name, scope, least, request.strict)
        checks += [max_ece(run, name, scope, bound, request.strict) for scope, bound in errors]
    if baseline is not None and request.max_drop is not None:
        for name, old in pairs.items():
            checks += max_drops(run, baseline, name, request.max_drop, request.strict, old)
    data = tested(run)
    return Outcome(data, pairs, tuple(checks), request.strict, data.fallback and not request.allow_fallback)


def _pairs(request: Request, names: tuple[str, ...]) -> dict[str, str]:
    for name, _ in request.pairs:
        if name not in names:
            raise RunError(f"cannot pair '{name}', which is not checked", remedy=f"pair one of {', '.join(names)}")
    return {name: name for name in names} | dict(request.pairs)
