"""What somebody else's classifier is given and what it answers, and the classifier behind that contract."""

from robustmnist.models.contract.adapter import Adapted as Adapted
from robustmnist.models.contract.contract import Input as Input
from robustmnist.models.contract.contract import Output as Output

__all__ = ["Adapted", "Classifier", "Input", "Output"]

Classifier = Adapted  # its name for users


def __dir__() -> list[str]:
    return sorted(__all__)
