"""Sentences written from the numbers, by rules: the answers in the head, and strengths in words.

Every claim in them is a comparison of numbers of the run; nothing is said that no rule derives.
"""

import re
from collections.abc import Sequence

from robustmnist.report.marks import Clean, Fall, Tolerance
from robustmnist.report.study import Study, SuiteStudy, SweepStudy
from robustmnist.report.text import MINUS, NBSP, count, decimals, interval, listing, percent, plain, shorten, strength

__all__ = [
    "NAME",
    "TITLE",
    "answer",
    "at",
    "axis_text",
    "between",
    "fall_text",
    "focus_text",
    "heading",
    "named",
    "phrase",
    "reach_text",
    "weakest",
]

NAME = 40  # letters of a checkpoint's name in running text
TITLE = 80  # letters of a title
MOST = 3  # suites that the answer names
DIGITS = 3  # decimals of a critical strength at most
POOR = 0.5  # who reads fewer of the clean digits is no reader

# What happens to the digits, below and above the neutral strength; {s} is the strength in its unit, {a} its magnitude.
_PHRASES = {
    "shift": ("move {a}", "move {a}"),
    "shift-towards": ("move {a}", "move {a}"),
    "scale": ("shrink to {s}", "grow to {s}"),
    "rotation": ("turn {a} clockwise", "turn {a} counter-clockwise"),
    "shear": ("are sheared by {a}", "are sheared by {a}"),
    "thickness": ("lose {a} of stroke", "gain {a} of stroke"),
    "decentering": ("drift by {a} of their free margin", "drift by {a} of their free margin"),
    "gaussian-noise": ("carry Gaussian noise of {a}", "carry Gaussian noise of {a}"),
    "salt-and-pepper": ("have pixels replaced with probability {a}", "have pixels replaced with probability {a}"),
    "speckle": ("carry speckle of {a}", "carry speckle of {a}"),
    "uniform-noise": ("carry uniform noise of ±{a}", "carry uniform noise of ±{a}"),
    "shot-noise": ("carry shot noise of {a}", "carry shot noise of {a}"),
}
# Perturbations whose phrase names the sweep: where a suite has several, the others need the sweep's name after it.
_OWN_NAME = set(_PHRASES) - {"shift", "shift-towards", "scale", "shear"}


def answer(study: Study, clean: Clean) -> str:
    """Say in one sentence how far one checkpoint can be trusted, without its name at the start.

    It names the first three suites, in the order of the run, that take a tenth of the checkpoint's clean accuracy, each
    with the sweep that does so after the smallest share of its range; then how many others do, and those that never do.
    """
    accuracy = f"{percent(clean.accuracy)} ({interval(clean.low, clean.high)})"
    opening = f"reads {accuracy} of {count(len(study.predictions))} clean digits"
    if clean.accuracy < POOR:
        return f"{opening}: too few to ask how far it can be trusted."
    if not study.suites:
        return f"{opening}."
    found = [(suite, weakest(suite, clean.index)) for suite in study.suites]
    broken = [(suite, *place) for suite, place in found if place is not None]
    held = [f"“{shorten(suite.suite.title, TITLE)}”" for suite, place in found if place is None]
    if not broken:
        return f"{opening} and never loses a tenth of that, in any sweep."
    told = [
        phrase(sweep, value, among=len(suite.sweeps)) + _beside(sweep, clean.index, value)
        for suite, sweep, value in broken[:MOST]
    ]
    fall = f"{opening}; a tenth of that is lost once they {listing(told, 'or')}"
    others = len(broken) - len(told)
    if others:
        fall += f", and in {others} more suite{'s' if others > 1 else ''}"
    if held:
        fall += f"; never in {listing(held, 'or') if len(held) <= MOST else f'{len(held)} suites'}"
    return f"{fall}."


def weakest(suite: SuiteStudy, index: int) -> tuple[SweepStudy, float] | None:
    """Return where checkpoint `index` loses a tenth after the smallest share of a sweep's range, or None."""
    sweep = min(suite.sweeps, key=lambda one: one.tolerances[index].reach)
    neutral = sweep.sweep.neutral
    falls = [
        (abs((fall.at - neutral) / (fall.end - neutral)), fall.at)
        for fall in sweep.tolerances[index].falls
        if fall.at is not None
    ]
    return (sweep, min(falls, key=lambda one: one[0])[1]) if falls else None


def _beside(sweep: SweepStudy, index: int, value: float) -> str:
    """Return what was measured where checkpoint `index` falls at `value`, where that is not what was asked for."""
    measured = next((fall.measured for fall in sweep.tolerances[index].falls if fall.at == value), None)
    return "" if measured is None else f" (as asked for; {at(sweep, measured)} measured)"


def phrase(sweep: SweepStudy, value: float, *, among: int) -> str:
    """Say what has happened to the digits at `value`: "move 3.2 px (diagonal)"."""
    kind, neutral = sweep.sweep.perturbation, sweep.sweep.neutral
    if kind not in _PHRASES:
        return f"meet “{heading(sweep)}” at {at(sweep, value)}"
    places = decimals(sweep.sweep.values)
    magnitude = strength(abs(value), sweep.sweep.unit, places)
    text = _PHRASES[kind][value > neutral].format(s=strength(value, sweep.sweep.unit, places), a=magnitude)
    return text if among == 1 or kind in _OWN_NAME else f"{text} ({shorten(sweep.sweep.name, NAME)})"


def heading(sweep: SweepStudy) -> str:
    """Return a sweep's title up to its first colon or comma: what it is, without how it is done."""
    return re.split("[:,]", shorten(sweep.sweep.title, TITLE))[0].strip()


def at(sweep: SweepStudy, value: float, *, exact: bool = False) -> str:
    """Return a strength of `sweep` in its unit; signed where the sweep goes both ways from 0.

    Args:
        sweep: The sweep.
        value: A strength, interpolated between two values of the sweep unless `exact`.
        exact: Whether `value` is one of the sweep's own.
    """
    signed = sweep.two_sided and sweep.sweep.neutral == 0
    return strength(value, sweep.sweep.unit, None if exact else decimals(sweep.sweep.values), signed=signed)


def fall_text(sweep: SweepStudy, fall: Fall) -> str:
    """Return a critical strength with its interval: "2.08 px (2.05–2.11)", "> 10 px"; the interval tells the digits.

    Where the digits were changed by something else than asked, what was measured follows: "2.5 px (2.4–2.6; measured
    2.8)".
    """
    if fall.at is None:
        least = "" if fall.near is None else f" ({at(sweep, fall.near)} and beyond)"
        return f"{'<' if fall.end < sweep.sweep.neutral else '>'}{NBSP}{at(sweep, fall.end, exact=True)}{least}"
    near, far = fall.at if fall.near is None else fall.near, fall.end if fall.far is None else fall.far
    places = decimals(sweep.sweep.values)
    while places < DIGITS and 0 < abs(far - near) < 1.999 * 10**-places:
        places += 1
    signed = sweep.two_sided and sweep.sweep.neutral == 0
    number = strength(fall.at, sweep.sweep.unit, places, signed=signed)
    measured = "" if fall.measured is None else f"; measured {plain(fall.measured, places)}"
    if fall.far is None:
        return f"{number} ({plain(near, places)} and beyond{measured})"
    return f"{number} ({between(min(near, far), max(near, far), places)}{measured})"


def between(low: float, high: float, places: int) -> str:
    """Return the bounds of an interval of strengths; "to" between them where a sign would make a dash hard to read.

    >>> between(2.05, 2.11, 2), between(-21.0, -19.0, 0)
    ('2.05–2.11', '−21 to −19')
    """
    first, last = plain(low, places), plain(high, places)
    return f"{first} to {last}" if MINUS in first + last else f"{first}–{last}"


def reach_text(sweep: SweepStudy, tolerance: Tolerance) -> str:
    """Return where one checkpoint has lost a tenth, on each side, with intervals."""
    return "; ".join(fall_text(sweep, fall) for fall in tolerance.falls) or "–"


def named(names: Sequence[str], word: str = "and") -> str:
    """Return names of checkpoints as prose lists them."""
    return listing([shorten(name, NAME) for name in names], word)


def focus_text(sweep: SweepStudy) -> str:
    """Name the setting at which a sweep is looked at: "Shift to the right, 3 px"."""
    return f"{shorten(sweep.sweep.title, TITLE)}, {at(sweep, sweep.focus, exact=True)}"


def axis_text(sweep: SweepStudy) -> str:
    """Name what varies along a sweep, with its unit: "distance, px"."""
    parameter, unit = shorten(sweep.sweep.parameter, TITLE), shorten(sweep.sweep.unit, NAME)
    if unit in ("", parameter):
        return parameter
    return f"{parameter}, {unit}"
