"""Which pixels speak for a checkpoint's answer: attributions, as pictures, page and numbers."""

from robustmnist.explanation.attribution import check_method, completeness_gap, explain
from robustmnist.explanation.methods.registry import METHODS, Method
from robustmnist.explanation.target import Target

__all__ = ["METHODS", "Method", "Target", "check_method", "completeness_gap", "explain"]


def __dir__() -> list[str]:
    return sorted(__all__)
