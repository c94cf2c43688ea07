"""The manifest of several runs as one."""

from collections.abc import Mapping, Sequence
from typing import Any

from robustmnist.predictions.table import Predictions
from robustmnist.suites import Suite

__all__ = ["merged_manifest", "seed_of"]


def seed_of(run: Predictions, suite: Suite) -> int:
    """Return the seed that `run` ran `suite` with; a merged run may have a seed for each suite."""
    seeds = run.manifest.get("seed", suite.seed)
    return int(seeds.get(suite.name, suite.seed)) if isinstance(seeds, Mapping) else int(seeds)


def merged_manifest(
    several: Sequence[Predictions], records: Sequence[dict[str, Any]], suites: Sequence[Suite]
) -> dict[str, Any]:
    """Return what `run.json` would say of all runs together: sums, the newest date, and all versions and commands.

    Args:
        several: The runs; what cannot be added up is taken from the first.
        records: The record of each checkpoint of the merged run.
        suites: Its suites.
    """
    tables = [run.manifest for run in several]
    seconds = [float(table.get("duration_seconds") or 0) for table in tables]  # 0: not known
    passes = [int(table.get("forward_passes") or 0) for table in tables]
    seeds = {suite.name: seed_of(run, suite) for run in reversed(several) for suite in run.suites}
    versions = {
        key: _joined([str(dict(table.get("versions", {})).get(key, "")) for table in tables])
        for table in tables
        for key in dict(table.get("versions", {}))
    }
    kept = {key: value for key, value in tables[0].items() if key not in ("files", "sha256", "near_ties")}
    return {
        **kept,
        "robustmnist": _joined([str(table.get("robustmnist", "?")) for table in tables]),
        "command": " && ".join(dict.fromkeys(filter(None, (table.get("command") for table in tables)))) or None,
        "created": max(str(table.get("created", "")) for table in tables),
        "duration_seconds": round(sum(seconds), 3) if all(seconds) else None,
        "images_per_second": round(sum(passes) / sum(seconds), 1) if all(seconds) else None,
        "forward_passes": sum(passes),
        "device": _joined([str(table.get("device", "?")) for table in tables]),
        "versions": versions,
        "seed": seeds if len(set(seeds.values())) > 1 else next(iter(seeds.values())),
        "checkpoints": list(records),
        "suites": [suite.as_dict() for suite in suites],
        **_phrases(tables),
        "notices": list(dict.fromkeys(str(text) for table in tables for text in table.get("notices") or ())),
        **_trained_on(tables),
    }


def _phrases(tables: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the phrases of all runs, if any run keeps some; where runs differ, those of the first."""
    kept = [table["phrases"] for table in tables if table.get("phrases") is not None]
    return {"phrases": {name: phrases for table in reversed(kept) for name, phrases in table.items()}} if kept else {}


def _trained_on(tables: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the runs say of suites that are nothing new to a checkpoint, each sentence once."""
    kept = dict.fromkeys(str(text) for table in tables for text in table.get("trained_on") or ())
    return {"trained_on": list(kept)} if kept else {}


def _joined(texts: Sequence[str]) -> str:
    return " / ".join(dict.fromkeys(filter(None, texts)))
