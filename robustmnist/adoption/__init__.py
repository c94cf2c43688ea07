"""Taking in a stranger's classifier: what it wants to be given is found, and what may be wrong with it is checked."""

from robustmnist.adoption.adopt import Adoption as Adoption
from robustmnist.adoption.adopt import adopt as adopt
from robustmnist.adoption.adopt import inspect_model as inspect_model
from robustmnist.adoption.adopt import keep as keep
from robustmnist.adoption.checks import check_classifier as check_classifier
from robustmnist.adoption.checks.subject import Check as Check
from robustmnist.adoption.digits import training_digits as training_digits
from robustmnist.adoption.examine import Examination as Examination
from robustmnist.adoption.examine import examine as examine
from robustmnist.adoption.find import Finding as Finding
from robustmnist.adoption.find import find_contract as find_contract
from robustmnist.adoption.network import Network as Network
from robustmnist.adoption.tested import tested_lines as tested_lines
from robustmnist.adoption.words import summary_lines as summary_lines
from robustmnist.adoption.words import warning as warning

__all__ = [
    "Adoption",
    "Check",
    "Examination",
    "Finding",
    "Network",
    "adopt",
    "check_classifier",
    "examine",
    "find_contract",
    "inspect_model",
    "keep",
    "summary_lines",
    "tested_lines",
    "training_digits",
    "warning",
]


def __dir__() -> list[str]:
    return sorted(__all__)
