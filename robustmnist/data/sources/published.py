"""Files of published data sets: where they lie or are downloaded from, and whether they are the known bytes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from robustmnist.data.locations import MissingDataError, cache_folder, named_folder
from robustmnist.data.sources.download import fetch
from robustmnist.data.sources.source import Request
from robustmnist.errors import DataError
from robustmnist.system.files import write_atomic

__all__ = ["PublishedFile", "locate", "sound"]


@dataclass(frozen=True)
class PublishedFile:
    """A file of a published data set.

    Attributes:
        name: As it is published, packed.
        url: Where it can be downloaded; empty where only an archive can.
        md5: Of the published file, as torchvision has it; empty where it is not known.
        most: Bytes that it may have, packed.
        get: What a person has to get where there is no `url`.
    """

    name: str
    url: str = ""
    md5: str = ""
    most: int = 100_000_000
    get: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which it may lie: packed, or unpacked without the ending."""
        plain = self.name.removesuffix(".gz").removesuffix(".bz2")
        return (self.name, plain) if plain != self.name else (self.name,)


def locate(files: Sequence[PublishedFile], layouts: Sequence[str], request: Request) -> list[Path]:
    """Return where the files lie: in the named folder, else in the cache, where they are downloaded first.

    Args:
        files: Which.
        layouts: Folders below, ``""`` for the folder itself; what is downloaded goes to the first.
        request: Whose folder counts, and whether anything may be downloaded.

    Raises:
        MissingDataError: If one is not there and cannot be had.
        DataError: If a folder may not be looked into, or what was downloaded is not the published file.
    """
    named = named_folder(request.data_dir)
    folder = named[0] if named else cache_folder()
    paths = [_find(folder, file, layouts) for file in files]
    for index, (file, path) in enumerate(zip(files, paths, strict=True)):
        if path is None:
            if named or not request.download or not file.url:
                raise _missing(file, folder, layouts, named[1] if named else "the cache")
            paths[index] = _download(file, folder / layouts[0], request)
    return [path for path in paths if path is not None]


def sound(path: Path, file: PublishedFile) -> bool:
    """Return whether the file is the published one, bit for bit, packed as it was published."""
    if not file.md5 or path.name != file.name or path.stat().st_size > file.most:
        return False
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() == file.md5


def _find(folder: Path, file: PublishedFile, layouts: Sequence[str]) -> Path | None:
    try:
        paths = (folder / layout / name for layout in layouts for name in file.names)
        return next((path for path in paths if path.is_file()), None)
    except (OSError, ValueError) as cause:
        what = f"cannot be read ({getattr(cause, 'strerror', None) or cause})"
        raise DataError(what, where=folder, remedy="name a folder that is readable") from cause


def _missing(file: PublishedFile, folder: Path, layouts: Sequence[str], named: str) -> MissingDataError:
    folders = " or ".join(f"{layout}/" if layout else "the folder itself" for layout in layouts)
    remedy = f"put {file.url or file.get} into {folder / layouts[0]}, or give the folder that holds it with --data-dir"
    return MissingDataError(f"{file.name} not found there, in {folders}", where=f"{folder} ({named})", remedy=remedy)


def _download(file: PublishedFile, folder: Path, request: Request) -> Path:
    """Return where the file lies after it was downloaded, compared with its hash and written."""

    def received(size: int) -> None:
        if request.on_progress:
            request.on_progress(size, max(size, file.most), 0)

    data = fetch(file.url, file.most, received=received)
    if file.md5 and hashlib.md5(data, usedforsecurity=False).hexdigest() != file.md5:
        remedy = "try again later, or give the folder that holds it with --data-dir"
        raise MissingDataError("was downloaded, but is not the published file", where=file.name, remedy=remedy)
    path = folder / file.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(path, data)
    except OSError as cause:
        what = f"the cache cannot be written ({cause.strerror})"
        raise MissingDataError(what, where=folder, remedy="set XDG_CACHE_HOME to a folder that can be") from cause
    return path
