"""The record of `reports.explanations`, read: its pieces by name, and its numbers as text."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from robustmnist.explanation.methods.registry import METHODS
from robustmnist.explanation.metrics.candidate import CONTROLS, TITLES
from robustmnist.explanation.verdict import short
from robustmnist.wording.numbers import NBSP

__all__ = [
    *("Record", "believed", "followed", "gain", "mean_text", "median", "number", "of_methods", "ordered", "pieces"),
    *("score", "setting", "title"),
]

Record = Mapping[str, Any]
NAN = float("nan")
SUITES = {"noise": "noise, sd {}", "rotation": "turned {}°"}


def pieces(record: Record, kind: str) -> Iterator[tuple[str, Record]]:
    """Yield the pieces of one kind, ``verdicts``, ``planted``, ``curves`` or ``measures``: what each is of, and it.

    >>> dict(pieces({"versions": {}, "curves-noise": {"n": 10}}, "curves"))
    {'noise': {'n': 10}}
    """
    for name, piece in record.items():
        if name.startswith(f"{kind}-"):
            yield name.removeprefix(f"{kind}-"), piece


def followed(record: Record) -> Iterator[Record]:
    """Yield what was followed over a sweep, a sweep at a time."""
    for _, piece in pieces(record, "curves"):
        yield piece


def believed(over: Record) -> bool:
    """Return whether a method's paired interval over the image itself lies above 0."""
    return bool(number(over["image"]["low"]) > 0)


def ordered(names: Iterable[str]) -> list[str]:
    """Return the names once each, controls last."""
    return sorted(dict.fromkeys(names), key=lambda name: name in CONTROLS)


def of_methods(piece: Record) -> dict[str, float]:
    """Return the means of the methods, without controls and what has none."""
    return {
        name: estimate["mean"]
        for name, estimate in piece.items()
        if name not in CONTROLS and estimate["mean"] is not None
    }


def number(value: float | None) -> float:
    """Return a number of the record; NaN for null."""
    return NAN if value is None else float(value)


def median(values: list[float | None]) -> tuple[float, float, float]:
    """Return a median and the ends of its interval."""
    middle, low, high = (number(value) for value in values)
    return middle, low, high


def gain(piece: Record) -> str:
    """Return a difference: ``+.094 (+.043 to +.145)``."""
    mean, low, high = (number(piece[key]) for key in ("mean", "low", "high"))
    return f"{short(mean, True)} ({short(low, True)} to {short(high, True)})"


def score(piece: Record | None, *, count_undefined: bool = True) -> str:
    """Return a mean with its interval and, if asked, how many digits have no value."""
    if piece is None or piece["n"] == 0:
        return "–"
    mean, low, high = (number(piece[key]) for key in ("mean", "low", "high"))
    undefined = f", {piece['undefined']} undefined" if piece["undefined"] and count_undefined else ""
    return f"{short(mean)} ({short(low)} to {short(high)}{undefined})"


def mean_text(piece: Record) -> str:
    """Return a mean and how many digits have no value."""
    missing = f" ({piece['undefined']} undefined)" if piece["undefined"] and piece["n"] else ""
    return f"{short(number(piece['mean']))}{missing}"


def setting(key: str) -> str:
    """Return how planted digits were perturbed, in words.

    >>> setting("clean")
    'as planted'
    """
    suite, _, value = key.partition(" ")
    return SUITES[suite].format(value).replace(" ", NBSP, 1) if suite in SUITES else "as planted"


def title(method: str) -> str:
    """Return the name of a method or control in a table."""
    return TITLES[method].lower() if method in TITLES else METHODS[method].title
