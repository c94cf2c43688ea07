"""A data set from a folder of picture files: drawn, exported or scanned."""

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from robustmnist.data.dataset import Dataset
from robustmnist.data.formats.idx import read_bounded
from robustmnist.data.formats.picture import ENDINGS, MAX_BYTES, decode_picture
from robustmnist.data.manifest import MANIFEST, Manifest, read_manifest
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.labelled_files import labels_of
from robustmnist.data.sources.picture_forms import digits_of
from robustmnist.data.sources.source import FORM, PART, MissingPartError, Request, Source
from robustmnist.errors import DataError
from robustmnist.system.files import sha256_bytes

__all__ = ["SOURCE", "holds_pictures", "load_pictures"]

MOST = 100_000  # pictures
LONGEST = 280  # px; larger pictures are reduced
PART_FOLDERS = {"test": ("test", "testing"), "train": ("train", "training")}
REMEDY = "give a folder of PNG or JPEG files, one digit each"


def holds_pictures(path: Path) -> bool:
    """Return whether a folder holds picture files, itself or up to two levels below."""
    files = (file for pattern in ("*", "*/*", "*/*/*") for file in islice(path.glob(pattern), MOST))
    return path.is_dir() and any(file.suffix.lower() in ENDINGS for file in files)


def load_pictures(request: Request) -> Dataset:
    """Return the digits in a folder of PNG and JPEG files, in the order of their names.

    Each picture is read as `read_picture` does. Where all are 28 × 28 on black paper, as ``robustmnist perturb`` and
    most exports of MNIST write them, they are taken as they are stored; else all are brought to MNIST's form. The
    option ``form=stored`` or ``form=mnist`` decides it. The ids are row numbers by name, but those of the manifest of
    ``robustmnist perturb``, whose hashes are checked. A folder with ``train`` and ``test`` (or ``training`` and
    ``testing``) in it has two parts.

    Raises:
        DataError: If there is no such folder or part, a picture is damaged, or nothing says which digit it shows.
    """
    folder = _folder(Path(request.argument).expanduser(), request.part)
    hashes: dict[str, str] = {}
    try:
        manifest = read_manifest(folder)
        names = _names(folder)
        labels, said = labels_of(folder, names)
        images, prepared = digits_of(_read(folder, names, hashes), request.options.get("form", "auto"))
    except (OSError, ValueError) as cause:
        raise _unreadable(folder, cause) from cause
    if manifest is not None:
        _compare(folder, manifest, hashes)
    digest = sha256_bytes("".join(f"{hashes[name]}  {name}\n" for name in names).encode("utf-8", "surrogateescape"))
    title = f"png:{folder.resolve().name}" if manifest is None else manifest.label
    lineage, root = ("", {}) if manifest is None else (manifest.lineage, manifest.root)
    ids = torch.arange(len(names)) if manifest is None else _ids(names, manifest)
    provenance = Provenance(
        title,
        request.part,
        len(names),
        {"images": digest},
        str(folder),
        lineage=lineage,
        root=root,
        prepared=f"{said}; {prepared}",
    )
    return Dataset(images, torch.tensor(labels), ids, provenance)


def _folder(folder: Path, part: str) -> Path:
    """Return the folder of a part."""
    try:
        if folder.is_file():
            what = "is a single picture"
            raise DataError(what, where=folder, remedy="robustmnist predict reads one; give the folder of many")
        if not folder.is_dir():
            raise DataError("there is no such folder", where=folder, remedy=REMEDY)
        for name in PART_FOLDERS[part]:
            if (folder / name).is_dir():
                return folder / name
    except (OSError, ValueError) as cause:
        raise _unreadable(folder, cause) from cause
    if part != "test":
        raise MissingPartError("has no folder train", where=folder, remedy="put its pictures into train and test")
    return folder


def _unreadable(folder: Path, cause: Exception) -> DataError:
    return DataError(f"cannot be read ({getattr(cause, 'strerror', None) or cause})", where=folder, remedy=REMEDY)


def _names(folder: Path) -> list[str]:
    """Return the paths of all pictures below the folder, in order."""
    names = []
    for root, below, files in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        here = Path(root).relative_to(folder)
        pictures = [name for name in files if name.lower().endswith(ENDINGS) and not name.startswith(".")]
        names += [(here / name).as_posix() for name in pictures]
        if len(names) > MOST:
            raise DataError(f"holds more than {MOST:,} pictures", where=folder, remedy="split it")
    if not names:
        raise DataError("holds no pictures", where=folder, remedy=REMEDY)
    return sorted(names)


def _read(folder: Path, names: Sequence[str], hashes: dict[str, str]) -> Iterator[tuple[Tensor, bool]]:
    """Yield each picture's grey values and whether it was stored with loss; note the hash of the file."""
    for name in names:
        data = read_bounded(folder / name, MAX_BYTES)
        hashes[name] = sha256_bytes(data)
        yield decode_picture(data, folder / name, longest=LONGEST)


def _ids(names: Sequence[str], manifest: Manifest) -> Tensor:
    """Return the ids that 'robustmnist perturb' put before the ``_`` of each name."""
    ids = [int(head) if (head := name.partition("_")[0]).isascii() and head.isdigit() else -1 for name in names]
    if sorted(ids) != sorted(manifest.rows().tolist()):
        raise DataError("its ids are not those of the pictures", where=MANIFEST)
    return torch.tensor(ids)


def _compare(folder: Path, manifest: Manifest, hashes: dict[str, str]) -> None:
    files = {name: digest for name, digest in manifest.files.items() if name.lower().endswith(ENDINGS)}
    if files == hashes:
        return
    odd = next(iter(sorted(name for name in files.keys() | hashes.keys() if files.get(name) != hashes.get(name))))
    remedy = "write the folder again with 'robustmnist perturb', or delete the manifest"
    raise DataError(f"{odd} is not what it speaks of", where=folder / MANIFEST, remedy=remedy)


SOURCE = Source(
    "a folder of PNG and JPEG files, labels from folders, names or labels.csv",
    load_pictures,
    takes="DIR",
    bare=False,
    options=FORM | PART,
    endings=ENDINGS,
)
