"""A suite as a run's manifest holds it: what must be true of it for anything to be computed from the run."""

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from robustmnist.system.validation import Table, mistakes_in

__all__ = ["MOST_VARIANTS", "record_faults"]

MOST_VARIANTS = 10_000  # combinations of `over` and draws

Words = Annotated[list[float | str], Field(min_length=1)]


class _SweepRecord(Table):
    name: str
    title: str
    perturbation: str
    parameter: str
    unit: str
    values: Annotated[list[float], Field(min_length=1, max_length=1000)]
    neutral: float
    fixed: dict[str, float | str]
    over: dict[str, Words]
    draws: Annotated[int, Field(ge=1, le=1000)]
    along: Annotated[dict[str, list[float]], Field(default_factory=dict)]
    crossed: Annotated[dict[str, float], Field(default_factory=dict)]
    code_sha256: str = ""


class _SuiteRecord(Table):
    name: str
    title: str
    question: str
    source: str
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    sweeps: Annotated[list[_SweepRecord], Field(min_length=1)]
    sha256: str


def record_faults(table: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the record of a suite, one ``key path: what`` each; empty if nothing is.

    These are the rules of a suite's TOML file that results are computed by. The registry of perturbations is not
    asked: a run can be read although its perturbation is not registered, or has another range by now.

    Args:
        table: What `Suite.as_dict` returned, or what a file holds instead.
    """
    faults = mistakes_in(dict(table), _SuiteRecord)
    if faults:
        return faults
    names = [sweep["name"] for sweep in table["sweeps"]]
    faults += [f"sweeps.{i}.name: is the name of an earlier sweep" for i, x in enumerate(names) if x in names[:i]]
    faults += [f"sweeps.{i}.{fault}" for i, sweep in enumerate(table["sweeps"]) for fault in _sweep_faults(sweep)]
    return faults


def _sweep_faults(sweep: Mapping[str, Any]) -> Iterator[str]:
    values, over = sweep["values"], sweep["over"]
    if not _increase(values):
        yield "values: must increase"
    if sweep["neutral"] not in values:
        yield f"values: the neutral value {sweep['neutral']:g} is missing"
    for key, numbers in sweep.get("along", {}).items():
        if len(numbers) != len(values):
            yield f"along.{key}: must be a list of {len(values)} numbers, one for each value"
    for key, words in over.items():
        crossed = key in sweep.get("crossed", {})
        if not (_increase(words) if crossed else len(set(words)) == len(words)):
            yield f"over.{key}: {'must increase' if crossed else 'has an entry twice'}"
    for key in sweep.get("crossed", {}).keys() - over.keys():
        yield f"crossed.{key}: is missing in over"
    if math.prod(map(len, over.values())) * sweep["draws"] > MOST_VARIANTS:
        yield f"over: makes more than {MOST_VARIANTS} combinations"


def _increase(numbers: list[Any]) -> bool:
    return all(not isinstance(x, str) for x in numbers) and all(x < y for x, y in itertools.pairwise(numbers))
