"""Perturbed data sets as files that any other program can read."""

from robustmnist.perturbed_sets.formats import FORMATS as FORMATS
from robustmnist.perturbed_sets.write import Written as Written
from robustmnist.perturbed_sets.write import write_datasets as write_datasets

__all__ = ["FORMATS", "Written", "write_datasets"]


def __dir__() -> list[str]:
    return sorted(__all__)
