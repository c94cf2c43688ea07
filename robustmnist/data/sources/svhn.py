"""SVHN: house numbers photographed in streets, in colour, with neighbours in the frame."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from robustmnist.data.arrays import grey_images
from robustmnist.data.dataset import Dataset
from robustmnist.data.formats.idx import read_bounded
from robustmnist.data.formats.mat import parse_mat
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.published import PublishedFile, locate, sound
from robustmnist.data.sources.source import Request, Source
from robustmnist.errors import DataError
from robustmnist.system.files import sha256_bytes

__all__ = ["SOURCE", "load_svhn"]

ADDRESS = "http://ufldl.stanford.edu/housenumbers/"
# Source: torchvision.datasets.SVHN, addresses and hashes.
FILES = {
    "test": PublishedFile(
        "test_32x32.mat", f"{ADDRESS}test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3", 400_000_000
    ),
    "train": PublishedFile(
        "train_32x32.mat", f"{ADDRESS}train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373", 400_000_000
    ),
}
LAYOUTS = ("SVHN", "svhn", "")
MOST = 100_000  # digits in a part
PART = 5_000  # images made together
PREPARED = (
    "32 × 32 px in colour; grey by ITU-R BT.601, the median of the border as paper 0 and full contrast, scaled to "
    "28 × 28, not cropped, because neighbours are in the frame"
)


def load_svhn(request: Request) -> Dataset:
    """Return the cropped digits of SVHN, 26,032 to test on and 73,257 to train on, in grey.

    Read are ``test_32x32.mat`` and ``train_32x32.mat``, where 10 means 0. Either ink or wall may be the lighter: the
    median of the border is taken for the wall and becomes 0, what differs most from it becomes 1.

    Raises:
        DataError: If the files are missing and cannot be downloaded, or are damaged.

    Source: Y. Netzer et al., "Reading digits in natural images with unsupervised feature learning", 2011.
    """
    file = FILES[request.part]
    path = locate([file], LAYOUTS, request)[0]
    images, labels, digest = _read(path, file.most)
    ink = torch.cat([_ink(images[start : start + PART]) for start in range(0, len(images), PART)])
    provenance = Provenance(
        "svhn", request.part, len(labels), {"images": digest}, str(path), prepared=PREPARED, known=sound(path, file)
    )
    return Dataset(ink, torch.from_numpy(labels), torch.arange(len(labels)), provenance)


def _read(path: Path, most: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Return images ``(n, 32, 32, 3)``, labels 0 to 9 and the hash of the file."""
    data = read_bounded(path, most)
    if len(data) > most:
        raise DataError(f"is larger than {most // 10**6} MB", where=path)
    arrays = parse_mat(data, frozenset("Xy"), MOST * 32 * 32 * 3, path)
    if arrays.keys() != {"X", "y"}:
        raise DataError("holds no X and y", where=path, remedy=f"get {path.name} from {ADDRESS}")
    images, labels = arrays["X"], arrays["y"].reshape(-1)
    if images.dtype != np.uint8 or images.shape != (32, 32, 3, len(labels)) or not len(labels):
        what = f"X is {images.dtype} {images.shape} for {len(labels):,} labels, not uint8 (32, 32, 3, n)"
        raise DataError(what, where=path)
    if labels.min() < 1 or labels.max() > 10 or (labels != np.rint(labels)).any():
        raise DataError(f"labels run from {labels.min():g} to {labels.max():g}, not from 1 to 10", where=path)
    return np.ascontiguousarray(images.transpose(3, 0, 1, 2)), labels.astype(np.int64) % 10, sha256_bytes(data)


def _ink(images: np.ndarray) -> Tensor:
    """Return colour images ``(n, 32, 32, 3)`` as ink ``(n, 1, 28, 28)`` in multiples of 1/255."""
    grey = grey_images(images, "svhn").double() / 255
    border = torch.cat((grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]), 1)
    wall = border.median(1).values[:, None, None]
    dark = wall - grey.amin((1, 2), keepdim=True) > grey.amax((1, 2), keepdim=True) - wall
    ink = torch.where(dark, wall - grey, grey - wall).clamp(min=0)
    ink = ink / ink.amax((1, 2), keepdim=True).clamp(min=1 / 255)
    small = functional.interpolate(ink[:, None], size=(28, 28), mode="bilinear", antialias=True)
    return (small * 255).round().clamp(0, 255).float() / 255


SOURCE = Source(
    "SVHN, 26,032 test and 73,257 training house numbers in photographs, in grey",
    load_svhn,
    licence="for non-commercial use only",
)
