"""Names of a recipe's augmentation, looked up: a suite, a sweep of one, a file, or a perturbation with a range."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from robustmnist.errors import InputError, SuiteError
from robustmnist.suites import Suite, Sweep, load_suite, load_suites
from robustmnist.suites.checks import faults, unknown
from robustmnist.training.augment import Perturbing

__all__ = ["Source", "named_suites", "single"]


@dataclass(frozen=True)
class Source:
    """A part of what digits may be perturbed by.

    Attributes:
        name: Of the suite or the perturbation.
        sweeps: One of which a digit gets.
        probability: That a digit gets it; None where sources compete, see `Pool.settings`.
        sha256: Of the suite's file; empty for a single perturbation.
    """

    name: str
    sweeps: tuple[Sweep, ...]
    probability: float | None = None
    sha256: str = ""


def named_suites(path: str, names: Sequence[str], codes: Sequence[str], mistakes: list[str]) -> list[Source]:
    """Return a source for each suite, or sweep of one, that `names` say; what is wrong is added to `mistakes`."""
    by_name: dict[str, Source] = {}
    for at, name in enumerate(names):
        try:
            for source in _named(name, codes):
                if by_name.setdefault(source.name, source).sha256 != source.sha256:
                    raise SuiteError("has the name of another suite of this recipe", remedy="rename the file")
        except InputError as cause:
            mistakes += [f"{path}.{at}: {line}" for line in str(cause).splitlines()]
    return list(by_name.values())


def _named(name: str, codes: Sequence[str]) -> Iterator[Source]:
    suite, dot, sweep = name.partition(".")
    if dot and not name.endswith(".toml") and "/" not in name:
        whole = load_suite(suite, code=codes)
        yield Source(name, (_sweep_of(whole, sweep),), None, whole.sha256)
        return
    for whole in load_suites([name], code=codes):
        yield Source(whole.name, whole.sweeps, None, whole.sha256)


def _sweep_of(suite: Suite, name: str) -> Sweep:
    sweeps = {sweep.name: sweep for sweep in suite.sweeps}
    if name not in sweeps:
        raise SuiteError(unknown(suite.name, "sweep", name, sweeps))
    return sweeps[name]


def single(path: str, given: Perturbing, codes: Sequence[str], mistakes: list[str]) -> Source | None:
    """Return the source that a table ``[[augment.perturbation]]`` says; what is wrong is added to `mistakes`."""
    if "." in given.name:
        return _of_sweep(path, given, codes, mistakes)
    from robustmnist.perturb import PERTURBATIONS

    entry = PERTURBATIONS.get(given.name)
    if entry is None:
        mistakes.append(f"{path}.{unknown('name', 'perturbation', given.name, (*PERTURBATIONS, 'SUITE.SWEEP'))}")
        return None
    parameter = given.parameter or next(iter(entry.parameters))
    if given.range is None:
        mistakes.append(f"{path}.range: is missing, of {parameter}; write for example range = [0, 1]")
        return None
    raw: dict[str, Any] = {"perturbation": given.name, "parameter": parameter, "values": list(given.range)}
    raw |= {"fixed": given.fixed, "over": given.over}
    wrong = [line for line in faults(raw) if not line.startswith("values: the neutral")]
    mistakes += [f"{path}.{line.replace('values', 'range', 1)}" for line in wrong]
    if wrong:
        return None
    strength = entry.parameters[parameter]
    crossed = {key: entry.parameters[key].neutral for key in given.over if key in entry.parameters}
    sweep = Sweep(
        name=given.name,
        title=given.name,
        perturbation=given.name,
        parameter=parameter,
        unit=strength.unit,
        values=given.range,
        neutral=strength.neutral,
        fixed=given.fixed,
        over={key: tuple(words) for key, words in given.over.items()},
        draws=1,
        crossed=crossed,
    )
    return Source(given.name, (sweep,), given.probability)


def _of_sweep(path: str, given: Perturbing, codes: Sequence[str], mistakes: list[str]) -> Source | None:
    """Return the source that is a sweep of a suite, with its strengths or those of ``range`` within them."""
    if given.parameter or given.fixed or given.over:
        mistakes.append(f"{path}: {given.name} says its parameter, fixed and over itself; leave them out")
        return None
    try:
        (source,) = _named(given.name, codes)
    except (InputError, ValueError) as cause:
        mistakes += [f"{path}.name: {line}" for line in str(cause).splitlines()]
        return None
    (sweep,) = source.sweeps
    low, high = given.range or (min(sweep.values), max(sweep.values))
    if low < min(sweep.values) or high > max(sweep.values):
        ends = f"{min(sweep.values):g} to {max(sweep.values):g} {sweep.unit}".strip()
        mistakes.append(f"{path}.range: {given.name} goes from {ends}")
        return None
    return Source(given.name, (_within(sweep, low, high),), given.probability, source.sha256)


def _within(sweep: Sweep, low: float, high: float) -> Sweep:
    """Return `sweep` with nothing beyond `low` and `high`."""
    inner = [value for value in sweep.values if low < value < high]
    values = tuple(dict.fromkeys([low, *inner, high]))
    variant = sweep.variants[0]
    along: Mapping[str, tuple[float, ...]] = {
        key: tuple(float(sweep.arguments(value, variant)[key]) for value in values) for key in sweep.along
    }
    return Sweep(**{**_fields(sweep), "values": values, "along": along})


def _fields(sweep: Sweep) -> dict[str, Any]:
    return {key: getattr(sweep, key) for key in sweep.__dataclass_fields__}
