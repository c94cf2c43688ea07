"""Load a data set by its name."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import torch

from robustmnist.data.dataset import Dataset
from robustmnist.data.locations import MissingDataError, cache_folder, named_folder
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.download import download as download_files
from robustmnist.data.sources.embedded import load_embedded
from robustmnist.data.sources.idx_folder import is_folder_name, load_folder
from robustmnist.data.sources.mnist import PARTS, find, read
from robustmnist.data.sources.mnist_c import CORRUPTIONS, load_mnist_c
from robustmnist.errors import DataError
from robustmnist.system.device import resolve_device
from robustmnist.system.validation import did_you_mean

__all__ = ["load_dataset"]

NAMES = ("auto", "mnist", "digits", "digits:train", "digits:test")
MNIST_C = "mnist-c:"
Progress = Callable[[int, int, int], None]


def load_dataset(
    name: str = "auto",
    *,
    part: str = "test",
    data_dir: Path | None = None,
    device: torch.device | str = "cpu",
    download: bool = True,
    on_progress: Progress | None = None,
    notify: Callable[[str], None] | None = None,
) -> Dataset:
    """Return the data set `name` on `device`.

    - ``mnist``: from `data_dir`, else ``$ROBUSTMNIST_DATA``, else the user's cache folder, else downloaded there. The
      files may lie in the folder itself, in ``raw/`` or in ``MNIST/raw/``, plain or gzipped; their hashes are checked.
      A folder that was named but does not hold it is an error.
    - ``digits``: the 1797 digits that come with scikit-learn, always there; ``digits:train`` and ``digits:test`` are
      two thirds and one third of them, for what is trained on them.
    - ``auto``: ``mnist`` where it can be had, else ``digits``. A folder that was named but does not hold MNIST is
      passed over. Either is said through `notify` and in the provenance. Damaged files are an error here too.
    - ``mnist-c:CORRUPTION``: the published files of MNIST-C, where the user has them (`load_mnist_c`).
    - ``idx:DIR``, or any path with a slash: a folder of IDX files, as ``robustmnist perturb`` writes (`load_folder`).

    Args:
        name: ``auto``, ``mnist``, ``digits``, ``digits:PART``, ``mnist-c:CORRUPTION``, ``idx:DIR`` or a path
            with a slash.
        part: ``test`` (10,000 of MNIST, all of the others) or ``train`` (60,000 of MNIST, ``digits:train``).
        data_dir: The folder to look in instead of the usual places.
        device: Where the tensors are to be: a torch device or ``auto``, ``cpu``, ``cuda``, ``cuda:N``.
        download: Whether MNIST may be downloaded.
        on_progress: Called during a download with the bytes received, the bytes expected, and 0.
        notify: Called with one sentence where something else than asked for is taken.

    Raises:
        DataError: If the name or part is unknown, or the data is missing, truncated, swapped or edited.
        DeviceError: If the device is not there.
    """
    if part not in PARTS:
        raise DataError("is not a part of a data set", where=f"'{part}'", remedy="use test or train")
    target = resolve_device(device) if isinstance(device, str) else device
    if name == "digits":
        dataset = load_embedded("train" if part == "train" else None)
    elif name in NAMES and name.startswith("digits:"):
        dataset = load_embedded(name.removeprefix("digits:"))
    elif name == "mnist":
        dataset = _load_mnist(part, data_dir, download, on_progress)
    elif name == "auto":
        dataset = _load_auto(part, data_dir, download, on_progress)
    elif name.startswith(MNIST_C):
        dataset = load_mnist_c(name.removeprefix(MNIST_C), part=part, data_dir=data_dir)
    elif is_folder_name(name):
        dataset = load_folder(name, part=part)
    else:
        raise _unknown(name)
    if notify and dataset.provenance.note:
        notify(dataset.provenance.note)
    return dataset.to(target)


def _unknown(name: str) -> DataError:
    known = [*NAMES, *(f"{MNIST_C}{corruption}" for corruption in CORRUPTIONS)]
    near = did_you_mean(name, known)
    with suppress(OSError, ValueError):  # a name that no system takes is not a folder
        near = f", did you mean 'idx:{name}'?" if Path(name).is_dir() else near
    remedy = f"use {', '.join(NAMES)}, {MNIST_C}CORRUPTION ({', '.join(CORRUPTIONS)}) or idx:DIR"
    return DataError(f"is not a data set{near}", where=f"'{name}'", remedy=remedy)


def _load_mnist(part: str, data_dir: Path | None, download: bool, on_progress: Progress | None) -> Dataset:
    named = named_folder(data_dir)
    return _from_folder(part, *named) if named else _from_cache(part, download, on_progress)


def _load_auto(part: str, data_dir: Path | None, download: bool, on_progress: Progress | None) -> Dataset:
    """Return MNIST from the first folder that has it, else the embedded digits; the note says what was not used."""
    reasons = []
    named = named_folder(data_dir)
    if named:
        try:
            return _from_folder(part, *named)
        except MissingDataError as error:
            reasons.append(f"{error.where}: {error.what}")
    try:
        dataset = _from_cache(part, download, on_progress)
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
        Provenance(
            name="mnist", part=part, n=n, sha256={file.name: file.sha256 for file in files}, source=str(paths[0].parent)
        ),
    )
