"""The end of an evaluation: derive the other files from the logits, then write the manifest that finishes the run."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from robustmnist.data import Dataset
from robustmnist.data.form import notices
from robustmnist.errors import RunError
from robustmnist.evaluation.identity import seeds_of
from robustmnist.evaluation.pictures import make_pictures
from robustmnist.evaluation.plan import passes_per_image
from robustmnist.evaluation.realised import measure_realised
from robustmnist.predictions import Digits, Predictions, digits_bytes, manifest_bytes, read_predictions, realised_csv
from robustmnist.results import NEAR_TIE, near_ties, summarise, summary_csv
from robustmnist.results.correctness import clean_right
from robustmnist.suites import Suite
from robustmnist.system.device import describe_device
from robustmnist.system.files import disk_errors, is_file, sha256_bytes, sha256_file, utf8, write_atomic
from robustmnist.system.installation import __version__, versions

__all__ = ["describe", "finish", "reopen"]

CHANCE = 0.2  # accuracy: an answer that never changes reads up to 0.14 of a balanced data set
FEW = 30  # digits; an accuracy over fewer is too uncertain


def describe(
    dataset: Dataset,
    records: Sequence[Mapping[str, Any]],
    suites: Sequence[Suite],
    seed: int | None,
    command: str | None,
    passes: int,
    seconds: float,
    notices: Sequence[str],
    trained_on: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the manifest of a run, as far as it does not depend on its logits.

    Two equal runs differ only in ``created``, ``duration_seconds`` and ``images_per_second``. The duration is None if
    this process continued the run of another process, whose time is unknown.

    Args:
        dataset: On the device that was used.
        records: From `robustmnist.evaluation.records.record_of`, a record per checkpoint.
        suites: What was run.
        seed: As given to `robustmnist.evaluate`.
        command: The shell command that repeats the run.
        passes: Forward passes made by this process, which may have continued the run of another process.
        seconds: What they took, perturbations and writing included.
        notices: What a reader should know of the models before believing their numbers, a plain sentence each.
        trained_on: Which suites are nothing new to a model, a sentence each.
    """
    every = len(dataset) * len(records) * passes_per_image(suites)
    return {
        "format": 1,
        "robustmnist": __version__,
        "command": command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "duration_seconds": round(seconds, 3) if passes == every else None,
        "images_per_second": round(passes / seconds, 1) if passes else None,
        "forward_passes": every,
        "device": describe_device(dataset.device),
        "versions": versions("torch", "kornia", "numpy", "scipy", "pandas"),
        "seed": seeds_of(suites, seed),
        "n": len(dataset),
        "dataset": dataset.provenance.as_dict(),
        "checkpoints": list(records),
        "suites": [suite.as_dict() for suite in suites],
        "phrases": _phrases(suites),
        "notices": sorted(notices),
        **({"trained_on": list(trained_on)} if trained_on else {}),
    }


def finish(
    arrays: Mapping[str, NDArray[Any]],
    dataset: Dataset,
    suites: Sequence[Suite],
    seed: int | None,
    manifest: dict[str, Any],
    out: Path | None,
) -> Predictions:
    """Return the predictions with their pictures and realised severities; write what `out` lacks, the manifest last.

    Args:
        arrays: Name to array, all units in them.
        dataset: What was evaluated, on any device.
        suites: What was run.
        seed: As given to `robustmnist.evaluate`.
        manifest: From `describe`; completed here.
        out: The run's folder, or None.
    """
    digits = Digits()
    realised = measure_realised(suites, dataset, seed)
    predictions = Predictions(
        tuple(record["name"] for record in manifest["checkpoints"]),
        tuple(suites),
        arrays["ids"],
        arrays["labels"],
        arrays["clean"],
        {(suite.name, sweep.name): arrays[f"{suite.name}.{sweep.name}"] for suite in suites for sweep in suite.sweeps},
        manifest,
        digits,
        realised,
    )
    # What is still to be filled in is derived from the predictions themselves.
    summary = summarise(predictions)
    manifest["near_ties"] = {**near_ties(predictions, summary), "threshold": NEAR_TIE}
    manifest["notices"] = [*manifest["notices"], *_notices(predictions, dataset)]
    digits.add(make_pictures(predictions, dataset, seed))
    if out is not None:
        files = [f"predictions/{name}.npy" for name in arrays]
        files += ["digits.npz", "journal.jsonl", "realised.csv", "summary.csv"]
        with disk_errors(out):
            write_atomic(out / "realised.csv", realised_csv(realised))
            write_atomic(out / "summary.csv", summary_csv(summary))
            write_atomic(out / "digits.npz", digits_bytes(digits))
            manifest["files"] = {name: sha256_file(out / name) for name in files}
            write_atomic(out / "run.json", manifest_bytes(manifest))
    # The same manifest as after reading it from disk, so that both give the same report.
    manifest |= json.loads(manifest_bytes(manifest))
    return predictions


def _phrases(suites: Sequence[Suite]) -> dict[str, dict[str, list[str]]]:
    """Return what the strengths make the digits do, in words below and above neutral, by perturbation and strength."""
    entries = {sweep.perturbation: sweep.entry for suite in suites for sweep in suite.sweeps}
    return {
        name: {key: [strength.below or strength.above, strength.above] for key, strength in entry.parameters.items()}
        for name, entry in entries.items()
    }


def _notices(predictions: Predictions, dataset: Dataset) -> tuple[str, ...]:
    """Return what the reader must know of the data before any number: a sentence each; usually there is none."""
    if unlike := notices(dataset):
        return unlike
    best = float(clean_right(predictions).mean(1).max())
    if best > CHANCE or len(dataset) < FEW or dataset.provenance.lineage:  # perturbed digits may well be illegible
        return ()
    if predictions.manifest["notices"]:  # a model, not the data, is unlike what is expected
        return ()
    return (
        f"Every checkpoint reads the clean digits at chance level, {best:.1%} at most: "
        "are they transposed, inverted or labelled otherwise?",
    )


def reopen(out: Path) -> Predictions:
    """Return the finished run in `out`; a missing or changed summary.csv is written anew first.

    Raises:
        RunError: If any other bit of the run differs from what was written, or the summary can no longer be had.
    """
    predictions = read_predictions(out, summary=False)
    path, expected = out / "summary.csv", predictions.manifest["files"].get("summary.csv")
    with disk_errors(path):
        if is_file(path) and sha256_file(path) == expected:
            return predictions
        content = utf8(summary_csv(summarise(predictions)))
        if sha256_bytes(content) != expected:
            what = "is missing or was changed, and is not what would be written today"
            raise RunError(what, where=path, remedy="delete run.json and run the same command again with -o")
        write_atomic(path, content)
    return predictions
