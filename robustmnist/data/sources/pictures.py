"""A data set from a folder of picture files: drawn, exported or scanned."""

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from robustmnist.data.arrays import AS_STORED, FORMS, TO_FORM
from robustmnist.data.dataset import Dataset
from robustmnist.data.formats.idx import read_bounded
from robustmnist.data.formats.paper import Page, ink_on_paper
from robustmnist.data.formats.picture import ENDINGS, MAX_BYTES, decode_picture
from robustmnist.data.manifest import MANIFEST, Manifest, read_manifest
from robustmnist.data.mnist_form import to_mnist
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.labelled_files import labels_of
from robustmnist.data.sources.source import FORM, Request, Source
from robustmnist.errors import DataError
from robustmnist.system.files import sha256_bytes
from robustmnist.wording.numbers import count

__all__ = ["SOURCE", "digits_of", "holds_pictures", "load_pictures"]

MOST = 100_000  # pictures
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
    form = request.options.get("form", "auto")
    if form not in FORMS:
        raise DataError("is not a form", where=f"form={form}", remedy=f"use {', '.join(FORMS)}")
    try:
        manifest = read_manifest(folder)
        names = _names(folder)
        labels, said = labels_of(folder, names)
        hashes, digits = _read(folder, names)
    except (OSError, ValueError) as cause:
        raise _unreadable(folder, cause) from cause
    if manifest is not None:
        _compare(folder, manifest, hashes)
    images, prepared = digits_of(digits, form)
    digest = sha256_bytes("".join(f"{hashes[name]}  {name}\n" for name in names).encode("utf-8", "surrogateescape"))
    title = f"png:{folder.resolve().name}" if manifest is None else manifest.label
    lineage, root = ("", {}) if manifest is None else (manifest.lineage, manifest.root)
    ids = torch.arange(len(names)) if manifest is None else manifest.rows()
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
        raise DataError("has no folder train", where=folder, remedy="put its pictures into train and test")
    return folder


def _unreadable(folder: Path, cause: Exception) -> DataError:
    return DataError(f"cannot be read ({getattr(cause, 'strerror', None) or cause})", where=folder, remedy=REMEDY)


def _names(folder: Path) -> list[str]:
    """Return the paths of all pictures below the folder, in order."""
    names = []
    for root, below, files in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        here = Path(root).relative_to(folder)
        found = [name for name in files if name.lower().endswith(ENDINGS) and not name.startswith(".")]
        names += [(here / name).as_posix() for name in found]
        if len(names) > MOST:
            raise DataError(f"holds more than {MOST:,} pictures", where=folder, remedy="split it")
    if not names:
        raise DataError("holds no pictures", where=folder, remedy=REMEDY)
    return sorted(names)


def _read(folder: Path, names: Sequence[str]) -> tuple[dict[str, str], list[tuple[Tensor, bool]]]:
    """Return the hash of each file, and each picture's grey values and whether it was stored with loss.

    A picture larger than 280 px is reduced, so that a folder of photographs fits into memory.
    """
    hashes, pictures = {}, []
    for name in names:
        data = read_bounded(folder / name, MAX_BYTES)
        hashes[name] = sha256_bytes(data)
        grey, lossy = decode_picture(data, folder / name, longest=280)
        pictures.append((grey, lossy))
    return hashes, pictures


def digits_of(pictures: Sequence[tuple[Tensor, bool]], form: str) -> tuple[Tensor, str]:
    """Return the images ``(n, 1, 28, 28)`` and what was done to them, in a phrase.

    Args:
        pictures: From `decode_picture`: grey values, and whether they were stored with loss.
        form: ``stored``: 28 × 28 pictures as they are; ``mnist``: in MNIST's form; ``auto``: the first where all are
            28 × 28 on black, else the second.

    Raises:
        DataError: If they cannot be left as they are.
    """
    small = all(grey.shape == (28, 28) for grey, _ in pictures)
    if form == "stored" and not small:
        raise DataError("takes pictures of 28 × 28 px", where="form=stored", remedy="use form=mnist")
    if form == "stored" or (form == "auto" and small and _on_black(pictures)):
        return torch.stack([grey for grey, _ in pictures])[:, None], AS_STORED
    images, pages = [], []
    for grey, lossy in pictures:
        page = ink_on_paper(grey.double(), lossy=lossy)
        images.append(to_mnist(page.ink[None])[0])
        pages.append(page)
    return torch.stack(images), f"{TO_FORM}{_said(pages)}"


def _on_black(pictures: Sequence[tuple[Tensor, bool]]) -> bool:
    """Return whether most pictures are light ink on dark paper."""
    dark = sum(ink_on_paper(grey.double(), lossy=lossy).dark for grey, lossy in pictures[:: -(-len(pictures) // 1000)])
    return 2 * dark < min(len(pictures), 1000)


def _said(pages: Sequence[Page]) -> str:
    inverted, cleaned, specks = (
        sum(page.dark for page in pages),
        sum(page.noise > 1 / 255 for page in pages),
        sum(page.specks for page in pages),
    )
    words = [f"{count(inverted)} of {count(len(pages))} inverted (dark ink on light paper)"] if inverted else []
    words += [f"paper of {count(cleaned)} cleaned"] if cleaned else []
    words += [f"{count(specks)} specks left out"] if specks else []
    return "".join(f", {word}" for word in words)


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
    options=FORM,
    endings=ENDINGS,
)
