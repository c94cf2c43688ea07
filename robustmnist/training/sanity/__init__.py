"""Is a training sane? Small trainings whose outcome is known beforehand, each with a number and a threshold."""

from robustmnist.training.sanity.checks import CHECKS as CHECKS
from robustmnist.training.sanity.checks import check_sanity as check_sanity
from robustmnist.training.sanity.verdict import Verdict as Verdict

__all__ = ["CHECKS", "Verdict", "check_sanity"]


def __dir__() -> list[str]:
    return sorted(__all__)
