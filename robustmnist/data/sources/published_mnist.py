"""MNIST itself: from a folder, from the cache, or downloaded; and what stands in for it where it cannot be had."""

from dataclasses import replace
from pathlib import Path

import torch

from robustmnist.data.dataset import Dataset
from robustmnist.data.locations import MissingDataError, cache_folder, named_folder
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.download import download as download_files
from robustmnist.data.sources.embedded import load_embedded
from robustmnist.data.sources.mnist import PARTS, find, read
from robustmnist.data.sources.source import Progress, Request, Source
from robustmnist.errors import DataError

__all__ = ["AUTO", "SOURCE", "load_auto", "load_mnist"]


def load_mnist(request: Request) -> Dataset:
    """Return MNIST from the folder that was named, else from the cache, where it is downloaded first."""
    named = named_folder(request.data_dir)
    if named:
        return _from_folder(request.part, *named)
    return _from_cache(request.part, request.download, request.on_progress)


def load_auto(request: Request) -> Dataset:
    """Return MNIST from the first folder that has it, else the embedded digits; the note says what was not used."""
    reasons = []
    part = request.part
    named = named_folder(request.data_dir)
    if named:
        try:
            return _from_folder(part, *named)
        except MissingDataError as error:
            reasons.append(f"{error.where}: {error.what}")
    try:
        dataset = _from_cache(part, request.download, request.on_progress)
        taken = f"MNIST from {dataset.provenance.source} is used"
    except MissingDataError as error:
        if part != "test":
            raise
        reasons.append(f"{error.where}: {error.what}")
        dataset = load_embedded()
        taken = f"the {len(dataset):,} embedded digits of scikit-learn are used instead of MNIST"
    if not reasons:
        return dataset
    note = f"{taken}, because {', and '.join(reasons)}"
    return replace(dataset, provenance=replace(dataset.provenance, fallback=True, note=note))


def _from_folder(part: str, folder: Path, option: str) -> Dataset:
    """Return MNIST from a folder that the user named by `option`."""
    paths = [find(folder, file) for file in PARTS[part]]
    missing = [file.name for file, path in zip(PARTS[part], paths, strict=True) if path is None]
    if missing:
        looked = f"{' and '.join(missing)} not found there, in raw/ or in MNIST/raw/, plain or .gz"
        what = looked if folder.is_dir() else "is not a folder" if folder.exists() else "there is no such folder"
        raise MissingDataError(
            what,
            where=f"{folder} ({option})",
            remedy=f"name the folder that holds MNIST, or leave {option} out to download it{_instead(part)}",
        )
    return _read(part, [path for path in paths if path], "replace it by MNIST's own file, or name another folder")


def _from_cache(part: str, download: bool, on_progress: Progress | None) -> Dataset:
    """Return MNIST from the user's cache folder, after downloading there what is missing."""
    folder = cache_folder()
    try:
        missing = [file for file in PARTS[part] if find(folder, file) is None]
    except DataError as error:  # a cache that may not be looked into is no cache; nobody asked for it by name
        raise MissingDataError(
            error.what, where=error.where, remedy="give the folder that holds MNIST with --data-dir"
        ) from error
    if missing and not download:
        raise MissingDataError(
            f"{' and '.join(file.name for file in missing)} not found",
            where=folder,
            remedy="allow the download, or give the folder that holds MNIST with --data-dir",
        )
    if missing:
        try:
            download_files(missing, folder / "MNIST" / "raw", on_progress=on_progress)
        except MissingDataError as error:
            raise MissingDataError(error.what, where=error.where, remedy=f"{error.remedy}{_instead(part)}") from error
    paths = [path for file in PARTS[part] if (path := find(folder, file))]
    return _read(part, paths, "delete it, and it is downloaded again")


def _instead(part: str) -> str:
    """Return further advice where MNIST is missing: which other digits there are."""
    return ", or use --dataset digits" if part == "test" else ""


def _read(part: str, paths: list[Path], remedy: str) -> Dataset:
    """Return the images and labels at `paths` as a data set, checked bit for bit."""
    files = PARTS[part]
    pixels, labels = (read(path, file, remedy=remedy) for path, file in zip(paths, files, strict=True))
    n = len(labels)
    return Dataset.of_levels(
        torch.tensor(pixels).unsqueeze(1),
        torch.tensor(labels).long(),
        torch.arange(n),
        Provenance("mnist", part, n, {file.name: file.sha256 for file in files}, str(paths[0].parent), known=True),
    )


SOURCE = Source("MNIST itself, 10,000 test and 60,000 training digits", load_mnist, licence="CC BY-SA 3.0")
AUTO = Source("mnist where it can be had, else digits", load_auto)
