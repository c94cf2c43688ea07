"""Run checkpoints through suites."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from robustmnist.checkpoints import Checkpoint
from robustmnist.data import Dataset
from robustmnist.data.seen import check_unseen
from robustmnist.device import resolve_device
from robustmnist.errors import CheckpointError, DataError, RunError, SuiteError
from robustmnist.evaluation.compute import Progress, compute
from robustmnist.evaluation.finish import describe, finish, reopen
from robustmnist.evaluation.folder import recorded_identity
from robustmnist.evaluation.identity import answer_of, differences, identify, record_of
from robustmnist.evaluation.plan import plan
from robustmnist.evaluation.store import DiskStore, MemoryStore, Store
from robustmnist.files import clear_leftovers
from robustmnist.folders import disk_errors, locked
from robustmnist.perturb import check_images
from robustmnist.predictions import Predictions, array_shapes
from robustmnist.suites import Suite, check_suites

__all__ = ["evaluate"]


@torch.no_grad()  # not inference mode: tensors that draws and grids cache would be marked by it for good
def evaluate(
    models: Mapping[str, Checkpoint | nn.Module],
    dataset: Dataset,
    suites: Suite | Sequence[Suite],
    *,
    device: torch.device | str = "auto",
    seed: int | None = None,
    out: Path | None = None,
    on_progress: Progress | None = None,
    command: str | None = None,
) -> Predictions:
    """Ask every model about every image under every setting, and return all logits.

    Each image is perturbed once per value and variant and goes through all models; every sample's random draws are the
    same for all values and all models. The numbers do not depend on how the work is cut up or in which order it is
    done. At the neutral value the logits are those of the clean images.

    Args:
        models: Name to checkpoint, or to any classifier of images (B, 1, 28, 28) with ink in [0, 1].
        dataset: The images.
        suites: One suite or several.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or a torch device.
        seed: Of all draws; by default each suite's own.
        out: A folder to write to (see `robustmnist.predictions`). If it holds a part of this very run, that goes on
            and ends with the same bytes; if it holds all of it, nothing is computed, and ``summary.csv`` alone is
            written again where it is not as it was. None: keep all in memory.
        on_progress: Called as ``on_progress(done, total, images)`` with the settings done and to do in this call, and
            the images perturbed and classified so far, once per model.
        command: How to do this again from a shell, for the manifest.

    Raises:
        InputError: If the models, the data, the suites or the folder cannot be used; nothing was computed.
        RobustMnistError: If the disk is full or a single image does not fit into the memory.
    """
    chosen = (suites,) if isinstance(suites, Suite) else tuple(suites)
    where = resolve_device(device) if isinstance(device, str) else device
    _check(models, dataset, chosen)
    records = [record_of(name, model) for name, model in models.items()]
    shapes = array_shapes(chosen, len(models), len(dataset))
    identity = identify(dataset, records, chosen, seed, where.type)
    given = {"ids": _numpy(dataset.ids), "labels": _numpy(dataset.labels)}
    with ExitStack() as stack:
        store: Store
        if out is None:
            store = MemoryStore(shapes, given)
        else:
            out = Path(out)
            _claim(out, identity)
            stack.enter_context(locked(out))
            with disk_errors(out):
                clear_leftovers(out)  # in a finished run too: a kill may have cut its report short
                clear_leftovers(out / "predictions")
            if (out / "run.json").exists():
                return reopen(out)
            store = DiskStore(out, shapes, given, identity, plan(chosen, len(dataset)))
            stack.callback(store.close)
        began = time.perf_counter()
        placed = dataset.to(where)
        answers = [answer_of(model, where) for model in models.values()]
        passes = compute(placed, answers, chosen, seed, store, on_progress)
        seconds = time.perf_counter() - began
        manifest = describe(placed, records, chosen, seed, command, passes, seconds)
        return finish(store.arrays(), placed, chosen, seed, manifest, out)


def _check(models: Mapping[str, Any], dataset: Dataset, suites: Sequence[Suite]) -> None:
    if not models:
        raise CheckpointError("no checkpoint was given", remedy="give at least one")
    check_suites(suites)
    if "clean" in [suite.name for suite in suites]:
        raise SuiteError("'clean' stands for no suite at all", remedy="rename the suite")
    check_images(dataset.images)
    if not len(dataset):
        raise DataError("holds no images", where=dataset.name)
    for name, model in models.items():
        if isinstance(model, Checkpoint):
            check_unseen(name, model.card.data, dataset)


def _claim(folder: Path, identity: Mapping[str, Any]) -> None:
    """Make `folder` if it is missing; raise `RunError` if it holds anything but a part of this run."""
    there = recorded_identity(folder)
    if there is not None and there != identity:
        what = "; ".join(differences(there, identity)) or "its format"
        raise RunError(f"holds another run, different in {what}", where=folder, remedy="use another -o")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise RunError(f"cannot be made ({cause.strerror})", where=folder, remedy="use another -o") from cause


def _numpy(tensor: Tensor) -> NDArray[np.int64]:
    return tensor.cpu().numpy().astype("<i8")
