"""Write a data set perturbed by every setting of some suites."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from robustmnist.data import Dataset
from robustmnist.data.manifest import Manifest
from robustmnist.errors import DataError, InputError, RunError
from robustmnist.perturb import check_images
from robustmnist.perturbed_sets.formats import FORMATS
from robustmnist.perturbed_sets.plan import Job, jobs_of
from robustmnist.perturbed_sets.whole_folder import clear_leftovers, is_finished, write_folder
from robustmnist.suites import Suite, check_suites, prepared
from robustmnist.system.device import resolve_device
from robustmnist.system.files import disk_errors, sha256_bytes
from robustmnist.system.folders import locked
from robustmnist.system.validation import did_you_mean

__all__ = ["Written", "write_datasets"]

Progress = Callable[[int, int, int], None]

CPU_PIECE = 1024  # images perturbed at once on a CPU, as in an evaluation; a GPU takes all
MEMORY = 256_000_000  # bytes of perturbed digits kept at once: all the values of a sweep of 10,000 digits


@dataclass(frozen=True)
class Written:
    """A perturbed data set on disk.

    Attributes:
        folder: Where it lies.
        manifest: What it is; without the files' hashes.
        fresh: Whether this call wrote it; False where it was there already, whole.
    """

    folder: Path
    manifest: Manifest
    fresh: bool


@torch.no_grad()
def write_datasets(
    dataset: Dataset,
    suites: Suite | Sequence[Suite],
    out: Path,
    *,
    format: str = "idx",
    seed: int | None = None,
    device: torch.device | str = "auto",
    on_progress: Progress | None = None,
) -> list[Written]:
    """Write `dataset` under every value of every sweep, a folder each: ``out/SUITE/SWEEP/VALUE``.

    Where a sweep has variants there is one more level, such as ``direction=up`` or ``draw=3``. A folder holds the
    digits, their labels and ``manifest.json``:

    - ``idx``: ``images-idx3-ubyte`` and ``labels-idx1-ubyte``, as MNIST has them. `robustmnist.load_dataset` reads it.
    - ``npy``: ``images.npy`` uint8 (n, 28, 28) and ``labels.npy`` uint8 (n,).
    - ``png``: ``ID_LABEL.png`` for each digit, grey, ink white; and ``labels.csv``.

    Ink is rounded to 255 levels, which leaves digits at the neutral value as they were. A folder appears whole or not
    at all; a data set that is there, whole and the same, is left as it is, so that a call that was cut short can be
    repeated.

    Args:
        dataset: The digits.
        suites: One suite or several.
        out: The folder to write to.
        format: ``idx``, ``npy`` or ``png``.
        seed: Of all draws, 0 or more; by default each suite's own. The digits are those that `robustmnist.evaluate`
            sees.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or a torch device.
        on_progress: Called as ``on_progress(done, total, images)`` with the data sets finished and to finish in this
            call, and the images perturbed.

    Returns:
        What lies in `out` now, in the order of the suites.

    Raises:
        InputError: If the data, the suites, the format or the folder cannot be used.
        RobustMnistError: If the disk is full.
    """
    chosen = (suites,) if isinstance(suites, Suite) else tuple(suites)
    where = resolve_device(device)
    out = Path(out)
    _check(dataset, chosen, format, seed)
    jobs = jobs_of(dataset, chosen, out, format, seed, where)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as cause:
        what = f"cannot be made ({getattr(cause, 'strerror', None) or cause})"
        raise RunError(what, where=out, remedy="use another -o") from cause
    with locked(out), disk_errors(out):
        clear_leftovers(out)
        there = {job.folder for job in jobs if is_finished(job.folder, job.manifest)}
        _write([job for job in jobs if job.folder not in there], dataset.to(where), on_progress)
    return [Written(job.folder, job.manifest, job.folder not in there) for job in jobs]


def _check(dataset: Dataset, suites: Sequence[Suite], format: str, seed: int | None) -> None:
    if format not in FORMATS:
        what = f"is not a format{did_you_mean(format, FORMATS)}"
        raise InputError(what, where=f"'{format}'", remedy=f"use {', '.join(FORMATS)}")
    if seed is not None and seed < 0:
        raise InputError(f"must be 0 or more, not {seed}", where="seed")
    check_suites(suites)
    for part in dataset.parts():
        check_images(part)
    if not len(dataset):
        raise DataError("holds no images", where=dataset.name)
    if len(torch.unique(dataset.ids)) < len(dataset):
        raise DataError("two images have the same id", where=dataset.name, remedy="select every image once")
    if dataset.ids.min() < 0:
        raise DataError("an id is below 0", where=dataset.name)
    if dataset.labels.min() < 0 or dataset.labels.max() > 9:
        raise DataError("a label is not 0 to 9", where=dataset.name)


def _write(jobs: Sequence[Job], dataset: Dataset, on_progress: Progress | None) -> None:
    labels, ids = dataset.labels.cpu().numpy(), dataset.ids.cpu().numpy()
    for done, (job, levels) in enumerate(_perturbed(jobs, dataset), start=1):
        files = FORMATS[job.manifest.content](levels, labels, ids)
        hashes = {name: sha256_bytes(content) for name, content in files.items()}
        write_folder(job.folder, files, job.manifest.model_copy(update={"files": hashes}))
        if on_progress is not None:
            on_progress(done, len(jobs), done * len(dataset))


def _perturbed(jobs: Sequence[Job], dataset: Dataset) -> Iterator[tuple[Job, NDArray[np.uint8]]]:
    """Yield the digits of each job as levels (n, 28, 28), doing once what the values of a variant share."""
    most = max(1, MEMORY // (len(dataset) * 28 * 28))
    for _, group in itertools.groupby(jobs, key=lambda job: job.group):
        same = list(group)
        for at in range(0, len(same), most):
            part = same[at : at + most]
            yield from zip(part, _levels(part, dataset), strict=True)


def _levels(jobs: Sequence[Job], dataset: Dataset) -> NDArray[np.uint8]:
    """Return the digits under some values of one variant, (V, n, 28, 28)."""
    n, first = len(dataset), jobs[0]
    levels = np.empty((len(jobs), n, 28, 28), np.uint8)
    step = n if dataset.device.type == "cuda" else CPU_PIECE
    for rows in (slice(start, start + step) for start in range(0, n, step)):
        images, ids = dataset.rows(rows), dataset.ids[rows]
        seed = dataset.seed(first.manifest.seed)
        perturbed = prepared(first.sweep, first.variant, images, ids=ids, seed=seed)
        for index, job in enumerate(jobs):
            ink = perturbed(job.manifest.value)
            levels[index, rows] = (ink[:, 0] * 255).round().to(torch.uint8).cpu().numpy()
    return levels
