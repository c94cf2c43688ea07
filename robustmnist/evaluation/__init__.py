"""Checkpoints × images × suites → predictions, written once."""

from robustmnist.evaluation.run import evaluate as evaluate

__all__ = ["evaluate"]
