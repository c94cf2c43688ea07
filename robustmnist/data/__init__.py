"""Data sets as two tensors and a provenance record, and the contract that makes any digit look like MNIST's."""

from robustmnist.data.dataset import Dataset as Dataset
from robustmnist.data.load import load_dataset as load_dataset
from robustmnist.data.mnist_form import to_mnist as to_mnist
from robustmnist.data.provenance import Provenance as Provenance

__all__ = ["Dataset", "Provenance", "load_dataset", "to_mnist"]


def __dir__() -> list[str]:
    return sorted(__all__)
