"""Perturbed data sets as files that any other program can read."""

from robustmnist.export.encode import FORMATS as FORMATS
from robustmnist.export.write import Written as Written
from robustmnist.export.write import write_datasets as write_datasets

__all__ = ["FORMATS", "Written", "write_datasets"]
