"""A cell of a study: one variant trained with one seed, and what is kept of its evaluation."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustmnist.errors import RunError
from robustmnist.system.files import sha256_bytes, write_atomic
from robustmnist.system.sealed_json import BrokenSealError, Seal

__all__ = ["Cell", "read_cell", "write_cell"]

SEAL = Seal("sha256")
LEVELS = 255  # of a digit's area: rounding moves no mean by more than 2e-5 over 10,000 digits


@dataclass(frozen=True)
class Cell:
    """What one training of a study yielded.

    Attributes:
        facts: Plain values: ``variant``, ``seed``, ``identity`` (what the numbers depend on), ``n``, ``parameters``,
            ``seconds``, ``device``, ``validation_accuracy``, ``accuracy``, ``nll``, ``ece``, ``ece_perturbed`` (mean
            over all settings), ``areas`` (suite to area), ``sweeps`` (values and accuracy of each), ``critical``.
        right: Which clean digits are read right, bool (n,).
        areas: Suite to the area under each digit's own curves, 0 to 1, float64 (n,), in steps of 1/255.
        influences: How each digit moves each of the critical strengths away from neutral, in the order of
            ``critical``, float64 (strengths, n); no rows in cells that were made before they were kept.
    """

    facts: Mapping[str, Any]
    right: NDArray[np.bool_]
    areas: Mapping[str, NDArray[np.float64]]
    influences: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))


def write_cell(path: Path, cell: Cell) -> None:
    """Write a cell to `path` with the endings .json and .npz, the former last: where it is, the cell is whole."""
    suites = list(cell.areas)
    levels = np.stack([np.rint(cell.areas[suite] * LEVELS) for suite in suites]).astype(np.uint8)
    file = io.BytesIO()
    np.savez_compressed(
        file, right=np.packbits(cell.right), areas=levels, influences=cell.influences.astype(np.float32)
    )
    arrays = file.getvalue()
    write_atomic(_arrays(path), arrays)
    facts = dict(cell.facts) | {"suites": suites, "arrays_sha256": sha256_bytes(arrays)}
    write_atomic(_json(path), SEAL.write(json.loads(json.dumps(facts, allow_nan=False))))


def read_cell(path: Path) -> Cell | None:
    """Return the cell at `path`; None where it is not there.

    Raises:
        RunError: If it was changed or is damaged.
    """
    remedy = "delete it and run the same command again"
    if not _json(path).is_file():
        return None
    try:
        facts = SEAL.read(_json(path).read_bytes())
        data = _arrays(path).read_bytes()
        if sha256_bytes(data) != facts["arrays_sha256"]:
            raise ValueError("its hash does not match")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            right, levels = arrays["right"], arrays["areas"]
            influences = arrays.get("influences", np.zeros((0, 0))).astype(np.float64)
        n = int(facts["n"])
        areas = {suite: levels[at].astype(np.float64) / LEVELS for at, suite in enumerate(facts["suites"])}
        return Cell(facts, np.unpackbits(right, count=n).astype(bool), areas, influences)
    except (OSError, ValueError, KeyError, IndexError, TypeError, BrokenSealError) as cause:
        raise RunError(f"cannot be read ({cause})", where=path, remedy=remedy) from cause


def _json(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _arrays(path: Path) -> Path:
    return path.with_name(f"{path.name}.npz")
