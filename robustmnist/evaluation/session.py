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

from robustmnist.data import Dataset
from robustmnist.errors import RunError
from robustmnist.evaluation.answers import Answer, answer_of
from robustmnist.evaluation.compute import Progress, compute
from robustmnist.evaluation.fingerprint import hash_tensor
from robustmnist.evaluation.finish import describe, finish, reopen
from robustmnist.evaluation.identity import differences, identify, recorded_identity
from robustmnist.evaluation.inputs import check_inputs
from robustmnist.evaluation.notices import notices_of
from robustmnist.evaluation.plan import plan
from robustmnist.evaluation.preflight import check_model, shown
from robustmnist.evaluation.records import parts_of, record_of
from robustmnist.evaluation.store import DiskStore, MemoryStore, Store
from robustmnist.models.checkpoints.adopted_card import AdoptedCard
from robustmnist.models.checkpoints.card import Card
from robustmnist.models.checkpoints.checkpoint import Checkpoint
from robustmnist.models.contract import Adapted
from robustmnist.predictions import Predictions, array_shapes
from robustmnist.suites import Suite
from robustmnist.suites.trained_on import perturbed_by, trained_on_words
from robustmnist.system.device import resolve_device
from robustmnist.system.files import clear_leftovers, disk_errors
from robustmnist.system.folders import locked

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

    First every model is asked three times about 256 clean digits: what cannot be evaluated is refused before anything
    is written, and its answers are a part of what the run is (`robustmnist.evaluation.identity`).

    Args:
        models: Name to checkpoint, or to any classifier of images (B, 1, 28, 28) with ink in [0, 1].
        dataset: The images.
        suites: One suite or several.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or a torch device.
        seed: Of all draws; by default each suite's own.
        out: A folder to write to (see `robustmnist.predictions`). If it holds a part of this same run, the run is
            continued and ends with the same bytes; if it holds the whole run, nothing is computed, and only a missing
            or changed ``summary.csv`` is written anew. None: keep everything in memory.
        on_progress: Called as ``on_progress(done, total, images)`` with the settings done and to do in this call, and
            the images perturbed and classified so far, once per model.
        command: The shell command that repeats the run, for the manifest.

    Raises:
        InputError: If the models, the data, the suites or the folder cannot be used; nothing was computed.
        RobustMnistError: If the disk is full or a single image does not fit into the memory.
    """
    chosen = (suites,) if isinstance(suites, Suite) else tuple(suites)
    where = resolve_device(device)
    check_inputs(models, dataset, chosen)
    digits = dataset.to(where)
    answers = {name: answer_of(name, model, where) for name, model in models.items()}
    checkpoints, notices = _asked(models, answers, digits)
    records = [record_of(name, model) for name, model in models.items()]
    shapes = array_shapes(chosen, len(models), len(dataset))
    identity = identify(dataset, checkpoints, chosen, seed, where)
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
        passes = compute(digits, list(answers.values()), chosen, seed, store, on_progress)
        seconds = time.perf_counter() - began
        met = _trained_on(models, chosen)
        manifest = describe(digits, records, chosen, seed, command, passes, seconds, notices, met)
        return finish(store.arrays(), digits, chosen, seed, manifest, out)


def _asked(
    models: Mapping[str, Checkpoint | nn.Module], answers: Mapping[str, Answer], dataset: Dataset
) -> tuple[list[dict[str, str]], list[str]]:
    """Ask every model about some clean digits; return the hashes of its parts and its answers, and the notices."""
    images, labels = shown(dataset)
    checkpoints, notices = [], []
    for name, model in models.items():
        logits = check_model(name, answers[name], images, confident=_has_confidence(model))
        checkpoints.append({**parts_of(name, model), "answers": hash_tensor(logits)})
        bare = not isinstance(model, Checkpoint)
        if isinstance(model, Checkpoint) and isinstance(model.card, AdoptedCard):
            notices += [f"{name}: {notice}" for notice in model.card.notices]
        notices += notices_of(name, answers[name], images, labels, logits, bare=bare)
    return checkpoints, notices


def _trained_on(models: Mapping[str, Checkpoint | nn.Module], suites: Sequence[Suite]) -> list[str]:
    """Return a sentence for every checkpoint whose training digits were perturbed as some of the suites do it."""
    cards = {name: model.card for name, model in models.items() if isinstance(model, Checkpoint)}
    met = {name: card.perturbed_by for name, card in cards.items() if isinstance(card, Card)}
    return list(filter(None, (trained_on_words(name, perturbed_by(*of), suites) for name, of in met.items())))


def _has_confidence(model: Checkpoint | nn.Module) -> bool:
    network = model.model if isinstance(model, Checkpoint) else model
    return network.has_confidence if isinstance(network, Adapted) else True


def _claim(folder: Path, identity: Mapping[str, Any]) -> None:
    """Make `folder` if it is missing; raise `RunError` if it holds anything but a part of this run."""
    there = recorded_identity(folder)
    if there is not None and there.get("format") != identity["format"]:
        what = f"was begun by another version of robustmnist ({there.get('robustmnist')}) and cannot be continued here"
        raise RunError(what, where=folder, remedy="use another -o; a finished run can still be read and reported")
    if there is not None and there != identity:
        what = "; ".join(differences(there, identity)) or "its format"
        raise RunError(f"holds another run, different in {what}", where=folder, remedy="use another -o")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise RunError(f"cannot be made ({cause.strerror})", where=folder, remedy="use another -o") from cause


def _numpy(tensor: Tensor) -> NDArray[np.int64]:
    return tensor.cpu().numpy().astype("<i8")
