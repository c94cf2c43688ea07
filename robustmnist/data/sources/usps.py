"""USPS: digits of American envelopes, 16 × 16 and without a margin."""

import bz2
import io
from pathlib import Path

import numpy as np

from robustmnist.data.dataset import Dataset
from robustmnist.data.formats.idx import read_bounded
from robustmnist.data.formats.libsvm import parse_libsvm
from robustmnist.data.locations import MissingDataError
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.published import PublishedFile, locate, sound
from robustmnist.data.sources.source import Request, Source
from robustmnist.errors import DataError
from robustmnist.system.files import sha256_bytes

__all__ = ["SOURCE", "load_usps"]

ADDRESS = "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/"
# Source: torchvision.datasets.USPS, addresses and hashes.
FILES = {
    "test": PublishedFile("usps.t.bz2", f"{ADDRESS}usps.t.bz2", "8ea070ee2aca1ac39742fdd1ef5ed118"),
    "train": PublishedFile("usps.bz2", f"{ADDRESS}usps.bz2", "ec16c51db3855ca6c91edd34d0e9b197"),
}
H5 = PublishedFile("usps.h5", get="usps.h5")
LAYOUTS = ("USPS", "usps", "")
SIDE, MARGIN = 16, 2  # px
MOST = 20_000  # digits in a part
MOST_BYTES = 200_000_000  # unpacked
PREPARED = "16 × 16 px, ink -1 to 1 as 0 to 1, a margin of 2 px added, brought to MNIST's form"


def load_usps(request: Request) -> Dataset:
    """Return the digits of USPS, 2,007 to test on and 7,291 to train on, brought to MNIST's form.

    Read are LIBSVM's files ``usps.t.bz2`` and ``usps.bz2``, whose labels 1 to 10 mean 0 to 9 and whose ink is -1 to 1,
    or ``usps.h5`` with ``test/data`` and ``test/target`` (0 to 1, 0 to 9; this needs h5py).

    Raises:
        DataError: If the files are missing and cannot be downloaded, or are damaged.

    Source: J. J. Hull, "A database for handwritten text recognition research", 1994.
    """
    file = FILES[request.part]
    try:
        path = locate([file], LAYOUTS, request)[0]
    except MissingDataError as error:
        try:
            path = locate([H5], LAYOUTS, request)[0]
        except MissingDataError:
            raise error from None
    if path.suffix == ".h5":
        ink, labels, digest = _from_h5(path, request.part)
    else:
        ink, labels, digest = _from_libsvm(path)
    images = np.pad(ink.reshape(-1, SIDE, SIDE), ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))
    provenance = Provenance(
        "usps", request.part, 0, {"images": digest}, str(path), prepared=PREPARED, known=sound(path, file)
    )
    data = Dataset.from_arrays(images, labels, form="mnist", provenance=provenance)
    return data.with_provenance(prepared=PREPARED)


def _from_libsvm(path: Path) -> tuple[np.ndarray, np.ndarray, str]:
    """Return ink 0 to 1, labels 0 to 9 and the hash of the unpacked bytes."""
    data = read_bounded(path, MOST_BYTES)
    if data.startswith(b"BZh"):
        try:
            data = bz2.BZ2Decompressor().decompress(data, MOST_BYTES + 1)
        except (OSError, ValueError, EOFError) as cause:
            raise DataError("is a damaged bz2 file", where=path) from cause
    if len(data) > MOST_BYTES:
        raise DataError(f"holds more than {MOST_BYTES // 10**6} MB", where=path)
    values, labels = parse_libsvm(data, SIDE * SIDE, MOST, path)
    low, high = values.min(), values.max()
    if low < -1 or high > 1:
        raise DataError(f"ink runs from {low:g} to {high:g}, not from -1 to 1", where=path)
    return (values + 1) / 2, labels - 1, sha256_bytes(data)


def _from_h5(path: Path, part: str) -> tuple[np.ndarray, np.ndarray, str]:
    data = read_bounded(path, MOST_BYTES)
    try:
        import h5py
    except ImportError as cause:
        raise DataError("needs h5py", where=path, remedy="pip install 'robustmnist[keras]'") from cause
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            sets = [file[f"{part}/{name}"] for name in ("data", "target")]
            if any(array.dtype.kind not in "uif" or array.nbytes > MOST_BYTES for array in sets):
                raise ValueError
            images, labels = (np.asarray(array[()], np.float64) for array in sets)
            if images.shape != (len(labels), SIDE * SIDE) or len(labels) > MOST:
                raise ValueError
    except Exception as cause:  # HDF5's library fails in as many ways as a file can be damaged
        what = f"holds no {part}/data of n × 256 numbers and {part}/target"
        raise DataError(what, where=path, remedy="get the file again") from cause
    return images, labels, sha256_bytes(data)


SOURCE = Source("USPS, 2,007 test and 7,291 training digits of envelopes", load_usps, licence="none stated")
