"""Explain the mistakes that a run's report shows, and write the reasons beside the run."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.data import Dataset
from robustmnist.errors import RunError
from robustmnist.evaluation.mistake import Explained, Mistake, explain_each
from robustmnist.explanation.condition import Condition
from robustmnist.explanation.subject import subject_of
from robustmnist.explanation.way_back import CHANGES
from robustmnist.predictions import Predictions
from robustmnist.predictions.reasons import FILES, FORMATS, Question, Reasons, read_reasons
from robustmnist.results.mistakes.shown import shown_mistakes
from robustmnist.suites import Setting, Suite
from robustmnist.system.files import disk_errors, is_file, write_atomic
from robustmnist.system.installation import __version__
from robustmnist.wording.json_values import finite

if TYPE_CHECKING:
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["explain_mistakes"]

PASSES = 1 + sum(len(change.steps) for change in CHANGES)  # how often the progress of a digit is reported


def explain_mistakes(
    predictions: Predictions,
    dataset: Dataset,
    models: "Mapping[str, Checkpoint]",
    suites: Sequence[Suite],
    out: Path,
    *,
    seed: int | None = None,
    on_progress: Callable[[int, int, int], None] | None = None,
) -> None:
    """Write for every mistake that the report of a run shows what its margin was lost to, and the way back.

    Into ``mistakes.json`` and ``mistakes.npz`` in the run's folder, which `read_reasons` reads. Where they tell of all
    these mistakes already, nothing is done.

    Args:
        predictions: The run.
        dataset: Its digits, on the device to compute on.
        models: Its checkpoints by name.
        suites: Its suites, as they were run.
        out: Its folder.
        seed: As given to `robustmnist.evaluate`.
        on_progress: Called as ``on_progress(done, total, 0)``, in digits read.
    """
    hashes = {str(row["name"]): str(row["sha256"]) for row in predictions.manifest["checkpoints"]}
    wanted = {name: _wanted(predictions, name, suites, seed) for name in predictions.checkpoints}
    questions = {Question(hashes[name], mistake.done, mistake.id) for name, some in wanted.items() for mistake in some}
    known: Reasons = {}
    with suppress(RunError):  # of files that are damaged: they are written anew
        known = read_reasons(out, predictions.manifest["dataset"]) if is_file(out / FILES[0][0]) else {}
    if known and questions <= known.keys():
        return
    total, done = PASSES * sum(map(len, wanted.values())), 0

    def advance(digits: int) -> None:
        nonlocal done
        done += digits
        if on_progress is not None:
            on_progress(done, total, 0)

    parts: list[_Part] = []
    for name, some in wanted.items():
        explained = explain_each(subject_of(models[name]), dataset, some, advance)
        for condition in {mistake.done: mistake.condition for mistake in some}.values():
            done_to = Mistake.done_by(condition)
            rows = tuple(reason for mistake, reason in zip(some, explained, strict=True) if mistake.done == done_to)
            parts.append(_Part(name, hashes[name], condition, rows))
    record = {
        "format": FORMATS[-1],
        "robustmnist": __version__,
        "dataset": predictions.manifest["dataset"],
        "target": "margin",
        "explanations": [part.as_dict() for part in parts],
    }
    with disk_errors(out):  # the table last: where it is, the maps are
        write_atomic(out / FILES[0][1], _maps(parts))
        write_atomic(out / FILES[0][0], (json.dumps(finite(record), indent=1, allow_nan=False) + "\n").encode())


@dataclass(frozen=True, eq=False)
class _Part:
    """One checkpoint's mistakes under one condition."""

    checkpoint: str
    sha256: str
    condition: Condition | None
    explained: tuple[Explained, ...]

    def as_dict(self) -> dict[str, Any]:
        condition = self.condition.as_dict() if self.condition else None
        about = {"checkpoint": self.checkpoint, "sha256": self.sha256, "condition": condition}
        return about | {"samples": [each.sample for each in self.explained]}


def _wanted(predictions: Predictions, checkpoint: str, suites: Sequence[Suite], seed: int | None) -> list[Mistake]:
    """Return the mistakes of a checkpoint that the report shows, each once."""
    shown = shown_mistakes(predictions, checkpoint)
    tables = [table for table in (shown.every, shown.clean, *shown.by_suite.values()) if len(table)]
    named = {suite.name: suite for suite in suites}
    asked = {}
    for row in pd.concat(tables).to_dict("records") if tables else []:
        suite = named.get(str(row["suite"]))
        condition = None
        if suite is not None:
            sweep = next(sweep for sweep in suite.sweeps if sweep.name == row["sweep"])
            setting = Setting(suite.name, sweep.name, float(row["value"]))
            own = suite.seed if seed is None else seed
            condition = Condition(setting, sweep, sweep.variants[int(row["variant"])], own)
        mistake = Mistake(int(row["id"]), int(row["label"]), int(row["predicted"]), condition)
        asked[mistake.done, mistake.id] = mistake
    return list(asked.values())


def _maps(parts: Sequence[_Part]) -> bytes:
    """Return the change maps: ``maps`` (N, 28, 28), ``part``, the number of the explanation, ``ids``, ``method``."""
    rows = [
        (each.change, number, each.sample["id"])
        for number, part in enumerate(parts)
        for each in part.explained
        if each.change is not None
    ]
    arrays: dict[str, NDArray[Any]] = {
        "maps": np.stack([change for change, _, _ in rows]) if rows else np.zeros((0, 28, 28), np.float32),
        "part": np.array([part for _, part, _ in rows], np.int64),
        "ids": np.array([number for _, _, number in rows], np.int64),
        "method": np.array(["change"] * len(rows), np.str_),
    }
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    return content.getvalue()
