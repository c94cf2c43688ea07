"""Predictions on disk: what the files are called, what is in them, and how they are checked on the way in."""

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from robustmnist.errors import InputError, RunError
from robustmnist.predictions.manifest import Manifest
from robustmnist.predictions.pictures import read_digits
from robustmnist.predictions.realised import read_realised
from robustmnist.predictions.table import Predictions
from robustmnist.suites import Suite, check_names, check_suites
from robustmnist.system.files import exists, is_file, sha256_file
from robustmnist.system.sealed_json import BrokenSealError, Seal
from robustmnist.system.validation import mistakes_in

__all__ = ["array_shapes", "manifest_bytes", "npy_header", "read_manifest", "read_predictions"]

CLASSES = 10
SEAL = Seal("sha256")
MAX_MANIFEST = 20_000_000  # bytes; one of the six shipped suites takes some 50 kB


def read_predictions(folder: Path, *, summary: bool = True) -> Predictions:
    """Read the finished run in `folder`; the big arrays are memory-mapped, read-only.

    Args:
        folder: The run's folder. ``summary.csv`` and ``journal.jsonl``, which nothing is read from, may be missing.
        summary: Whether ``summary.csv`` is checked too; False for a caller that will write it anew.

    Raises:
        RunError: If the folder holds no finished run, or any bit of it differs from what was written.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    path = folder / "run.json"
    try:
        suites = tuple(Suite.from_dict(table) for table in manifest["suites"])
        check_suites(suites)
        checkpoints = tuple(str(row["name"]) for row in manifest["checkpoints"])
        n, hashes = int(manifest["n"]), dict(manifest["files"])
        digits, realised = hashes["digits.npz"], hashes.get("realised.csv")  # the latter came with version 0.2
        shapes = array_shapes(suites, len(checkpoints), n)
    except (InputError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as cause:
        raise RunError(f"is not the manifest of a run ({cause})", where=path) from cause
    _check_unread(folder / "journal.jsonl", hashes, _REDO)
    if summary:
        _check_unread(folder / "summary.csv", hashes, "run the same command again with -o to write it anew")
    arrays = {}
    for name, (dtype, shape) in shapes.items():
        relative = f"predictions/{name}.npy"
        arrays[name] = _read_array(folder / relative, dtype, shape, hashes.get(relative))
    return Predictions(
        checkpoints,
        suites,
        arrays["ids"],
        arrays["labels"],
        arrays["clean"],
        {(s.name, sweep.name): arrays[f"{s.name}.{sweep.name}"] for s in suites for sweep in s.sweeps},
        manifest,
        read_digits(folder / "digits.npz", digits),
        None if realised is None else read_realised(folder / "realised.csv", realised, suites),
    )


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of the finished run in `folder`, checked against the hash that it carries.

    Raises:
        RunError: If there is none, or it is not as it was written.
    """
    path = folder / "run.json"
    if not exists(path, RunError):
        if is_file(folder / "journal.jsonl", RunError):
            raise RunError(
                "is not finished", where=folder, remedy=f"run the command again with -o {folder} to finish it"
            )
        raise RunError("holds no run", where=folder, remedy="give a folder that 'robustmnist evaluate' wrote")
    if not is_file(path, RunError):
        raise RunError("is not a file", where=path, remedy="remove it and run the same command again with -o")
    try:
        if path.stat().st_size > MAX_MANIFEST:
            raise RunError(f"is larger than {MAX_MANIFEST:,} bytes", where=path)
        text = path.read_bytes()
        manifest = SEAL.read(text)
        if SEAL.write(manifest) != text:
            raise BrokenSealError(manifest)
    except OSError as cause:
        raise RunError(f"cannot be read ({cause.strerror})", where=path) from cause
    except (ValueError, RecursionError) as cause:
        raise RunError(f"is not JSON ({cause})", where=path, remedy=_REDO) from cause
    except BrokenSealError as cause:
        what = "was changed after it was written: its sha256 does not match"
        raise RunError(what, where=path, remedy=_REDO) from cause
    if manifest.get("format") != 1:
        what = f"has format {manifest.get('format')!r}, of which this version of robustmnist knows nothing"
        raise RunError(what, where=path, remedy="use the version that wrote it, or evaluate again with another -o")
    mistakes = mistakes_in(manifest, Manifest)
    if mistakes:
        raise RunError(f"is not the manifest of a run ({mistakes[0]})", where=path)
    return manifest


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """Return the manifest as it lies on disk: indented JSON whose last key is the SHA-256 of all the others."""
    return SEAL.write(manifest)


def array_shapes(suites: Sequence[Suite], checkpoints: int, n: int) -> dict[str, tuple[np.dtype[Any], tuple[int, ...]]]:
    """Return the name, dtype and shape of every array of a run, in the order in which they are written.

    Raises:
        SuiteError: If the name of a suite or a sweep cannot be part of a file's name.
    """
    number, real = np.dtype("<i8"), np.dtype("<f4")
    check_names(suites)
    shapes: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {
        "ids": (number, (n,)),
        "labels": (number, (n,)),
        "clean": (real, (checkpoints, n, CLASSES)),
    }
    for suite in suites:
        for sweep in suite.sweeps:
            shape = (checkpoints, len(sweep.values), len(sweep.variants), n, CLASSES)
            shapes[f"{suite.name}.{sweep.name}"] = (real, shape)
    return shapes


def npy_header(dtype: DTypeLike, shape: tuple[int, ...]) -> bytes:
    """Return the bytes that stand before the numbers in a ``.npy`` file of `dtype` and `shape`, C order."""
    buffer = io.BytesIO()
    descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
    np.lib.format.write_array_header_1_0(buffer, {"descr": descr, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


_REDO = "delete run.json and run the same command again with -o to compute anew what is damaged"


def _check_unread(path: Path, hashes: Mapping[str, Any], remedy: str) -> None:
    """Raise `RunError` if a file of the run that nothing is read from is there and was changed."""
    try:
        changed = exists(path, RunError) and path.name in hashes and sha256_file(path) != hashes[path.name]
    except OSError as cause:
        raise RunError(f"cannot be read ({cause.strerror})", where=path, remedy=remedy) from cause
    if changed:
        raise RunError("was changed after it was written: its sha256 does not match", where=path, remedy=remedy)


def _read_array(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...], sha256: str | None) -> NDArray[Any]:
    # The manifest says what the header must be, so it is compared and never parsed.
    try:
        header = npy_header(dtype, shape)
        if path.stat().st_size != len(header) + math.prod(shape) * dtype.itemsize:
            raise RunError("does not have the size that its manifest asks for", where=path, remedy=_REDO)
        with path.open("rb") as file:
            whole = file.read(len(header)) == header
        if not whole or sha256_file(path) != sha256:
            raise RunError("was changed after it was written: its sha256 does not match", where=path, remedy=_REDO)
        mapped: NDArray[Any] = np.memmap(path, dtype, mode="r", offset=len(header), shape=shape)
    except (OSError, ValueError, OverflowError) as cause:
        what = f"cannot be read ({getattr(cause, 'strerror', None) or cause})"
        raise RunError(what, where=path, remedy=_REDO) from cause
    return mapped
