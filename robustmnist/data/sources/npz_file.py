"""A data set from an ``.npz`` file, as Keras keeps MNIST and NumPy writes arrays."""

from pathlib import Path

from robustmnist.data.dataset import Dataset
from robustmnist.data.formats.npz import parse_npz
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.source import FORM, PART, MissingPartError, Request, Source
from robustmnist.data.sources.user_file import read_user_file
from robustmnist.errors import DataError
from robustmnist.system.files import sha256_bytes

__all__ = ["SOURCE", "load_npz"]

MOST = 1_000_000_000  # bytes of a file
# Names of images and labels in a part, or where there are no parts.
NAMES = {
    "test": (
        ("x_test", "y_test"),
        ("test_images", "test_labels"),
        ("images", "labels"),
        ("x", "y"),
        ("arr_0", "arr_1"),
    ),
    "train": (("x_train", "y_train"), ("train_images", "train_labels")),
}
REMEDY = "save it by numpy.savez(file, x_test=images, y_test=labels)"


def load_npz(request: Request) -> Dataset:
    """Return the digits in an ``.npz`` file: ``x_test`` and ``y_test``, or ``images`` and ``labels``, and the like.

    Raises:
        DataError: If the file is missing or damaged, or holds no such arrays.
    """
    path, data = read_user_file(request.argument, MOST)
    pairs = NAMES[request.part]
    arrays = parse_npz(data, frozenset(name for pair in pairs for name in pair), path)
    pair = next((pair for pair in pairs if pair[0] in arrays and pair[1] in arrays), None)
    if pair is None:
        missing = MissingPartError if request.part == "train" else DataError
        raise missing(f"holds no {pairs[0][0]} and {pairs[0][1]}", where=path, remedy=REMEDY)
    images, labels = (arrays[name] for name in pair)
    hashes = {f"{pair[0]} images": sha256_bytes(images.tobytes()), f"{pair[1]} labels": sha256_bytes(labels.tobytes())}
    provenance = Provenance(f"npz:{Path(path).name}", request.part, 0, hashes, str(path))
    return Dataset.from_arrays(images, labels, form=request.options.get("form", "auto"), provenance=provenance)


SOURCE = Source(
    "an .npz file with x_test and y_test, as Keras has it, or images and labels",
    load_npz,
    takes="FILE",
    bare=False,
    options=FORM | PART,
    endings=(".npz",),
)
