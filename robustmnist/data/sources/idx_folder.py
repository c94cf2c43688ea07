"""A data set from a folder of IDX files: what ``robustmnist perturb`` wrote, or any digits in MNIST's form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from robustmnist.data.dataset import Dataset
from robustmnist.data.formats.idx import INT, UBYTE, parse_idx, read_bounded
from robustmnist.data.manifest import MANIFEST, Manifest, read_manifest
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.source import PART, MissingPartError, Request, Source
from robustmnist.errors import DataError
from robustmnist.system.files import sha256_bytes

__all__ = ["IMAGES", "LABELS", "SOURCE", "IdxPair", "load_folder", "read_pair"]

IMAGES, LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"
INT_LABELS = "labels-idx2-int"  # QMNIST's
# What stands before these names in a part. MNIST's own names serve too, which others have taken over, and EMNIST's and
# QMNIST's own.
PREFIXES = {
    "test": ("", "t10k-", "emnist-digits-test-", "emnist-mnist-test-", "qmnist-test-"),
    "train": ("train-", "emnist-digits-train-", "emnist-mnist-train-", "qmnist-train-"),
}
TRANSPOSED = "emnist-"  # Source: G. Cohen et al., "EMNIST: an extension of MNIST to handwritten letters", 2017
MENDED = "rows and columns exchanged, as EMNIST stores them"
MOST = 500_000  # digits: more is not a data set for a test, and a damaged gzip file must not fill the memory
SCHEME = "idx:"
# Source: C. Yadav, L. Bottou, "Cold case: the lost MNIST digits", 2019: class, series, writer, index, code, index in
# NIST, duplicate, unused.
QMNIST_COLUMNS, QMNIST_WRITER = 8, 2


@dataclass(frozen=True, eq=False)
class IdxPair:
    """Images and labels of two IDX files.

    Attributes:
        pixels: uint8 ``(n, 28, 28)``, rows first.
        labels: int64 ``(n,)``.
        groups: int64 ``(n,)``, who wrote each digit, where the labels say it.
        mended: What was put right, in a phrase.
        hashes: `IMAGES` and `LABELS` -> SHA-256 of the unpacked bytes.
    """

    pixels: np.ndarray
    labels: np.ndarray
    groups: np.ndarray | None
    mended: str
    hashes: dict[str, str]


def load_folder(name: str | Path, *, part: str = "test", prefixes: Sequence[str] | None = None) -> Dataset:
    """Return the digits in a folder of IDX files.

    The folder holds ``images-idx3-ubyte`` and ``labels-idx1-ubyte``, or the same with ``t10k-`` before it, plain or
    gzipped (``.gz``); ``train-`` for the training part; or EMNIST's or QMNIST's files under their own names. EMNIST's
    rows and columns are exchanged, for it stores them so; QMNIST's labels say who wrote each digit. Where the
    ``manifest.json`` of ``robustmnist perturb`` lies beside them, the files are checked against its hashes, and the
    digits keep the ids that they had; else ids are row numbers.

    Args:
        name: The folder, with or without ``idx:`` before it.
        part: ``test`` or ``train``.
        prefixes: What stands before the names, if not all of `PREFIXES` are to be looked for.

    Raises:
        DataError: If a file is missing, no IDX file of n × 28 × 28 bytes of ink or of n labels 0 to 9, or not what the
            manifest says.
    """
    folder = Path(str(name).removeprefix(SCHEME)).expanduser()
    remedy = "give the folder that holds the IDX files"
    try:
        if not folder.is_dir():
            raise DataError("there is no such folder", where=folder, remedy=remedy)
        manifest = read_manifest(folder)
        images, labels = _find(folder, part, prefixes or PREFIXES[part])
        pair = read_pair(images, labels)
    except (OSError, ValueError) as cause:  # ValueError: a NUL in the name
        what = f"cannot be read ({getattr(cause, 'strerror', None) or cause})"
        raise DataError(what, where=folder, remedy=f"{remedy}, readable") from cause
    if manifest is not None:
        _compare({IMAGES: images, LABELS: labels}, manifest, pair.hashes)
    n = len(pair.labels)
    if manifest is not None and manifest.n != n:
        raise DataError(f"speaks of {manifest.n:,} digits, where {n:,} lie", where=folder / MANIFEST)
    ids = torch.arange(n) if manifest is None else manifest.rows()
    title = f"{SCHEME}{folder.resolve().name}" if manifest is None else manifest.label
    made = "" if manifest is None else f", written by robustmnist {manifest.versions.get('robustmnist', '?')}"
    lineage, root = ("", {}) if manifest is None else (manifest.lineage, manifest.root)
    source = f"{folder}{made}"
    provenance = Provenance(title, part, n, pair.hashes, source, lineage=lineage, root=root, mended=pair.mended)
    groups = None if pair.groups is None else torch.from_numpy(pair.groups)
    return Dataset.of_levels(
        torch.tensor(pair.pixels).unsqueeze(1), torch.from_numpy(pair.labels), ids, provenance, groups
    )


def read_pair(images: Path, labels: Path) -> IdxPair:
    """Return the digits of two IDX files; what their names say of their layout is heeded.

    Raises:
        DataError: If one is damaged, or they do not belong together.
    """
    whole = INT_LABELS in labels.name
    data = {IMAGES: _bytes(images, 28 * 28), LABELS: _bytes(labels, 32 if whole else 1)}
    hashes = {file: sha256_bytes(content) for file, content in data.items()}
    pixels = parse_idx(data[IMAGES], images)
    numbers = parse_idx(data[LABELS], labels, INT if whole else UBYTE)
    groups = None
    if whole:
        if numbers.ndim != 2 or numbers.shape[1] != QMNIST_COLUMNS:
            raise DataError(f"has {numbers.shape} integers, not 8 for each digit", where=labels)
        numbers, groups = numbers[:, 0], numbers[:, QMNIST_WRITER].astype(np.int64)
    _check({IMAGES: images, LABELS: labels}, pixels, numbers)
    transposed = images.name.startswith(TRANSPOSED)
    if transposed:
        pixels = np.ascontiguousarray(pixels.transpose(0, 2, 1))
    return IdxPair(pixels, numbers.astype(np.int64), groups, MENDED if transposed else "", hashes)


def _find(folder: Path, part: str, prefixes: Sequence[str]) -> tuple[Path, Path]:
    """Return where images and labels of a part lie."""
    both = f"give a folder that holds {IMAGES} and {LABELS}, as 'robustmnist perturb --format idx' writes them"
    known = [(prefix, path) for prefix in prefixes if (path := _there(folder, f"{prefix}{IMAGES}"))]
    if not known and part == "train":
        what = f"train-{IMAGES} not found there, plain or .gz: a folder without it is for testing only"
        raise MissingPartError(what, where=folder, remedy="use mnist")
    if not known:
        raise DataError(f"{IMAGES} not found there, plain or .gz", where=folder, remedy=both)
    for prefix, images in known:
        labels = _there(folder, f"{prefix}{LABELS}") or _there(folder, f"{prefix}{INT_LABELS}")
        if labels is not None:
            return images, labels
    raise DataError(f"{known[0][0]}{LABELS} not found there, plain or .gz", where=folder, remedy=both)


def _there(folder: Path, name: str) -> Path | None:
    return next((path for ending in ("", ".gz") if (path := folder / f"{name}{ending}").exists()), None)


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
    if labels.max() > 9 or labels.min() < 0:
        odd = int(labels.argmax() if labels.max() > 9 else labels.argmin())
        what = f"label {odd} is {labels[odd]}, not 0 to 9"
        raise DataError(what, where=paths[LABELS], remedy="remove what is not a digit")


def _load(request: Request) -> Dataset:
    return load_folder(request.argument, part=request.part)


SOURCE = Source(
    "a folder of IDX files, as MNIST's are and 'robustmnist perturb' writes; EMNIST's and QMNIST's names too",
    _load,
    takes="DIR",
    bare=False,
    options=PART,
)
