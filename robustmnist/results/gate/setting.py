"""Places in a run as they are typed: ``clean``, ``shift``, ``shift.right``, ``shift.right@3px``."""

import math
import re
from dataclasses import dataclass

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.suites import Sweep

__all__ = ["CLEAN", "Place", "read_place", "strength"]

CLEAN = "clean"
# What may be typed on a keyboard for a unit that may not.
SPELLINGS = {"deg": "°", "degree": "°", "degrees": "°", "x": "×", "pixel": "px", "pixels": "px"}
NUMBER = re.compile(r"([-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*)", re.DOTALL)


@dataclass(frozen=True)
class Place:
    """The clean images (suite ``clean``), a suite, a sweep (empty: all of the suite's), or a strength as typed."""

    suite: str
    sweep: str = ""
    value: str | None = None

    def __str__(self) -> str:
        sweep = f".{self.sweep}" if self.sweep else ""
        return f"{self.suite}{sweep}{'' if self.value is None else f'@{self.value}'}"

    def known(self, sweep: Sweep) -> float:
        """Return the value of `sweep` that was typed.

        Raises:
            RunError: If it has no such value, or none was typed.
        """
        wanted = strength(self.value or "", sweep)
        for value in sweep.values:
            if math.isclose(value, wanted, rel_tol=1e-9, abs_tol=1e-12):
                return value
        listed = ", ".join(f"{value:g}" for value in sweep.values)
        raise RunError(f"{self.value} is no value of sweep '{self.suite}.{sweep.name}'", remedy=f"use one of {listed}")


def read_place(text: str, predictions: Predictions) -> Place:
    """Return the place in a run that `text` names: ``clean``, ``SUITE``, ``SUITE.SWEEP`` or ``SUITE.SWEEP@STRENGTH``.

    Raises:
        RunError: If the run has no such place.
    """
    head, at, value = text.strip().partition("@")
    suite, _, sweep = head.partition(".")
    place = Place(suite, sweep, value if at else None)
    if suite == CLEAN:
        if sweep or at:
            raise RunError(f"'{text}': clean images have no sweep and no strength", remedy="write clean")
        return place
    curves = [one.name for one in predictions.suite(suite).curves]
    if sweep and predictions.sweep(suite, sweep).name not in curves:
        raise RunError(f"sweep '{head}' is a map, not a curve", remedy="name a sweep along one strength")
    if not sweep and at:
        if len(curves) != 1:
            raise RunError(f"'{text}' names a strength of several sweeps", remedy=f"write {suite}.{curves[0]}@{value}")
        place = Place(suite, curves[0], value)
    if place.value is not None:
        place.known(predictions.sweep(suite, place.sweep))
    return place


def strength(text: str, sweep: Sweep) -> float:
    """Return a strength that was typed with its unit or without, ``25deg``, ``-3 px`` or ``0.7``, as a number.

    Raises:
        RunError: If it is no finite number, or the unit is not the sweep's.
    """
    found = NUMBER.fullmatch(text.strip())
    if found is None:
        raise RunError(f"{text!r} is no strength", remedy=f"write a number, with or without {sweep.unit or 'a unit'}")
    number, typed = found.groups()
    unit = SPELLINGS.get(typed.strip().lower(), typed.strip())
    if unit and unit != sweep.unit:
        raise RunError(f"'{text}' is in {typed.strip()}, but sweep '{sweep.name}' is in {sweep.unit or 'no unit'}")
    return float(number.replace("−", "-"))
