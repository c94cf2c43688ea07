"""Checkpoints, sweeps and strengths as page and terminal name them."""

import re
from collections.abc import Sequence

from robustmnist.overview.overview import SweepOverview
from robustmnist.overview.tolerance import Fall, Tolerance
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import MINUS, NBSP, decimals_for, listing, plain, strength

__all__ = ["NAME", "TITLE", "at", "axis_text", "between", "fall_text", "focus_text", "heading", "named", "reach_text"]


NAME = 40  # letters of a checkpoint's name in running text
TITLE = 80  # letters of a title
DIGITS = 3  # decimals of a critical strength at most


def heading(sweep: SweepOverview) -> str:
    """Return a sweep's title up to its first colon or comma: what it is, without how it is done."""
    return re.split("[:,]", shorten(sweep.title, TITLE))[0].strip()


def at(sweep: SweepOverview, value: float, *, exact: bool = False) -> str:
    """Return a strength of `sweep` in its unit; signed where the sweep goes both ways from 0.

    Args:
        sweep: The sweep.
        value: A strength, interpolated between two values of the sweep unless `exact`.
        exact: Whether `value` is one of the sweep's own.
    """
    signed = sweep.two_sided and sweep.neutral == 0
    return strength(value, sweep.unit, None if exact else decimals_for(sweep.values), signed=signed)


def fall_text(sweep: SweepOverview, fall: Fall) -> str:
    """Return a critical strength with its interval: "2.08 px (2.05–2.11)", "> 10 px"; the interval tells the digits.

    Where the digits were changed by something else than asked, what was measured follows: "2.5 px (2.4–2.6; measured
    2.8)".
    """
    if fall.at is None:
        least = "" if fall.near is None else f" ({at(sweep, fall.near)} and beyond)"
        return f"{'<' if fall.end < sweep.neutral else '>'}{NBSP}{at(sweep, fall.end, exact=True)}{least}"
    near, far = fall.at if fall.near is None else fall.near, fall.end if fall.far is None else fall.far
    decimals = decimals_for(sweep.values)
    while decimals < DIGITS and 0 < abs(far - near) < 1.999 * 10**-decimals:
        decimals += 1
    signed = sweep.two_sided and sweep.neutral == 0
    number = strength(fall.at, sweep.unit, decimals, signed=signed)
    measured = "" if fall.measured is None else f"; measured {plain(fall.measured, decimals)}"
    if fall.far is None:
        return f"{number} ({plain(near, decimals)} and beyond{measured})"
    return f"{number} ({between(min(near, far), max(near, far), decimals)}{measured})"


def between(low: float, high: float, decimals: int) -> str:
    """Return the bounds of an interval of strengths; "to" between them where a sign would make a dash hard to read.

    >>> between(2.05, 2.11, 2), between(-21.0, -19.0, 0)
    ('2.05–2.11', '−21 to −19')
    """
    first, last = plain(low, decimals), plain(high, decimals)
    return f"{first} to {last}" if MINUS in first + last else f"{first}–{last}"


def reach_text(sweep: SweepOverview, tolerance: Tolerance) -> str:
    """Return where one checkpoint has lost a tenth, on each side, with intervals."""
    return "; ".join(fall_text(sweep, fall) for fall in tolerance.falls) or "–"


def named(names: Sequence[str], word: str = "and") -> str:
    """Return names of checkpoints as prose lists them."""
    return listing([shorten(name, NAME) for name in names], word)


def focus_text(sweep: SweepOverview) -> str:
    """Name the setting at which a sweep is looked at: "Shift to the right, 3 px"."""
    return f"{shorten(sweep.title, TITLE)}, {at(sweep, sweep.focus, exact=True)}"


def axis_text(sweep: SweepOverview) -> str:
    """Name what varies along a sweep, with its unit: "distance, px"."""
    parameter, unit = shorten(sweep.parameter, TITLE), shorten(sweep.unit, NAME)
    if unit in ("", parameter):
        return parameter
    return f"{parameter}, {unit}"
