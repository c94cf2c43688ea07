"""A data set from a folder of IDX files: what ``robustmnist perturb`` wrote, or any digits in MNIST's form."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from robustmnist.data.dataset import Dataset
from robustmnist.data.formats.idx import parse_idx, read_bounded
from robustmnist.data.manifest import MANIFEST, Manifest, read_manifest
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.source import Request, Source
from robustmnist.errors import DataError
from robustmnist.system.files import sha256_bytes

__all__ = ["IMAGES", "LABELS", "SOURCE", "load_folder"]

IMAGES, LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"
PREFIXES = ("", "t10k-")  # MNIST's own names serve too: that is how KMNIST, QMNIST and others come
MOST = 500_000  # digits: more is not a data set for a test, and a damaged gzip file must not fill the memory
SCHEME = "idx:"


def load_folder(name: str | Path, *, part: str = "test") -> Dataset:
    """Return the digits in a folder of IDX files.

    The folder holds ``images-idx3-ubyte`` and ``labels-idx1-ubyte``, or the same with ``t10k-`` before it, plain or
    gzipped (``.gz``). Where the ``manifest.json`` of ``robustmnist perturb`` lies beside them, the files are checked
    against its hashes, and the digits keep the ids that they had; else ids are row numbers.

    Args:
        name: The folder, with or without ``idx:`` before it.
        part: ``test``.

    Raises:
        DataError: If a file is missing, no IDX file of n × 28 × 28 bytes of ink or of n labels 0 to 9, or not what the
            manifest says.
    """
    folder = Path(str(name).removeprefix(SCHEME)).expanduser()
    if part != "test":
        raise DataError("a folder is for testing only", where=folder, remedy="use mnist")
    try:
        if not folder.is_dir():
            raise DataError("there is no such folder", where=folder, remedy="give the folder that holds the IDX files")
        manifest = read_manifest(folder)
        paths = {file: _find(folder, file) for file in (IMAGES, LABELS)}
        data = {file: _bytes(path, 1 if file == LABELS else 28 * 28) for file, path in paths.items()}
    except (OSError, ValueError) as cause:  # ValueError: a NUL in the name
        what = f"cannot be read ({getattr(cause, 'strerror', None) or cause})"
        raise DataError(what, where=folder, remedy="give the folder that holds the IDX files, readable") from cause
    hashes = {file: sha256_bytes(content) for file, content in data.items()}
    if manifest is not None:
        _compare(paths, manifest, hashes)
    pixels, labels = (parse_idx(data[file], path) for file, path in paths.items())
    _check(paths, pixels, labels)
    n = len(labels)
    if manifest is not None and manifest.n != n:
        raise DataError(f"speaks of {manifest.n:,} digits, where {n:,} lie", where=folder / MANIFEST)
    ids = torch.arange(n) if manifest is None else manifest.rows()
    title = f"{SCHEME}{folder.resolve().name}" if manifest is None else manifest.label
    made = "" if manifest is None else f", written by robustmnist {manifest.versions.get('robustmnist', '?')}"
    lineage, root = ("", {}) if manifest is None else (manifest.lineage, manifest.root)
    source = f"{folder}{made}"
    provenance = Provenance(title, part, n, hashes, source, lineage=lineage, root=root)
    return Dataset.of_levels(
        torch.tensor(pixels).unsqueeze(1), torch.from_numpy(labels.astype(np.int64)), ids, provenance
    )


def _find(folder: Path, file: str) -> Path:
    """Return where one of the two files lies."""
    candidates = (folder / f"{prefix}{file}{ending}" for prefix in PREFIXES for ending in ("", ".gz"))
    path = next((path for path in candidates if path.exists()), None)
    if path is None:
        raise DataError(
            f"{file} not found there, plain or .gz",
            where=folder,
            remedy=f"give a folder that holds {IMAGES} and {LABELS}, as 'robustmnist perturb --format idx' writes them",
        )
    return path


def _bytes(path: Path, size: int) -> bytes:
    """Return the decompressed bytes of a file of at most `MOST` elements of `size` bytes."""
    limit = 16 + MOST * size
    data = read_bounded(path, limit)
    if len(data) > limit:
        raise DataError(f"holds more than {MOST:,} digits", where=path, remedy="split it")
    return data


def _compare(paths: Mapping[str, Path], manifest: Manifest, hashes: dict[str, str]) -> None:
    for file, digest in hashes.items():
        if manifest.files.get(file) != digest:
            raise DataError(
                "was changed after it was written: its sha256 is not the one in manifest.json",
                where=paths[file],
                remedy="write the folder again with 'robustmnist perturb'",
            )


def _check(paths: Mapping[str, Path], pixels: np.ndarray, labels: np.ndarray) -> None:
    if pixels.ndim != 3 or pixels.shape[1:] != (28, 28):
        shape = " × ".join(f"{size:,}" for size in pixels.shape)
        remedy = "bring them to MNIST's form with robustmnist.data.to_mnist"
        raise DataError(f"holds {shape} bytes, not n × 28 × 28", where=paths[IMAGES], remedy=remedy)
    if labels.ndim != 1 or len(labels) != len(pixels):
        what = f"holds {' × '.join(f'{size:,}' for size in labels.shape)} labels for {len(pixels):,} images"
        raise DataError(what, where=paths[LABELS], remedy="give the files that belong together")
    if not len(labels):
        raise DataError("holds no digits", where=paths[IMAGES])
    if labels.max() > 9:
        what = f"label {labels.argmax()} is {labels.max()}, not 0 to 9"
        raise DataError(what, where=paths[LABELS], remedy="remove what is not a digit")


def _load(request: Request) -> Dataset:
    return load_folder(request.argument, part=request.part)


SOURCE = Source(
    "a folder of IDX files, as MNIST's are and 'robustmnist perturb' writes", _load, takes="DIR", bare=False
)
