"""Load a data set by its name."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch

from robustmnist.data.dataset import Dataset
from robustmnist.data.formats.picture import ENDINGS
from robustmnist.data.sources.mnist import PARTS
from robustmnist.data.sources.pictures import holds_pictures
from robustmnist.data.sources.registry import SOURCES
from robustmnist.data.sources.source import Progress, Request, Source
from robustmnist.data.split import part_of
from robustmnist.errors import DataError
from robustmnist.system.device import resolve_device
from robustmnist.system.validation import did_you_mean

__all__ = ["load_dataset", "source_of"]


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
    - ``planted``: MNIST with a mark in each digit that decides its label (`robustmnist.data.planted.plant`);
      ``planted:digits`` the embedded digits with one.
    - ``mnist-c:CORRUPTION``: the published files of MNIST-C, where the user has them (`load_mnist_c`).
    - ``idx:DIR``, or any path with a slash: a folder of IDX files, as ``robustmnist perturb`` writes (`load_folder`).
    - ``csv:FILE,part=test``, and so on: of a set without parts of its own, the fifth of the digits that no training
      uses; ``part=train``, the others (`part_of`).
    - every other word of `robustmnist.data.sources.registry.SOURCES`, such as ``png:DIR``.

    Args:
        name: A word, with what it takes after a colon and options after commas: ``csv:FILE,label=COLUMN``; or a path
            with a slash.
        part: ``test`` (10,000 of MNIST, all of the digits that have no parts) or ``train`` (60,000 of MNIST,
            ``digits:train``).
        data_dir: The folder to look in instead of the usual places.
        device: Where the tensors are to be: a torch device or ``auto``, ``cpu``, ``cuda``, ``cuda:N``.
        download: Whether anything may be downloaded.
        on_progress: Called during a download with the bytes received, the bytes expected, and 0.
        notify: Called with one sentence where something else than asked for is taken.

    Raises:
        DataError: If the name or part is unknown, or the data is missing, truncated, swapped or edited.
        DeviceError: If the device is not there.
    """
    if part not in PARTS:
        raise DataError("is not a part of a data set", where=f"'{part}'", remedy="use test or train")
    target = resolve_device(device)
    word, argument, options = _parsed(name)
    source = SOURCES[word]
    if part not in source.parts:
        where = f"{name}, part {part}"
        raise DataError("is for testing only", where=where, remedy=f"use {source.instead}")
    chosen = options.pop("part", None)
    if chosen not in (None, *PARTS):
        raise DataError("is not a part of a data set", where=f"part={chosen}", remedy="use part=test or part=train")
    dataset = source.load(Request(argument, options, part, data_dir, download, on_progress))
    dataset = dataset if chosen is None else part_of(dataset, chosen)
    if notify and dataset.provenance.note:
        notify(dataset.provenance.note)
    licence = SOURCES[dataset.name if word == "auto" else word].licence
    return dataset.with_provenance(licence=dataset.provenance.licence or licence).to(target)


def source_of(name: str) -> tuple[Source, str]:
    """Return the source that reads the data set `name`, and what it is asked for after its colon.

    Raises:
        DataError: If there is none.

    >>> source_of("digits:test")[1]
    'test'
    """
    word, argument, _ = _parsed(name)
    return SOURCES[word], argument


def _parsed(name: str) -> tuple[str, str, dict[str, str]]:
    """Return the word of the source, what follows its colon, and its options."""
    word, colon, rest = name.partition(":")
    if word not in SOURCES:
        if not _is_path(name):
            raise _unknown(name)
        word, colon, rest = _word_of(name), ":", name
    source = SOURCES[word]
    argument, options = _options(rest, source)
    if not (source.takes if colon else source.bare):
        raise _unknown(name)
    return word, argument, options


def _options(rest: str, source: Source) -> tuple[str, dict[str, str]]:
    """Return what follows the colon without the options at its end, and these."""
    options: dict[str, str] = {}
    while True:
        head, comma, last = rest.rpartition(",")
        key, equals, value = last.partition("=")
        if not (comma and equals and key in source.options):
            return rest, options
        rest, options = head, {key: value, **options}


def _is_path(name: str) -> bool:
    ending = Path(name).suffix.lower()
    return "/" in name or os.sep in name or any(ending in source.endings for source in SOURCES.values())


def _word_of(path: str) -> str:
    """Return the source that reads a path given alone: by the ending of a file, or by what lies in a folder."""
    ending = Path(path.rpartition(",")[0] if "=" in path.rpartition(",")[2] else path).suffix.lower()
    for word, source in SOURCES.items():
        if ending in source.endings:
            return word
    with suppress(OSError, ValueError):
        if holds_pictures(Path(path).expanduser()):
            return "png"
    return "idx"


def _unknown(name: str) -> DataError:
    known = [form for word, source in SOURCES.items() for form in source.forms(word)]
    near = did_you_mean(name, known)
    with suppress(OSError, ValueError):  # a name that no system takes is not a file
        path = Path(name).expanduser()
        if path.is_dir() or path.suffix.lower() in ENDINGS:
            near = f", did you mean '{_word_of(name)}:{name}'?"
    return DataError(f"is not a data set{near}", where=f"'{name}'", remedy=f"use {', '.join(known)}")
