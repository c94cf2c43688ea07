"""Several runs as one: checkpoints, suites or both side by side, where the runs are of the same digits and suites."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from robustmnist.errors import RunError
from robustmnist.predictions.merged_manifest import merged_manifest, seed_of
from robustmnist.predictions.pictures import Digits
from robustmnist.predictions.stacked import Logits, Stacked
from robustmnist.predictions.table import Predictions
from robustmnist.suites import Suite

__all__ = ["merge"]

HASH = 8  # characters of a weights' hash in the name of the second of two checkpoints with the same name


@dataclass(frozen=True)
class _Source:
    """Where a checkpoint's answers are: which run, and its index there."""

    run: Predictions
    index: int


def merge(several: Sequence[Predictions]) -> Predictions:
    """Return runs of the same digits as one run: all their checkpoints, under all their suites.

    Checkpoints are known by the hash of their weights: a checkpoint that several runs evaluated counts once, and two of
    the same name are called ``name`` and ``name@`` with the first characters of the hash. Where several runs hold the
    same answers, the first counts. Logits stay where they are, in files or in memory, and are read when they are asked
    for (see `Stacked`); those of the clean images alone are copied.

    Its pictures are those of all runs. Which mistakes are shown depends on all checkpoints, so that some may
    have a picture in no run.

    Args:
        several: At least one run. A single run is returned as it is.

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
    manifest = merged_manifest(several, records, suites)
    return replace(
        first,
        checkpoints=names,
        suites=suites,
        clean=np.stack([source.run.clean[source.index] for source in clean]),
        logits=logits,
        manifest=manifest,
        realised=_realised(suites, origins),
        digits=_pictures(several),
        older=tuple(older for run in several for older in (run, *run.older) if older.digits and older.digits.by_rank),
    )


def _check_digits(first: Predictions, other: Predictions) -> None:
    if len(first) != len(other):
        raise RunError(f"one run is of {len(first):,} digits, another of {len(other):,}", remedy=_SAME)
    if not np.array_equal(first.ids, other.ids) or not np.array_equal(first.labels, other.labels):
        raise RunError("the runs are of different digits: their ids or labels differ", remedy=_SAME)
    before, after = (dict(run.manifest.get("dataset", {})) for run in (first, other))
    for key in ("name", "part", "sha256"):
        if before.get(key) != after.get(key):
            named = f"'{before.get(key)}' and '{after.get(key)}'" if key != "sha256" else "the files' sha256"
            raise RunError(f"the runs are of different data: their {key} differ ({named})", remedy=_SAME)


def _suites(several: Sequence[Predictions]) -> tuple[tuple[Suite, ...], dict[str, Predictions]]:
    suites: dict[str, Suite] = {}
    origins: dict[str, Predictions] = {}
    for run in several:
        for suite in run.suites:
            known = suites.setdefault(suite.name, suite)
            origin = origins.setdefault(suite.name, run)
            if known.sha256 != suite.sha256 or known.as_dict() != suite.as_dict():
                raise RunError(f"suite '{suite.name}' is not the same in all runs: its file has changed", remedy=_SAME)
            first, second = seed_of(origin, suite), seed_of(run, suite)
            if first != second:
                raise RunError(f"suite '{suite.name}' ran with seed {first} and with seed {second}", remedy=_SAME)
    return tuple(suites.values()), origins


def _checkpoints(several: Sequence[Predictions]) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Return the weights' hash of each checkpoint by its name, and the checkpoints' records for the manifest."""
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
        if sha256 in _hashes(run) and suite.name in {other.name for other in run.suites}:
            return _Source(run, _hashes(run).index(sha256))
    raise RunError(
        f"checkpoint '{name}' has not been through suite '{suite.name}', which another run has",
        remedy=f"evaluate it with --suite {suite.name} too, or leave one of the runs out",
    )


def _stacked(sources: Sequence[_Source], suite: str, sweep: str) -> Logits:
    run = sources[0].run
    if all(source.run is run for source in sources) and [source.index for source in sources] == list(
        range(len(run.checkpoints))
    ):
        return run.logits[suite, sweep]
    return Stacked([source.run.logits[suite, sweep][source.index] for source in sources])


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


_SAME = "runs to be compared are made with the same --dataset, --limit, --seed and suites"
