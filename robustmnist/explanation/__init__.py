"""Which pixels a checkpoint looked at: attribution, a sheet, a page and the numbers behind them."""

from robustmnist.explanation.attribution import check_method, completeness_gap, explain
from robustmnist.explanation.methods.registry import METHODS, Method

__all__ = ["METHODS", "Method", "check_method", "completeness_gap", "explain"]
