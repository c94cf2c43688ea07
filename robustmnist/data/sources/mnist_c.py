"""The published MNIST-C: MNIST's test digits under 15 corruptions, as the authors drew them."""

from pathlib import Path

import numpy as np
import torch

from robustmnist.data.dataset import Dataset
from robustmnist.data.formats.idx import read_bounded
from robustmnist.data.formats.npy import MAX_HEADER, parse_npy
from robustmnist.data.locations import MissingDataError, cache_folder, named_folder
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.source import Request, Source
from robustmnist.errors import DataError
from robustmnist.system.files import sha256_bytes
from robustmnist.system.validation import did_you_mean

__all__ = ["CORRUPTIONS", "SOURCE", "load_mnist_c"]

# The folders in mnist_c.zip; identity is the test set as it is.
CORRUPTIONS = (
    "brightness",
    "canny_edges",
    "dotted_line",
    "fog",
    "glass_blur",
    "identity",
    "impulse_noise",
    "motion_blur",
    "rotate",
    "scale",
    "shear",
    "shot_noise",
    "spatter",
    "stripe",
    "translate",
    "zigzag",
)
N = 10_000
FILES = {"test_images.npy": (N, 28, 28, 1), "test_labels.npy": (N,)}
ADDRESS = "https://zenodo.org/record/3239543"


def load_mnist_c(corruption: str, *, part: str = "test", data_dir: Path | None = None) -> Dataset:
    """Return the published digits of one corruption, from files that the user has.

    They are looked for as ``mnist_c/CORRUPTION/test_images.npy`` and ``test_labels.npy``, which is how the published
    archive unpacks, and as ``CORRUPTION/…``, in `data_dir`, else ``$ROBUSTMNIST_DATA``, else the user's cache folder.
    Nothing is downloaded. The ids are the row numbers, as in MNIST's test part.

    Args:
        corruption: One of `CORRUPTIONS`; a dash may stand for an underscore.
        part: ``test``; the training digits of the archive are not read.
        data_dir: The folder to look in.

    Raises:
        DataError: If the corruption is unknown, or a file is missing or not what the archive holds: uint8
            ``(10000, 28, 28, 1)`` ink and 10,000 whole-number labels 0 to 9.

    Source: Mu & Gilmer, "MNIST-C: a robustness benchmark for computer vision", 2019; the files at
    https://zenodo.org/record/3239543.
    """
    name = corruption.replace("-", "_")
    if name not in CORRUPTIONS:
        raise DataError(
            f"is not a corruption of MNIST-C{did_you_mean(name, CORRUPTIONS)}",
            where=f"'{corruption}'",
            remedy=f"use one of {', '.join(CORRUPTIONS)}",
        )
    if part != "test":
        raise DataError("is for testing only", where=f"mnist-c:{name}, part {part}", remedy="use mnist")
    folder = _find(name, data_dir)
    hashes: dict[str, str] = {}
    images, labels = (_read(folder / file, shape, hashes) for file, shape in FILES.items())
    ink = torch.tensor(images.reshape(N, 1, 28, 28))
    provenance = Provenance(name=f"mnist-c:{name}", part=part, n=N, sha256=hashes, source=str(folder))
    return Dataset.of_levels(ink, torch.from_numpy(labels.astype(np.int64)), torch.arange(N), provenance)


def _find(name: str, data_dir: Path | None) -> Path:
    """Return the corruption's folder."""
    folder, option = named_folder(data_dir) or (cache_folder(), "the cache")
    for below in (folder / "mnist_c" / name, folder / name):
        try:
            if any((below / file).exists() for file in FILES):
                return below
        except (OSError, ValueError) as cause:
            what = f"cannot be read ({getattr(cause, 'strerror', None) or cause})"
            raise DataError(what, where=below, remedy="name the folder that holds mnist_c, readable") from cause
    raise MissingDataError(
        f"mnist_c/{name}/{next(iter(FILES))} not found there",
        where=f"{folder} ({option})",
        remedy=f"unpack mnist_c.zip from {ADDRESS} there, or name the folder that holds mnist_c with --data-dir",
    )


def _read(path: Path, shape: tuple[int, ...], hashes: dict[str, str]) -> np.ndarray:
    """Return the whole numbers at `path` if they are of this shape and in range; note the hash of the bytes."""
    labels = len(shape) == 1
    try:
        data = read_bounded(path, MAX_HEADER + int(np.prod(shape)) * (8 if labels else 1))
        array = parse_npy(data, path)
        wanted = "whole numbers" if labels else "uint8"
        if array.dtype.kind not in "ui" if labels else array.dtype != np.uint8:
            raise DataError(f"holds {array.dtype}, not {wanted}", where=path)
        if array.shape != shape:
            raise DataError(f"has shape {array.shape}, not {shape}", where=path)
        if labels and (array.min() < 0 or array.max() > 9):
            raise DataError(f"holds labels from {array.min()} to {array.max()}, not 0 to 9", where=path)
    except DataError as error:
        remedy = f"replace it by the file of mnist_c.zip from {ADDRESS}"
        raise DataError(error.what, where=error.where, remedy=remedy) from error.__cause__
    hashes[f"{path.parent.name}/{path.name}"] = sha256_bytes(data)
    return array


def _load(request: Request) -> Dataset:
    return load_mnist_c(request.argument, part=request.part, data_dir=request.data_dir)


SOURCE = Source(
    "the published files of MNIST-C, 10,000 test digits under a corruption",
    _load,
    licence="CC BY 4.0",
    takes="CORRUPTION",
    bare=False,
    values=CORRUPTIONS,
    parts=("test",),
)
