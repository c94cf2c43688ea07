"""Are digits what they are taken for? Polarity, orientation, labels, form, and whether they are MNIST's own."""

from robustmnist.inspection.preflight.finding import Finding as Finding
from robustmnist.inspection.preflight.preflight import checked as checked
from robustmnist.inspection.preflight.preflight import mend as mend
from robustmnist.inspection.preflight.preflight import preflight as preflight

__all__ = ["Finding", "checked", "mend", "preflight"]


def __dir__() -> list[str]:
    return sorted(__all__)
