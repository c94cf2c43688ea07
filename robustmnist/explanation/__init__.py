"""Which pixels speak for a checkpoint's answer: attributions, as pictures, page and numbers."""

from robustmnist.explanation.attribution import check_method, completeness_gap, explain
from robustmnist.explanation.methods.registry import METHODS, Method

__all__ = ["METHODS", "Method", "check_method", "completeness_gap", "explain"]
