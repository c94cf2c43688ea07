"""Why digits were misread, as files beside a run say: what the margin was lost to, and the way back."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustmnist.errors import RunError
from robustmnist.suites import Sweep, Variant
from robustmnist.system.files import is_file

__all__ = ["FILES", "Question", "Reason", "Reasons", "Way", "done_to", "read_reasons"]

# What ``evaluate --explain`` writes into the folder of a run, and what ``explain -o`` writes there: a table, and maps.
FILES = (("mistakes.json", "mistakes.npz"), ("explain.json", "maps.npz"))
FORMATS = (2,)
MAX_BYTES = 500_000_000  # unpacked
SAME_DATA = ("part", "sha256", "lineage", "mended")  # entries of a data set's provenance that make it another one


class Question(NamedTuple):
    """Which answer is explained.

    Attributes:
        checkpoint: The SHA-256 of the weights.
        done: What was done to the digit, as of `done_to`; empty for a clean one.
        id: The digit's id.
    """

    checkpoint: str
    done: str
    id: int


class Way(NamedTuple):
    """The smallest change of one kind after which the digit is read right: NaN and no arguments where none is."""

    name: str
    size: float
    arguments: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Reason:
    """Why one digit is misread.

    Attributes:
        predicted: What it was read as when this was explained.
        lost: By how many logits the margin of the true class over that one fell; NaN where that is not known.
        parts: The same, part by part of the digit.
        change: Each pixel's share of it, float32 (28, 28); None where the digit is clean.
        back: The ways back.
    """

    predicted: int
    lost: float
    parts: Mapping[str, float]
    change: NDArray[np.float32] | None
    back: tuple[Way, ...]


Reasons = Mapping[Question, Reason]
Changes = Mapping[tuple[int, int], NDArray[np.float32]]  # by explanation and digit


def done_to(sweep: Sweep, variant: Variant, value: float, seed: int) -> str:
    """Return what a sweep does to a digit at a value, as a text that is equal where the same is done."""
    return _done(sweep.perturbation, sweep.code_sha256, sweep.arguments(value, variant), variant.draw, seed)


def read_reasons(folder: Path, dataset: Mapping[str, Any]) -> dict[Question, Reason]:
    """Return what the files in a run's folder say about mistakes; empty where there are none.

    Explanations of other digits than those of the run say nothing about it and are left out.

    Args:
        folder: Where the run is, or where its report is written.
        dataset: The provenance of the run's digits, from its manifest.

    Raises:
        RunError: If such a file is damaged.
    """
    reasons: dict[Question, Reason] = {}
    for table, maps in reversed(FILES):  # those of the run itself count where both have the same digit
        path = folder / table
        if not is_file(path, RunError):
            continue
        try:
            record = json.loads(_bytes(path))
            if record["format"] in FORMATS and _same_data(record["dataset"], dataset) and record["target"] == "margin":
                reasons |= _reasons(record, _changes(folder / maps, record))
        except RunError:
            raise
        # json, zipfile and numpy raise half a dozen exception types on damaged input: each means a damaged file.
        except Exception as cause:
            what = f"is not an explanation that can be read ({type(cause).__name__})"
            raise RunError(what, where=path, remedy="explain again, or remove it") from cause
    return reasons


def _same_data(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    return all((first.get(key) or None) == (second.get(key) or None) for key in SAME_DATA)


def _done(perturbation: str, code: str, arguments: Mapping[str, Any], draw: int, seed: int) -> str:
    plain = {key: float(value) if isinstance(value, int | float) else str(value) for key, value in arguments.items()}
    return json.dumps([str(perturbation), code, plain, int(draw), int(seed)], sort_keys=True)


def _condition(record: Mapping[str, Any] | None) -> str:
    if record is None:
        return ""
    arguments = {**record["fixed"], record["parameter"]: record["value"]}
    return _done(record["perturbation"], record.get("code_sha256", ""), arguments, record["draw"], record["seed"])


def _reasons(
    record: Mapping[str, Any], changes: Mapping[tuple[int, int], NDArray[np.float32]]
) -> dict[Question, Reason]:
    reasons = {}
    for number, each in enumerate(record["explanations"]):
        condition = each["condition"] if "condition" in each else record["condition"]
        for sample in each["samples"]:
            view = sample["perturbed" if condition else "clean"]
            if view["predicted"] is None or view["predicted"] == sample["label"]:
                continue
            lost = sum(float(part["logits"]) for part in sample["lost"]) if sample["lost"] else np.nan
            key = Question(str(each["sha256"]), _condition(condition), int(sample["id"]))
            reasons[key] = Reason(
                int(view["predicted"]),
                float(lost),
                {str(name): float(share) for name, share in sample["lost_by_part"].items()},
                changes.get((number, key.id)),
                tuple(_way(way) for way in sample["way_back"]),
            )
    return reasons


def _way(record: Mapping[str, Any]) -> Way:
    size = np.nan if record["size"] is None else float(record["size"])
    return Way(str(record["change"]), size, {str(key): float(value) for key, value in record["arguments"].items()})


def _changes(path: Path, record: Mapping[str, Any]) -> dict[tuple[int, int], NDArray[np.float32]]:
    """Return the change maps by the number of the explanation and the digit's id."""
    arrays = _arrays(path)
    maps = arrays["maps"]
    if maps.dtype != np.float32 or maps.shape[1:] != (28, 28) or not np.isfinite(maps).all():
        raise ValueError("no maps")
    if "part" in arrays:
        parts: Sequence[int] = arrays["part"].tolist()
    else:
        names = {each["checkpoint"]: number for number, each in enumerate(record["explanations"])}
        parts = [names[name] for name in arrays["checkpoint"].tolist()]
    rows = zip(parts, arrays["ids"].tolist(), arrays["method"].tolist(), maps, strict=True)
    return {(part, int(number)): values for part, number, method, values in rows if method == "change"}


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(io.BytesIO(_bytes(path))) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
            raise RunError(f"is larger than {MAX_BYTES:,} bytes", where=path)
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RunError(f"is larger than {MAX_BYTES:,} bytes", where=path)
        return path.read_bytes()
    except OSError as cause:
        remedy = "explain again, or remove the files beside it"
        raise RunError(f"cannot be read ({cause.strerror})", where=path, remedy=remedy) from cause
