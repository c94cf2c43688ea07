"""Several runs as one: checkpoints, suites or both side by side, where the runs are of the same digits and suites."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from robustmnist.errors import RunError
from robustmnist.predictions.pictures import Digits
from robustmnist.predictions.stacked import Logits, Stacked
from robustmnist.predictions.table import Predictions
from robustmnist.suites import Suite

__all__ = ["merge"]

HASH = 8  # characters of a weights' hash that tell two checkpoints of one name apart


@dataclass(frozen=True)
class _Source:
    """Where a checkpoint's answers are: which run, and its index there."""

    run: Predictions
    index: int


def merge(several: Sequence[Predictions]) -> Predictions:
    """Return runs of the same digits as one run: all their checkpoints, under all their suites.

    Checkpoints are told by the hash of their weights: one that several runs evaluated counts once, and two of one name
    are called ``name`` and ``name@`` with the first characters of the hash. Where several runs hold the same answers,
    the first counts. Logits stay where they are, in files or in memory, and are read when they are asked for (see
    `Stacked`); those of the clean images alone are copied.

    Its pictures are those of all runs. Which mistakes are shown depends on all checkpoints: of some, no run may have
    kept a picture.

    Args:
        several: At least one run. One alone is returned as it is.

    Raises:
        RunError: If the digits, or suites of one name, differ between runs, or a checkpoint has not been through a
            suite that another has been through. The message names what differs.
    """
    if not several:
        raise RunError("there is no run to merge")
    first, *others = several
    if not others:
        return first
    for other in others:
        _check_digits(first, other)
    suites, origins = _suites(several)
    checkpoints, records = _checkpoints(several)
    sources = {
        (name, suite.name): _source(several, name, sha256, suite)
        for name, sha256 in checkpoints.items()
        for suite in suites
    }
    names = tuple(checkpoints)
    clean = [_clean(several, sha256) for sha256 in checkpoints.values()]
    logits = {
        (suite.name, sweep.name): _stacked([sources[name, suite.name] for name in names], suite.name, sweep.name)
        for suite in suites
        for sweep in suite.sweeps
    }
    manifest = _manifest(several, records, suites)
    return replace(
        first,
        checkpoints=names,
        suites=suites,
        clean=np.stack([one.run.clean[one.index] for one in clean]),
        logits=logits,
        manifest=manifest,
        realised=_realised(suites, origins),
        digits=_pictures(several),
        older=tuple(run for one in several for run in (one, *one.older) if run.digits and run.digits.by_rank),
    )


def _check_digits(first: Predictions, other: Predictions) -> None:
    if len(first) != len(other):
        raise RunError(f"one run is of {len(first):,} digits, another of {len(other):,}", remedy=_SAME)
    if not np.array_equal(first.ids, other.ids) or not np.array_equal(first.labels, other.labels):
        raise RunError("the runs are of different digits: their ids or labels differ", remedy=_SAME)
    one, two = (dict(run.manifest.get("dataset", {})) for run in (first, other))
    for key in ("name", "part", "sha256"):
        if one.get(key) != two.get(key):
            told = f"'{one.get(key)}' and '{two.get(key)}'" if key != "sha256" else "the files' sha256"
            raise RunError(f"the runs are of different data: their {key} differ ({told})", remedy=_SAME)


def _suites(several: Sequence[Predictions]) -> tuple[tuple[Suite, ...], dict[str, Predictions]]:
    found: dict[str, Suite] = {}
    origins: dict[str, Predictions] = {}
    for run in several:
        for suite in run.suites:
            known = found.setdefault(suite.name, suite)
            origin = origins.setdefault(suite.name, run)
            if known.sha256 != suite.sha256 or known.as_dict() != suite.as_dict():
                raise RunError(f"suite '{suite.name}' is not the same in all runs: its file has changed", remedy=_SAME)
            one, two = _seed(origin, suite), _seed(run, suite)
            if one != two:
                raise RunError(f"suite '{suite.name}' ran with seed {one} and with seed {two}", remedy=_SAME)
    return tuple(found.values()), origins


def _seed(run: Predictions, suite: Suite) -> int:
    seeds = run.manifest.get("seed", suite.seed)
    return int(seeds.get(suite.name, suite.seed)) if isinstance(seeds, Mapping) else int(seeds)


def _checkpoints(several: Sequence[Predictions]) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Return each checkpoint's name to its weights' hash, and its record in the manifest."""
    names: dict[str, str] = {}
    records = []
    for run in several:
        for name, sha256 in zip(run.checkpoints, _hashes(run), strict=True):
            if sha256 in names.values():
                continue
            own = name if name not in names else f"{name}@{sha256[:HASH]}"
            names[own] = sha256
            records.append({**_record(run, run.checkpoints.index(name)), "name": own})
    return names, records


def _hashes(run: Predictions) -> list[str]:
    # A run without hashes is not of this project's making: the name must do.
    return [str(_record(run, index).get("sha256") or name) for index, name in enumerate(run.checkpoints)]


def _record(run: Predictions, index: int) -> dict[str, Any]:
    records = run.manifest.get("checkpoints", ())
    return dict(records[index]) if index < len(records) else {}


def _clean(several: Sequence[Predictions], sha256: str) -> _Source:
    return next(_Source(run, _hashes(run).index(sha256)) for run in several if sha256 in _hashes(run))


def _source(several: Sequence[Predictions], name: str, sha256: str, suite: Suite) -> _Source:
    for run in several:
        if sha256 in _hashes(run) and suite.name in {one.name for one in run.suites}:
            return _Source(run, _hashes(run).index(sha256))
    raise RunError(
        f"checkpoint '{name}' has not been through suite '{suite.name}', which another run has",
        remedy=f"evaluate it with --suite {suite.name} too, or leave one of the runs out",
    )


def _stacked(sources: Sequence[_Source], suite: str, sweep: str) -> Logits:
    run = sources[0].run
    if all(one.run is run for one in sources) and [one.index for one in sources] == list(range(len(run.checkpoints))):
        return run.logits[suite, sweep]
    return Stacked([one.run.logits[suite, sweep][one.index] for one in sources])


def _realised(suites: Sequence[Suite], origins: Mapping[str, Predictions]) -> Any:
    import pandas as pd

    parts = []
    for suite in suites:
        table = origins[suite.name].realised
        if table is None:
            return None
        parts.append(table[table["suite"] == suite.name])
    return pd.concat(parts, ignore_index=True)


def _pictures(several: Sequence[Predictions]) -> Digits:
    digits = Digits()
    for run in several:
        digits.add(run.digits or Digits())
    return digits


def _manifest(
    several: Sequence[Predictions], records: Sequence[dict[str, Any]], suites: Sequence[Suite]
) -> dict[str, Any]:
    tables = [run.manifest for run in several]
    seconds = [float(table.get("duration_seconds") or 0) for table in tables]  # 0: nobody knows
    passes = [int(table.get("forward_passes") or 0) for table in tables]
    seeds = {suite.name: _seed(run, suite) for run in reversed(several) for suite in run.suites}
    versions = {
        key: _told([str(dict(table.get("versions", {})).get(key, "")) for table in tables])
        for table in tables
        for key in dict(table.get("versions", {}))
    }
    kept = {key: value for key, value in tables[0].items() if key not in ("files", "sha256", "near_ties")}
    return {
        **kept,
        "robustmnist": _told([str(table.get("robustmnist", "?")) for table in tables]),
        "command": " && ".join(dict.fromkeys(filter(None, (table.get("command") for table in tables)))) or None,
        "created": max(str(table.get("created", "")) for table in tables),
        "duration_seconds": round(sum(seconds), 3) if all(seconds) else None,
        "images_per_second": round(sum(passes) / sum(seconds), 1) if all(seconds) else None,
        "forward_passes": sum(passes),
        "device": _told([str(table.get("device", "?")) for table in tables]),
        "versions": versions,
        "seed": seeds if len(set(seeds.values())) > 1 else next(iter(seeds.values())),
        "checkpoints": list(records),
        "suites": [suite.as_dict() for suite in suites],
        **_phrases(tables),
        "notices": list(dict.fromkeys(str(text) for table in tables for text in table.get("notices") or ())),
    }


def _phrases(tables: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the phrases of all runs, where any of them keeps some; the first run's count first."""
    kept = [table["phrases"] for table in tables if table.get("phrases") is not None]
    return {"phrases": {name: phrases for table in reversed(kept) for name, phrases in table.items()}} if kept else {}


def _told(texts: Sequence[str]) -> str:
    return " / ".join(dict.fromkeys(filter(None, texts)))


_SAME = "runs to be compared are made with the same --dataset, --limit, --seed and suites"
