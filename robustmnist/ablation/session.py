"""Make the cells of a study that are missing, several at once where asked for, then its tables and its page."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from robustmnist.ablation.cell import Cell, read_cell
from robustmnist.ablation.folder import StudyFolder
from robustmnist.ablation.measure import make_cell, test_digits
from robustmnist.ablation.study import BASE, Study, recipes_of
from robustmnist.errors import InputError, RunError
from robustmnist.evaluation.fingerprint import hash_images
from robustmnist.suites import Suite, load_suites
from robustmnist.system.device import resolve_device
from robustmnist.system.files import clear_leftovers, sha256_bytes, write_atomic
from robustmnist.system.folders import holds_nothing, locked
from robustmnist.training import Recipe
from robustmnist.training.run_folder import recipe_toml

__all__ = ["ablate", "cells_of"]

Progress = Callable[[int, int], object]
Cells = dict[str, list[Cell]]


@dataclass(frozen=True)
class Job:
    """A cell to be made: plain values, so that another process can take it."""

    path: Path
    variant: str
    recipe: Recipe
    identity: Mapping[str, Any]


@dataclass(frozen=True)
class Shared:
    """What all cells have in common: suites, digits, device, and where MNIST is."""

    suites: tuple[str, ...]
    dataset: str
    limit: int
    device: str
    data_dir: Path | None


def ablate(
    study: Study,
    source: Path,
    out: Path,
    *,
    device: str = "auto",
    data_dir: Path | None = None,
    jobs: int = 1,
    on_progress: Progress | None = None,
) -> StudyFolder:
    """Train and evaluate every variant with every seed, and write what follows from it.

    A cell that is there already is not made again: an interrupted study is continued by the same call.

    Args:
        study: From `load_study`.
        source: Its file.
        out: The folder, absent, empty, or with a part of this study.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        data_dir: Where MNIST is, if not in the usual places.
        jobs: How many cells are made at once, each in a process of its own. A small network leaves most of a GPU idle.
        on_progress: Called with the cells that are there, and all.

    Raises:
        InputError: If the study, the data or the folder cannot be used.
    """
    folder = StudyFolder(out)
    shared = Shared(tuple(study.suites), study.dataset, study.limit, str(resolve_device(device)), data_dir)
    suites = _suites(shared)
    recipes = recipes_of(study, source)
    digits = test_digits(shared.dataset, shared.limit, data_dir, torch.device("cpu"))
    _claim(folder, source.read_bytes())
    with locked(out):
        clear_leftovers(out / "cells")
        todo = []
        for seed in study.seeds:  # the outer loop: what is cut short has few seeds of all variants
            for name, recipe in recipes.items():
                seeded = recipe.model_copy(update={"seed": seed})
                identity = _identity(seeded, suites, hash_images(digits), len(digits))
                if folder.cell(name, seed, identity) is None:
                    todo.append(Job(folder.cell_path(name, seed), name, seeded, identity))
        # Only now that nothing there is of another study.
        write_atomic(folder.study, source.read_bytes())
        write_atomic(out / "recipe.toml", recipe_toml(next(iter(recipes.values()))))
        total = len(recipes) * len(study.seeds)
        report = on_progress or (lambda done, total: None)
        report(total - len(todo), total)
        for done, _ in enumerate(_made(todo, shared, jobs), total - len(todo) + 1):
            report(done, total)
    return folder


def cells_of(folder: StudyFolder, study: Study) -> Cells:
    """Return the cells of a study by variant, the base first, as far as they are there, seeds in order.

    Raises:
        RunError: If a variant has no cell at all.
    """
    cells: Cells = {}
    for name in [BASE, *(variant.name for variant in study.variant)]:
        made = [read_cell(folder.cell_path(name, seed)) for seed in study.seeds]
        cells[name] = [cell for cell in made if cell is not None]
        if not cells[name]:
            raise RunError(f"has no cell of {name} yet", where=folder.path, remedy="run the study to its end")
    return cells


def _suites(shared: Shared) -> tuple[Suite, ...]:
    suites = tuple(load_suites(shared.suites))
    for suite in suites:
        if not suite.curves:
            raise InputError("has no curve to take an area of", where=suite.name, remedy="choose another suite")
    return suites


def _claim(folder: StudyFolder, text: bytes) -> None:
    """Refuse a folder that holds anything but a part of this study."""
    path = folder.path
    if path.exists() and not path.is_dir():
        raise RunError("is a file", where=path, remedy="give a folder to -o")
    if path.is_dir() and not folder.study.is_file() and not holds_nothing(path):
        raise RunError("is there already and holds no study", where=path, remedy="use another -o")
    path.mkdir(parents=True, exist_ok=True)


def _identity(recipe: Recipe, suites: Sequence[Suite], images: str, n: int) -> dict[str, Any]:
    """Return what a cell's numbers depend on, as plain values."""
    texts = "\n".join(repr(suite.as_dict()) for suite in suites)
    return {"recipe": recipe.as_dict(), "suites": sha256_bytes(texts.encode()), "test digits": f"{n} {images[:16]}"}


def _made(jobs: Sequence[Job], shared: Shared, at_once: int) -> Iterator[None]:
    """Make the cells, `at_once` of them in processes of their own where that is more than one."""
    if at_once < 2 or len(jobs) < 2:
        _prepare(shared, 0)
        for job in jobs:
            _make(job)
            yield None
        return
    threads = max(1, (os.cpu_count() or 1) // at_once)
    context = multiprocessing.get_context("spawn")  # a GPU allows no fork
    with ProcessPoolExecutor(min(at_once, len(jobs)), context, _prepare, (shared, threads)) as pool:
        futures = [pool.submit(_make, job) for job in jobs]
        try:
            for future in as_completed(futures):
                future.result()
                yield None
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_READY: dict[str, Any] = {}  # of a process: what its cells share


def _prepare(shared: Shared, threads: int) -> None:
    """Load what all cells of this process share."""
    if threads:
        torch.set_num_threads(threads)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    device = torch.device(shared.device)
    digits = test_digits(shared.dataset, shared.limit, shared.data_dir, device)
    _READY.update(suites=_suites(shared), digits=digits, device=device, data_dir=shared.data_dir)


def _make(job: Job) -> None:
    ready = _READY
    make_cell(
        job.path,
        job.variant,
        job.recipe,
        ready["suites"],
        ready["digits"],
        job.identity,
        ready["device"],
        ready["data_dir"],
    )
