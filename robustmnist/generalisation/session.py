"""Every checkpoint on every data set, and how much of each loss is where the ink lies, its size, slant and width."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.data import Dataset
from robustmnist.errors import InputError
from robustmnist.generalisation.explained import MATCHED, explained_rows, measured
from robustmnist.generalisation.matching import MATCHES
from robustmnist.generalisation.progress import Progress, Steps
from robustmnist.generalisation.samples import samples
from robustmnist.generalisation.scores import RESAMPLES
from robustmnist.generalisation.sets import TestSet, looked_at, record, test_set
from robustmnist.generalisation.store import Store
from robustmnist.generalisation.tables import (
    accuracy_table,
    confusion_table,
    detection_table,
    factor_table,
    shift_table,
)
from robustmnist.system.device import describe_device
from robustmnist.system.folders import locked
from robustmnist.system.installation import __version__, versions

if TYPE_CHECKING:
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["Generalisation", "generalise"]


@dataclass(frozen=True, eq=False)
class Generalisation:
    """What was found.

    Attributes:
        checkpoints: Their names.
        homes: Checkpoint -> the set that it is compared with: the one that it was trained on, or else the first.
        sets: Each set as plain values: provenance, how many groups, whether it shows digits.
        samples: Set -> uint8 ``(10, 12, 28, 28)``: some digits of each class; of other images ``(1, 12, 28, 28)``.
        tables: Name -> table: ``accuracy``, ``detection``, ``shift``, ``explained``, ``factors``, ``confusion``.
        manifest: What was done: command, seed, device, versions, the checkpoints' hashes.
    """

    checkpoints: tuple[str, ...]
    homes: Mapping[str, str]
    sets: tuple[Mapping[str, Any], ...]
    samples: Mapping[str, NDArray[np.uint8]]
    tables: Mapping[str, pd.DataFrame]
    manifest: Mapping[str, Any]


def generalise(
    checkpoints: "Mapping[str, Checkpoint]",
    sets: Sequence[TestSet | Dataset],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    out: Path | None = None,
    command: str = "",
    on_progress: Progress | None = None,
    fix: bool = False,
    check: bool = True,
) -> Generalisation:
    """Return how checkpoints do on data sets.

    Args:
        checkpoints: By name.
        sets: At least one, from `load_dataset` or `load_sets`; intervals are of groups where a set has them. Those of
            `load_dataset` are looked at first.
        seed: Of the resamples.
        resamples: Of every bootstrap.
        out: A folder that keeps the logits, so that a call that was interrupted goes on; None: none.
        command: The shell command that does it again.
        on_progress: Called with the steps done, the steps in all, and the images answered.
        fix: Whether to put digits of `load_dataset` right that look wrong.
        check: Whether to look at them; digits that are meant to look wrong are left as they are by ``check=False``.

    Raises:
        InputError: If there is no checkpoint or no set.
        DataError: If digits look wrong beyond doubt and are not to be put right.
        RunError: If another process is writing to `out`.
    """
    if not checkpoints or not sets:
        raise InputError("nothing is left to compare", remedy="give a checkpoint and a data set")
    named = [
        each if isinstance(each, TestSet) else test_set(each.name, looked_at(each, fix=fix) if check else each)
        for each in sets
    ]
    if out is None:
        return _generalise(checkpoints, named, seed, resamples, Store(None), command, on_progress)
    out.mkdir(parents=True, exist_ok=True)
    with locked(out):
        return _generalise(checkpoints, named, seed, resamples, Store(out), command, on_progress)


def _generalise(
    checkpoints: "Mapping[str, Checkpoint]",
    sets: Sequence[TestSet],
    seed: int,
    resamples: int,
    store: Store,
    command: str,
    on_progress: Progress | None,
) -> Generalisation:
    by_name = {each.name: each for each in sets}
    homes = {name: _home(checkpoint.card.data, sets) for name, checkpoint in checkpoints.items()}
    steps = Steps(len(checkpoints) * len(sets) * (2 + len(MATCHES)), on_progress)
    logits: dict[tuple[str, str], NDArray[np.float32]] = {}
    for each in sets:
        for name, checkpoint in checkpoints.items():
            logits[name, each.name] = store.logits(checkpoint, each.data, "", lambda data=each.data: data.images)  # type: ignore[misc]
            steps.done(len(each.data))
    read_off = {each.name: measured(each) for each in sets}
    explained = list(explained_rows(checkpoints, by_name, homes, read_off, logits, store, steps, seed, resamples))
    names = tuple(checkpoints)
    tables = {
        "accuracy": accuracy_table(checkpoints, sets, logits, seed, resamples),
        "detection": detection_table(by_name, homes, logits, seed, resamples),
        "shift": shift_table({name: readings for name, (_, readings) in read_off.items()}),
        "explained": pd.DataFrame(explained),
        "factors": factor_table(names, sets, logits, seed, resamples),
        "confusion": confusion_table(names, sets, logits),
    }
    device = next(iter(sets)).data.device
    manifest = {
        "robustmnist": __version__,
        "command": command,
        "seed": seed,
        "resamples": resamples,
        "matched": MATCHED,
        "device": describe_device(device),
        "versions": versions("torch", "numpy", "scipy", "pandas", "matplotlib"),
        "checkpoints": {
            name: {
                "sha256": checkpoint.card.sha256,
                "trained on": checkpoint.card.data.get("name", ""),
                "home": homes[name],
            }
            for name, checkpoint in checkpoints.items()
        },
    }
    pictures = {each.name: samples(each.data) for each in sets}
    return Generalisation(names, homes, tuple(map(record, sets)), pictures, tables, manifest)


def _home(data: Mapping[str, Any], sets: Sequence[TestSet]) -> str:
    """Return the set that a checkpoint with this record of its training is at home in: of its source, or the first."""
    digits = [each.name for each in sets if each.is_digits] or [sets[0].name]
    source = str(data.get("name", "")).partition(":")[0]
    return next((name for name in digits if name.partition(":")[0] == source), digits[0])
