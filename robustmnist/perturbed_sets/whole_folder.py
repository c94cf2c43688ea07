"""A folder that is either whole or not there: written beside its target under another name, then renamed."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from robustmnist.data.manifest import MANIFEST, Manifest, manifest_bytes, read_manifest
from robustmnist.errors import DataError, RunError
from robustmnist.system.files import sha256_file, write_atomic

__all__ = ["clear_leftovers", "is_finished", "write_folder"]

PART = ".part"


def is_finished(folder: Path, wanted: Manifest) -> bool:
    """Return whether `folder` holds what `wanted` describes, every file as its manifest says.

    Args:
        folder: Which need not exist.
        wanted: The manifest that the folder should have, but for the files.

    Raises:
        RunError: If the folder holds anything else.
    """
    elsewhere = "use another -o"
    if not folder.exists():
        return False
    if not folder.is_dir():
        raise RunError("is not a folder", where=folder, remedy=elsewhere)
    try:
        there = read_manifest(folder)
    except DataError:
        return False  # what this program wrote, damaged since: it is written anew
    if there is None and any(folder.iterdir()):
        raise RunError("is not empty and holds no data set", where=folder, remedy=elsewhere)
    if there is None:
        return False
    different = [key for key, value in _asked(wanted).items() if _asked(there)[key] != value]
    if different:
        what = ", ".join(different)
        raise RunError(f"holds another data set, different in {what}", where=folder, remedy=elsewhere)
    return bool(there.files) and all(_is_whole(folder / name, digest) for name, digest in there.files.items())


def write_folder(folder: Path, files: Mapping[str, bytes], manifest: Manifest) -> None:
    """Write `files` and their manifest as `folder`, instead of what is there.

    A kill at any moment leaves the old folder, the new folder, or none. Only the manifest is flushed to the disk:
    after a power cut the hashes in it show which file is not whole, and flushing 10,000 pictures would take longer
    than all the rest.
    """
    unfinished = folder.with_name(f".{folder.name}{PART}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        for name, content in files.items():
            (unfinished / name).write_bytes(content)
        write_atomic(unfinished / MANIFEST, manifest_bytes(manifest))
    except BaseException:  # a full disk, an interrupt
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    if folder.exists():
        shutil.rmtree(folder)
    unfinished.replace(folder)


def clear_leftovers(out: Path) -> None:
    """Remove the unfinished folders that a kill left below `out`."""
    for parent, names, _ in os.walk(out):
        for name in [name for name in names if name.startswith(".") and name.endswith(PART)]:
            names.remove(name)
            shutil.rmtree(Path(parent, name), ignore_errors=True)


def _asked(manifest: Manifest) -> dict[str, object]:
    """Return a manifest without its files and without the source and note of its data set."""
    table = manifest.as_dict()
    del table["files"]
    names = ("name", "part", "sha256", "lineage", "tensors_sha256")
    table["dataset"] = {key: table["dataset"].get(key) for key in names}
    return table


def _is_whole(path: Path, digest: str) -> bool:
    return path.is_file() and sha256_file(path) == digest
