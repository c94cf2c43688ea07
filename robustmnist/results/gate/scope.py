"""What a condition is about, as it is typed: ``clean``, ``shift``, ``shift.right``, ``shift.right@3px``."""

import math
import re
from dataclasses import dataclass

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.suites import Setting, Sweep

__all__ = ["CLEAN", "Scope", "read_scope", "strength"]

CLEAN = "clean"
# What may be typed on a keyboard for a unit that may not.
SPELLINGS = {"deg": "°", "degree": "°", "degrees": "°", "x": "×", "pixel": "px", "pixels": "px"}
NUMBER = re.compile(r"([-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*)", re.DOTALL)


@dataclass(frozen=True)
class Scope:
    """The clean images, a suite, a sweep, or one setting.

    Attributes:
        suite: Name of the suite; ``clean`` for the clean images.
        sweep: Name of the sweep; empty: all of the suite's.
        setting: One strength of the sweep; None: all of them.
        typed: The strength as it was typed.
    """

    suite: str
    sweep: str = ""
    setting: Setting | None = None
    typed: str = ""

    def __str__(self) -> str:
        sweep = f".{self.sweep}" if self.sweep else ""
        return f"{self.suite}{sweep}{f'@{self.typed}' if self.setting else ''}"


def read_scope(text: str, predictions: Predictions) -> Scope:
    """Return what `text` names in a run: ``clean``, ``SUITE``, ``SUITE.SWEEP`` or ``SUITE.SWEEP@STRENGTH``.

    Raises:
        RunError: If the run has nothing of that name.
    """
    head, at, typed = text.strip().partition("@")
    suite, _, sweep = head.partition(".")
    if suite == CLEAN:
        if sweep or at:
            raise RunError(f"'{text}': clean images have no sweep and no strength", remedy="write clean")
        return Scope(suite)
    curves = [curve.name for curve in predictions.suite(suite).curves]
    if sweep and predictions.sweep(suite, sweep).name not in curves:
        raise RunError(f"sweep '{head}' is a map, not a curve", remedy="name a sweep along one strength")
    if not at:
        return Scope(suite, sweep)
    if not sweep and len(curves) != 1:
        raise RunError(f"'{text}' names a strength of several sweeps", remedy=f"write {suite}.{curves[0]}@{typed}")
    sweep = sweep or curves[0]
    return Scope(suite, sweep, _setting(suite, predictions.sweep(suite, sweep), typed), typed)


def _setting(suite: str, sweep: Sweep, typed: str) -> Setting:
    """Return the setting of a strength that was typed.

    Raises:
        RunError: If the sweep has no such value.
    """
    wanted = strength(typed, sweep)
    for value in sweep.values:
        if math.isclose(value, wanted, rel_tol=1e-9, abs_tol=1e-12):
            return Setting(suite, sweep.name, value)
    listed = ", ".join(f"{value:g}" for value in sweep.values)
    raise RunError(f"{typed} is not a value of sweep '{suite}.{sweep.name}'", remedy=f"use one of {listed}")


def strength(text: str, sweep: Sweep) -> float:
    """Return a strength that was typed with its unit or without, ``25deg``, ``-3 px`` or ``0.7``, as a number.

    Raises:
        RunError: If it is not a finite number, or the unit is not the sweep's.
    """
    match = NUMBER.fullmatch(text.strip())
    if match is None:
        raise RunError(
            f"{text!r} is not a strength", remedy=f"write a number, with or without {sweep.unit or 'a unit'}"
        )
    number, typed = match.groups()
    unit = SPELLINGS.get(typed.strip().lower(), typed.strip())
    if unit and unit != sweep.unit:
        raise RunError(f"'{text}' is in {typed.strip()}, but sweep '{sweep.name}' is in {sweep.unit or 'no unit'}")
    return float(number.replace("−", "-"))
