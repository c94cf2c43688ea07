"""Digits in which a small mark decides the label, as a source: to test explanations with."""

from robustmnist.data.dataset import Dataset
from robustmnist.data.planted import plant
from robustmnist.data.sources.embedded import load_embedded
from robustmnist.data.sources.published_mnist import load_mnist
from robustmnist.data.sources.source import Request, Source
from robustmnist.errors import DataError

__all__ = ["SOURCE"]


def _load(request: Request) -> Dataset:
    if request.argument not in ("", "digits"):
        raise DataError(
            "is not a data set", where=f"'planted:{request.argument}'", remedy="use planted, planted:digits"
        )
    if request.argument:
        return plant(load_embedded("train" if request.part == "train" else None))
    return plant(load_mnist(request))


SOURCE = Source(
    "MNIST with a mark in each digit that decides its label; planted:digits, the embedded digits with one",
    _load,
    licence="that of the digits",
    takes="digits",
    values=("digits",),
)
