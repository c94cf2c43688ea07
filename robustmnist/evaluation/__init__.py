"""Checkpoints × images × suites → predictions, written once."""

from robustmnist.evaluation.session import evaluate as evaluate

__all__ = ["evaluate"]


def __dir__() -> list[str]:
    return sorted(__all__)
