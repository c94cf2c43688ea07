"""The embedded data set: real handwriting that comes with scikit-learn."""

import numpy as np
import torch
from numpy.typing import NDArray

from robustmnist.data.dataset import Dataset
from robustmnist.data.mnist_form import to_mnist
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.source import Request, Source
from robustmnist.errors import DataError
from robustmnist.system.files import sha256_bytes
from robustmnist.system.validation import did_you_mean

__all__ = ["SOURCE", "load_embedded"]

# Of the 1797 × 64 values 0 to 16 and of the 1797 labels, one byte each, in the order of the source.
SHA256 = {
    "digits-images": "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3",
    "digits-labels": "8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0",
}


PARTS = ("train", "test")


def load_embedded(part: str | None = None) -> Dataset:
    """Return scikit-learn's 1797 digits of 13 writers, 8 × 8 and 16 levels, brought to MNIST's form by `to_mnist`.

    They have no parts of their own. A third of them, by a hash of their values, is the test part, the others are the
    training part: no digit is in both, nor are two that are equal. The ids are row numbers in the whole.

    Args:
        part: ``train``, ``test``, or None for all.

    Raises:
        DataError: If there is no such part, or scikit-learn holds other digits than it should.

    Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI repository, 1998, test part.
    """
    if part not in (None, *PARTS):
        raise DataError("is not a part of the embedded digits", where=f"'{part}'", remedy="use train or test")
    import sklearn
    from sklearn.datasets import load_digits

    source = load_digits()
    values = source.images.astype(np.uint8)
    labels = source.target.astype(np.uint8)
    digests = {name: sha256_bytes(array.tobytes()) for name, array in zip(SHA256, (values, labels), strict=True)}
    where = f"scikit-learn {sklearn.__version__} load_digits"
    if digests != SHA256:
        raise DataError("holds other digits than it should", where=where, remedy="install scikit-learn again")
    rows = [row for row, digit in enumerate(values) if part in (None, _part(digit))]
    images = to_mnist(torch.from_numpy(values[rows]).double() / 16)
    name = "digits" if part is None else f"digits:{part}"
    provenance = Provenance(name=name, part=part or "test", n=len(rows), sha256=digests, source=where, known=True)
    return Dataset(images, torch.from_numpy(labels[rows]).long(), torch.tensor(rows), provenance)


def _part(digit: NDArray[np.uint8]) -> str:
    return "test" if int(sha256_bytes(digit.tobytes())[:8], 16) % 3 == 0 else "train"


def _load(request: Request) -> Dataset:
    if request.argument not in ("", *PARTS):
        name, known = f"digits:{request.argument}", [f"digits:{part}" for part in PARTS]
        what = f"is not a data set{did_you_mean(name, known)}"
        raise DataError(what, where=f"'{name}'", remedy=f"use digits, {', '.join(known)}")
    return load_embedded(request.argument or ("train" if request.part == "train" else None))


SOURCE = Source("the 1,797 digits that come with scikit-learn", _load, licence="CC BY 4.0", takes="PART", values=PARTS)
