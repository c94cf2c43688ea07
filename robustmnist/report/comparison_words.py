"""What the comparison of two checkpoints says, in words: better only where a test says so after correction."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from robustmnist.report.text import NBSP, count, listing, plain

__all__ = [
    "ALPHA",
    "Counts",
    "Difference",
    "clean_sentence",
    "consistency_sentence",
    "difference_text",
    "effect_text",
    "p_text",
    "sentences",
    "verdict",
]

ALPHA = 0.05  # a difference counts where its p-value, corrected over the family, is below
INTERVAL = f"95{NBSP}% interval"


@dataclass(frozen=True)
class Difference:
    """Under one suite: the area of `b` minus that of `a`, its 95 % interval, and p after Holm."""

    suite: str
    value: float
    low: float
    high: float
    p: float

    @property
    def told(self) -> bool:
        """Whether the two are told apart."""
        return self.p < ALPHA


@dataclass(frozen=True)
class Counts:
    """The digits of one setting that only `a`, or only `b`, reads right (means over variants), and p after Holm."""

    only_a: float
    only_b: float
    p: float


def verdict(a: str, b: str, differences: Sequence[Difference]) -> str:
    """Say in one sentence under which suites either is better, and where the two are not told apart."""
    said = []
    for winner, loser, sign in ((b, a, 1), (a, b, -1)):
        won = [one for one in differences if one.told and one.value * sign > 0]
        if len(won) == len(differences) and len(won) > 1:
            said.append(f"{winner} is better than {loser} under every suite, most under {_most(won)}")
        elif won:
            most = f", most under {_most(won)}" if len(won) > 2 else ""
            said.append(f"{winner} is better than {loser} under {listing([one.suite for one in won])}{most}")
    if not said:
        return f"{a} and {b} are not told apart under any suite."
    same = _same(differences)
    return "; ".join([*said, *([same] if same else [])]) + "."


def sentences(a: str, b: str, differences: Sequence[Difference], family: int) -> tuple[str, ...]:
    """Say suite by suite who is better and by how much; the suites that tell nothing apart come last, in one sentence.

    Args:
        a: Name of the one.
        b: Name of the other.
        differences: A row per suite; positive where `b` is better.
        family: Over how many tests the p-values were corrected.
    """
    after = f" after Holm over {count(family)} tests" if family > 1 else " in a single test"
    said: list[str] = []
    for one in differences:
        if one.told:
            winner, loser, sign = (b, a, 1) if one.value > 0 else (a, b, -1)
            # The first says what all are: a list that repeats itself is not read.
            text, how = _towards(one, sign, words=not said), "" if said else after
            said.append(f"{winner} is better than {loser} under {one.suite}: area {text}, {p_text(one.p)}{how}.")
    same = _same(differences, numbers=True)
    return (*said, f"{same[0].upper()}{same[1:]}.") if same else tuple(said)


def clean_sentence(a: str, b: str, counts: Counts) -> str:
    """Say how the two differ on clean digits."""
    only = f"{b} alone reads {_digits(counts.only_b)} right, {a} alone {_digits(counts.only_a)}"
    if counts.p < ALPHA:
        winner = b if counts.only_b > counts.only_a else a
        return f"On clean digits {winner} is better: {only} ({p_text(counts.p)})."
    return f"On clean digits the two are not told apart: {only} ({p_text(counts.p)})."


def consistency_sentence(kappas: Sequence[float]) -> str:
    """Say whether the two err on the same digits: error consistency κ over the settings looked at, NaN left out."""
    known = [one for one in kappas if math.isfinite(one)]
    if not known:
        return ""
    low, high = plain(min(known), 2), plain(max(known), 2)
    span = f"κ{NBSP}{low}" if low == high else f"κ{NBSP}{low} to {high}"
    if min(known) > 0:
        return f"They err on the same digits more often than chance would have it: error consistency {span}."
    if max(known) <= 0:
        return f"They err on the same digits no more often than chance would have it: error consistency {span}."
    return f"Whether they err on the same digits depends on the setting: error consistency {span} (0 is chance)."


def p_text(p: float, *, name: bool = True) -> str:
    """Return a p-value with two digits, never as zero.

    >>> p_text(0.0123).replace(NBSP, " "), p_text(1e-9).replace(NBSP, " "), p_text(0.8, name=False)
    ('p = 0.012', 'p < 0.001', '0.80')
    """
    if not math.isfinite(p):
        return f"p{NBSP}–" if name else "–"
    small = p < 0.001
    number = "0.001" if small else f"{p:.3f}" if p < 0.0995 else f"{p:.2f}"
    if name:
        return f"p{NBSP}{'<' if small else '='}{NBSP}{number}"
    return f"<{NBSP}{number}" if small else number


def difference_text(value: float, low: float, high: float, *, words: bool = False) -> str:
    """Return a difference with its interval, to as many decimals as the interval deserves, two to four.

    >>> difference_text(0.2134, 0.2021, 0.2247), difference_text(-0.0011, -0.0031, 0.0009)
    ('+0.21 (0.20 to 0.22)', '−0.001 (−0.003 to 0.001)')
    """
    half = (high - low) / 2
    places = min(max(-math.floor(math.log10(half) + 1e-9), 2), 4) if half > 0 else 3
    around = f"{plain(low, places)} to {plain(high, places)}"
    return f"{plain(value, places, signed=True)} ({f'{INTERVAL} ' if words else ''}{around})"


def effect_text(value: float) -> str:
    """Return an effect size with two decimals; a dash where it is not defined, ∞ where one side has no cases."""
    return "–" if math.isnan(value) else "∞" if math.isinf(value) else plain(value, 2)


def _most(won: Sequence[Difference]) -> str:
    most = max(won, key=lambda one: abs(one.value))
    text = _towards(most, math.copysign(1, most.value))
    return f"{most.suite} (area {text.replace(' (', ', ').removesuffix(')')})"


def _towards(one: Difference, sign: float, *, words: bool = False) -> str:
    low, high = sorted((sign * one.low, sign * one.high))
    return difference_text(sign * one.value, low, high, words=words)


def _same(differences: Sequence[Difference], *, numbers: bool = False) -> str:
    same = [one for one in differences if not one.told]
    if not same:
        return ""
    named = [
        f"{one.suite} ({difference_text(one.value, one.low, one.high)}, {p_text(one.p)})" if numbers else one.suite
        for one in same
    ]
    return f"the two are not told apart under {listing(named, 'or')}"


def _digits(number: float) -> str:
    whole = count(round(number)) if number >= 10 or number == round(number) else plain(number, 1)
    return f"{whole} digit{'' if whole == '1' else 's'}"
