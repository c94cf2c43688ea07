"""Sentences written from the numbers, by rules: the answers in the head, and strengths in words.

Every claim in them is a comparison of numbers of the run; nothing is said that no rule derives.
"""

from robustmnist.report.charts import THRESHOLD
from robustmnist.report.study import Clean, Study, SuiteStudy, SweepStudy, Tolerance
from robustmnist.report.text import NBSP, count, decimals, listing, percent, shorten, strength

__all__ = ["FLOOR", "NAME", "TITLE", "answer", "at", "axis_text", "focus_text", "phrase", "reach_text", "weakest"]

FLOOR = f"{THRESHOLD * 100:.0f}{NBSP}%"
NAME = 40  # letters of a checkpoint's name in running text
TITLE = 80  # letters of a title

# What happens to the digits, below and above the neutral strength; {s} is the strength in its unit, {a} its magnitude.
_PHRASES = {
    "shift": ("move {a}", "move {a}"),
    "shift-towards": ("move {a}", "move {a}"),
    "scale": ("shrink to {s}", "grow to {s}"),
    "rotation": ("turn {a} clockwise", "turn {a} counter-clockwise"),
    "thickness": ("lose {a} of stroke", "gain {a} of stroke"),
    "decentering": ("drift by {a} of their free margin", "drift by {a} of their free margin"),
    "gaussian-noise": ("carry Gaussian noise of {a}", "carry Gaussian noise of {a}"),
    "salt-and-pepper": ("have pixels replaced with probability {a}", "have pixels replaced with probability {a}"),
    "speckle": ("carry speckle of {a}", "carry speckle of {a}"),
    "uniform-noise": ("carry uniform noise of ±{a}", "carry uniform noise of ±{a}"),
    "shot-noise": ("carry shot noise of {a}", "carry shot noise of {a}"),
}
_OWN_NAME = {
    "decentering",
    "gaussian-noise",
    "salt-and-pepper",
    "speckle",
    "uniform-noise",
    "shot-noise",
    "rotation",
    "thickness",
}


def answer(study: Study, clean: Clean) -> str:
    """Say in one sentence how far one checkpoint can be trusted, without its name at the start.

    Per suite it names the sweep that breaks the checkpoint after the smallest share of its range, and the strength
    there; suites that never bring it below 90 % are named last.
    """
    opening = f"reads {percent(clean.accuracy)} of {count(len(study.predictions))} clean digits"
    if clean.accuracy < THRESHOLD:
        return f"{opening}: below {FLOOR} before anything happens to them."
    broken, held = [], []
    for suite in study.suites:
        found = weakest(suite, clean.index)
        if found is None:
            held.append(suite)
        else:
            broken.append(phrase(*found, among=len(suite.sweeps)))
    if not broken:
        return f"{opening} and stays at or above {FLOOR} over the whole range of every sweep."
    fall = f"{opening}; it falls below {FLOOR} when they {listing(broken, 'or')}"
    if held:
        return f"{fall}, and never under {listing([shorten(one.suite.title, TITLE).lower() for one in held], 'or')}."
    return f"{fall}."


def weakest(suite: SuiteStudy, index: int) -> tuple[SweepStudy, float] | None:
    """Return where checkpoint `index` falls below 90 % after the smallest share of a sweep's range, or None."""
    sweep = min(suite.sweeps, key=lambda one: one.tolerances[index].reach)
    tolerance = sweep.tolerances[index]
    falls = [value for value in (tolerance.below, tolerance.above) if value is not None]
    if not falls:
        return None
    ends = {
        value: min(sweep.sweep.values) if value < sweep.sweep.neutral else max(sweep.sweep.values) for value in falls
    }
    neutral = sweep.sweep.neutral
    return sweep, min(falls, key=lambda value: abs((value - neutral) / (ends[value] - neutral)))


def phrase(sweep: SweepStudy, value: float, *, among: int) -> str:
    """Say what has happened to the digits at `value`: "move 3.2 px (diagonal)"."""
    kind, neutral = sweep.sweep.perturbation, sweep.sweep.neutral
    if kind not in _PHRASES:
        return f"reach {at(sweep, value)} in “{shorten(sweep.sweep.title, TITLE)}”"
    places = decimals(sweep.sweep.values)
    magnitude = strength(abs(value), sweep.sweep.unit, places)
    text = _PHRASES[kind][value > neutral].format(s=strength(value, sweep.sweep.unit, places), a=magnitude)
    return text if among == 1 or kind in _OWN_NAME else f"{text} ({shorten(sweep.sweep.name, NAME)})"


def at(sweep: SweepStudy, value: float, *, exact: bool = False) -> str:
    """Return a strength of `sweep` in its unit; signed where the sweep goes both ways from 0.

    Args:
        sweep: The sweep.
        value: A strength, interpolated between two values of the sweep unless `exact`.
        exact: Whether `value` is one of the sweep's own.
    """
    signed = sweep.two_sided and sweep.sweep.neutral == 0
    return strength(value, sweep.sweep.unit, None if exact else decimals(sweep.sweep.values), signed=signed)


def reach_text(sweep: SweepStudy, tolerance: Tolerance) -> str:
    """Return the range in which one checkpoint stays at or above 90 %: "−32° to +35°", "up to 3.2 px", "> 10 px"."""
    low, high, neutral = min(sweep.sweep.values), max(sweep.sweep.values), sweep.sweep.neutral
    if tolerance.clean < THRESHOLD:
        return f"below {FLOOR} clean"
    below = at(sweep, tolerance.below) if tolerance.below is not None else f"beyond {at(sweep, low, exact=True)}"
    above = at(sweep, tolerance.above) if tolerance.above is not None else f"beyond {at(sweep, high, exact=True)}"
    if low == neutral:
        return f"up to {above}" if tolerance.above is not None else above
    if high == neutral:
        return f"down to {below}" if tolerance.below is not None else below
    return f"{below} to {above}"


def focus_text(sweep: SweepStudy) -> str:
    """Name the setting at which a sweep is looked at: "Shift to the right, 3 px"."""
    return f"{shorten(sweep.sweep.title, TITLE)}, {at(sweep, sweep.focus, exact=True)}"


def axis_text(sweep: SweepStudy) -> str:
    """Name what varies along a sweep, with its unit: "distance, px"."""
    parameter, unit = shorten(sweep.sweep.parameter, TITLE), shorten(sweep.sweep.unit, NAME)
    if unit in ("", parameter):
        return parameter
    return f"{parameter}, {unit}"
