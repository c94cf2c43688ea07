"""MNIST's four files: which they are, where they may lie in a folder, and whether they are what they should be."""

import math
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robustmnist.data.formats.idx import parse_idx, read_bounded
from robustmnist.errors import DataError
from robustmnist.system.files import sha256_bytes

__all__ = ["FILES", "PARTS", "MnistFile", "check", "find", "read"]

LAYOUTS = (Path(), Path("raw"), Path("MNIST", "raw"))  # below the folder given; the last is torchvision's


@dataclass(frozen=True)
class MnistFile:
    """One of the four files.

    Attributes:
        name: Its name, unpacked.
        shape: ``(n, 28, 28)`` for images, ``(n,)`` for labels.
        packed: How many bytes it is gzipped, as the mirrors have it; only progress is shown by it.
        sha256: Of the unpacked bytes.
    """

    name: str
    shape: tuple[int, ...]
    packed: int
    sha256: str

    @property
    def size(self) -> int:
        """Bytes of the unpacked file."""
        return 4 + 4 * len(self.shape) + math.prod(self.shape)

    @property
    def content(self) -> str:
        """What it holds, for messages: ``test images``."""
        part = "test" if self.name.startswith("t10k") else "training"
        return f"{part} {'labels' if len(self.shape) == 1 else 'images'}"


# Source: the files at https://ossci-datasets.s3.amazonaws.com/mnist/, which torchvision reads too.
FILES = (
    MnistFile(
        "t10k-images-idx3-ubyte",
        (10_000, 28, 28),
        1_648_877,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    MnistFile(
        "t10k-labels-idx1-ubyte",
        (10_000,),
        4_542,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    MnistFile(
        "train-images-idx3-ubyte",
        (60_000, 28, 28),
        9_912_422,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    MnistFile(
        "train-labels-idx1-ubyte",
        (60_000,),
        28_881,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
)
PARTS = {"test": FILES[:2], "train": FILES[2:]}  # images first


def find(folder: Path, file: MnistFile) -> Path | None:
    """Return where `file` lies below `folder`, plain or gzipped, or None.

    It is looked for in the folder, in ``raw/`` and in ``MNIST/raw/``; ``t10k-images.idx3-ubyte`` will do for a name
    too. What is there but no regular file is returned where there is nothing better, so that reading it says so.

    Raises:
        DataError: If the folder may not be looked into.
    """
    other = None
    for path in _candidates(folder, file):
        try:
            mode = path.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as cause:
            what = f"cannot be read ({getattr(cause, 'strerror', None) or cause})"
            raise DataError(what, where=path, remedy="name the folder that holds MNIST, readable") from cause
        if stat.S_ISREG(mode):
            return path
        other = other or path
    return other


def _candidates(folder: Path, file: MnistFile) -> Iterator[Path]:
    for layout in LAYOUTS:
        for name in (file.name, file.name.replace("-idx", ".idx")):
            yield folder / layout / name
            yield folder / layout / f"{name}.gz"


def read(path: Path, file: MnistFile, *, remedy: str) -> np.ndarray:
    """Return `file` as a uint8 array of its shape, read from `path` and verified by its hash.

    Raises:
        DataError: If it is not; the message says whether it is truncated, swapped or edited.
    """
    try:
        return check(read_bounded(path, file.size), file, where=path)
    except DataError as error:
        raise DataError(error.what, where=error.where, remedy=remedy) from error.__cause__


def check(data: bytes, file: MnistFile, *, where: object) -> np.ndarray:
    """Return `data` as a uint8 array of the file's shape if it is MNIST's own; `where` is for messages.

    Raises:
        DataError: If it is not; the message says whether it is truncated, swapped or edited.
    """
    digest = sha256_bytes(data)
    if digest == file.sha256:
        return parse_idx(data, where)
    for other in FILES:
        if digest == other.sha256:
            raise DataError(f"is swapped: it holds the {other.content} instead of the {file.content}", where=where)
    raise DataError(_fault(data, file, digest), where=where)


def _fault(data: bytes, file: MnistFile, digest: str) -> str:
    """Return what is wrong with bytes whose hash is not that of `file`: the most specific fault."""
    if len(data) >= 8 and data[:3] == b"\0\0\x08":
        # One byte beyond the expected size is all that is read, so that a larger file shows by its header alone.
        other = _by_header(data)
        if other and other is not file:
            return f"is swapped: its header is that of the {other.content} instead of the {file.content}"
    try:
        array = parse_idx(data, "")
    except DataError as error:
        return error.what
    if array.shape != file.shape:
        return f"holds {_sizes(array.shape)} values instead of the {_sizes(file.shape)} {file.content}"
    if array.ndim == 1 and array.max() > 9:
        return f"was edited: label {array.argmax()} is {array.max()}, not 0 to 9"
    return (
        "was edited, or comes from another data set that uses MNIST's file names: "
        f"its sha256 begins with {digest[:12]}, that of the {file.content} with {file.sha256[:12]}"
    )


def _by_header(data: bytes) -> MnistFile | None:
    return next((file for file in FILES if data.startswith(_header(file))), None)


def _header(file: MnistFile) -> bytes:
    return bytes([0, 0, 8, len(file.shape)]) + b"".join(size.to_bytes(4, "big") for size in file.shape)


def _sizes(shape: tuple[int, ...]) -> str:
    return " × ".join(f"{size:,}" for size in shape)
