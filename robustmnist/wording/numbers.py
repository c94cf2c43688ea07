"""Numbers as page, terminal, JSON and published tables show them: honest rounding, units, intervals."""

import math
from collections.abc import Sequence
from itertools import pairwise

from robustmnist.wording.characters import shorten

__all__ = [
    "MINUS",
    "NBSP",
    "TIGHT",
    "brief",
    "count",
    "decimals_for",
    "interval",
    "listing",
    "many",
    "percent",
    "plain",
    "points_bounds",
    "points_text",
    "score_texts",
    "share_text",
    "strength",
    "typed",
]


NBSP = "\u00a0"
MINUS = "\u2212"
# Units that stand against their number, and those that are no units but words that axes and titles say; all others
# follow after a no-break space.
TIGHT = {"°", "×"}
BARE = {"", "fraction", "probability", "ink"}
SPOKEN = {"quality": "points of quality lost"}  # units whose name alone misleads: 99 of them are the worst picture


def plain(value: float, decimals: int | None = None, *, signed: bool = False) -> str:
    """Return a number with a true minus sign; without `decimals`, as short as it can be written; NaN as a dash.

    >>> plain(-2.5), plain(0.618, 2), plain(3, signed=True), plain(float("nan")), plain(float("-inf"))
    ('−2.5', '0.62', '+3', '–', '−∞')
    """
    if not math.isfinite(value):
        return "–" if math.isnan(value) else f"{MINUS if value < 0 else '+' if signed else ''}∞"
    text = f"{value:.6g}" if decimals is None else f"{value:.{decimals}f}"
    if float(text) == 0:
        return text.lstrip("-")
    return f"+{text}" if signed and value > 0 else text.replace("-", MINUS)


def brief(value: float) -> str:
    """Return a number with three significant digits at most, as an axis prints it.

    >>> brief(-0.288675), brief(22.5), brief(1250), brief(-math.inf)
    ('−0.289', '22.5', '1250', '−∞')
    """
    if not math.isfinite(value):
        return plain(value)
    return plain(round(value) if abs(value) >= 100 else float(f"{value:.3g}"))


def strength(value: float, unit: str, decimals: int | None = None, *, signed: bool = False) -> str:
    """Return a strength in its unit.

    >>> strength(-34.6, "°", 0), strength(3.2, "px").replace(NBSP, " "), strength(0.5, "fraction")
    ('−35°', '3.2 px', '0.5')
    >>> strength(99, "quality").replace(NBSP, " ")
    '99 points of quality lost'
    """
    number = plain(value, decimals, signed=signed)
    if unit in SPOKEN:
        return f"{number}{NBSP}{SPOKEN[unit]}"
    if unit in BARE:
        return number
    return f"{number}{unit}" if unit in TIGHT else f"{number}{NBSP}{shorten(unit, 20)}"


def decimals_for(values: Sequence[float]) -> int:
    """Return how many decimals an interpolated strength deserves: a fifth of the sweep's finest step shows.

    >>> decimals_for([0, 1, 2]), decimals_for([-10, -5, 0]), decimals_for([0.4, 0.45, 0.5])
    (1, 0, 2)
    """
    steps = [abs(b - a) for a, b in pairwise(values) if b != a]
    return max(0, -math.floor(math.log10(min(steps) / 5) + 1e-9)) if steps else 1


def percent(share: float, decimals: int = 1, *, sign: bool = True) -> str:
    """Return a share as a percentage; no share short of one is rounded up to 100, none above zero down to 0.

    >>> percent(0.99999).replace(NBSP, " "), percent(0.5, sign=False), percent(1.0, sign=False)
    ('99.999 %', '50.0', '100.0')
    """
    if not math.isfinite(share):
        return f"{plain(share)}{NBSP}%" if sign and math.isinf(share) else plain(share)
    while decimals < 6 and (
        (share < 1 and round(share * 100, decimals) >= 100) or (share > 0 and not round(share * 100, decimals))
    ):
        decimals += 1
    text = f"{share * 100:.{decimals}f}"
    if share < 1 and float(text) >= 100:
        text = f"> 99.{'9' * decimals}"
    if share > 0 and float(text.lstrip("> ")) == 0:
        text = f"< 0.{'0' * (decimals - 1)}1"
    return f"{text}{NBSP}%" if sign else text


def interval(low: float, high: float, decimals: int = 1) -> str:
    """Return the bounds of an interval of shares, in per cent without the sign; a dash where one is not defined.

    >>> interval(0.9923, 0.9954), interval(0.9923, 0.9954, 2), interval(0.5, math.inf), interval(math.nan, 1.0)
    ('99.2–99.5', '99.23–99.54', '50.0–∞', '–')
    """
    if math.isnan(low) or math.isnan(high):
        return "–"
    return f"{percent(low, decimals, sign=False)}–{percent(high, decimals, sign=False)}"


def count(number: int) -> str:
    """Return a whole number with thousands marked.

    >>> count(10000)
    '10,000'
    """
    return f"{int(number):,}"


def many(number: int, thing: str) -> str:
    """Return how many there are of a thing.

    >>> many(1, "digit"), many(1200, "digit")
    ('1 digit', '1,200 digits')
    """
    return f"{count(number)} {thing}{'' if number == 1 else 's'}"


def listing(items: Sequence[str], word: str = "and") -> str:
    """Join phrases as prose does.

    >>> listing(["a", "b", "c"]), listing(["a", "b"], "or")
    ('a, b and c', 'a or b')
    """
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def share_text(share: float, low: float, high: float, *, decimals: int = 1, sign: bool = False) -> str:
    """Return a share with its interval, in per cent, the sign behind the share if at all.

    >>> share_text(0.9871, 0.984, 0.989), share_text(0.9871, 0.984, 0.989, decimals=2, sign=True).replace(NBSP, " ")
    ('98.7 (98.4–98.9)', '98.71 % (98.40–98.90)')
    """
    return f"{percent(share, decimals, sign=sign)} ({interval(low, high, decimals)})"


def points_text(difference: float, *, signed: bool = False) -> str:
    """Return a difference of two shares in percentage points.

    >>> points_text(0.0057).replace(NBSP, " "), points_text(-0.0057, signed=True).replace(NBSP, " ")
    ('0.57 points', '−0.57 points')
    """
    return f"{plain(100 * difference, 2, signed=signed)}{NBSP}points"


def points_bounds(low: float, high: float, decimals: int = 2) -> str:
    """Return the bounds of an interval of differences of shares, in percentage points with their signs.

    >>> points_bounds(-0.0002, 0.0116), points_bounds(math.nan, 0.0116)
    ('−0.02 to +1.16', '–')
    """
    if math.isnan(low) or math.isnan(high):
        return "–"
    return " to ".join(plain(100 * end, decimals, signed=True) for end in (low, high))


def score_texts(value: float, low: float, high: float) -> tuple[str, str]:
    """Return a score, as NLL or a calibration error, and its interval; a dash and nothing where it is not defined.

    >>> score_texts(0.01234, 0.0101, 0.0152), score_texts(0.5, math.nan, math.nan)
    (('0.0123', '0.0101–0.0152'), ('0.500', ''))
    """
    if math.isnan(value):
        return "–", ""
    decimals = 3 if value >= 0.1 else 4 if value >= 0.001 or value == 0 else 5
    return plain(value, decimals), "" if math.isnan(low + high) else f"{plain(low, decimals)}–{plain(high, decimals)}"


def typed(text: str) -> str:
    """Return text with spaces and signs that can be searched for, copied and typed.

    >>> typed(strength(-3, "px"))
    '-3 px'
    """
    return text.replace(NBSP, " ").replace(MINUS, "-")
