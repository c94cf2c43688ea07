"""The files of a measurement: a row per digit, and the means with their intervals and verdicts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from robustmnist.explanation.measuring import Measured
from robustmnist.explanation.metrics.registry import MEASURES
from robustmnist.statistics.estimates import Estimate
from robustmnist.system.installation import __version__, versions

if TYPE_CHECKING:
    from robustmnist.data import Dataset
    from robustmnist.explanation.condition import Condition

__all__ = ["measure_files", "plain_estimate"]


def measure_files(
    results: Sequence[Measured], data: "Dataset", *, command: str, condition: "Condition | None", seed: int
) -> dict[str, bytes]:
    """Return the files to write, name -> content.

    ``measures.csv`` has a row per checkpoint, method or control, and digit: checkpoint, method, control, id, label,
    predicted (−1: invalid), explained, rival (−1: none), and a column per measure, empty where undefined.
    ``measures.json`` has the means with their 95 % intervals, how many digits were undefined, and the verdicts.
    """
    table = pd.concat([result.table(data) for result in results], ignore_index=True)
    record: dict[str, Any] = {
        "format": 1,
        "robustmnist": __version__,
        "command": command,
        "dataset": data.provenance.as_dict(),
        "condition": condition.as_dict() if condition else None,
        "seed": seed,
        "versions": versions("numpy", "torch"),
        "measures": {
            name: {"title": known.title, "better": known.better, "unit": known.unit, "reading": known.reading}
            for name, known in MEASURES.items()
            if name in results[0].columns
        },
        "checkpoints": [_checkpoint(result) for result in results],
    }
    return {
        "measures.csv": table.to_csv(index=False, float_format="%.6f", lineterminator="\n").encode(),
        "measures.json": (json.dumps(record, indent=2, allow_nan=False) + "\n").encode(),
    }


def _checkpoint(result: Measured) -> dict[str, Any]:
    estimates = {name: result.estimates(name) for name in MEASURES if name in result.columns}
    judged = result.verdicts() if "srg" in result.columns else []
    return {
        "checkpoint": result.checkpoint,
        "means": {
            method: {name: plain_estimate(rows[method]) for name, rows in estimates.items()} for method in result.names
        },
        "verdicts": {
            verdict.method: {
                "believed": verdict.believed,
                "sentence": verdict.sentence,
                "over": {other: plain_estimate(over) for other, over in verdict.over.items()},
            }
            for verdict in judged
        },
    }


def plain_estimate(estimate: Estimate) -> Mapping[str, float | int | None]:
    """Return an estimate as plain values for JSON, None for what is not defined."""
    return {key: value if np.isfinite(value) else None for key, value in asdict(estimate).items()}
