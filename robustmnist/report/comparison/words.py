"""What the comparison of two checkpoints says, in words: better only where a test says so after correction."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from robustmnist.wording.numbers import NBSP, count, listing, plain
from robustmnist.wording.tests import ALPHA, difference_text, p_text

__all__ = [
    "CLEAN_DIGITS",
    "FAMILIES",
    "OPEN",
    "SINGLE_CHECKPOINT",
    "Counts",
    "Difference",
    "clean_sentence",
    "consistency_sentence",
    "figure_caption",
    "section_note",
    "sentences",
    "verdict",
]

OPEN = 3  # pairs that are shown unfolded: all of three checkpoints
FAMILIES = {"suites": "clean accuracy and the suites", "sweeps": "the sweeps", "settings": "the perturbed settings"}
CLEAN_DIGITS = "Clean digits"
SINGLE_CHECKPOINT = "The run has one checkpoint: there is nothing to compare it with."


@dataclass(frozen=True)
class Difference:
    """Under one suite: the area of `b` minus that of `a`, its 95 % interval, and p after Holm."""

    suite: str
    value: float
    low: float
    high: float
    p: float

    @property
    def significant(self) -> bool:
        """Whether the two are shown to differ."""
        return self.p < ALPHA


@dataclass(frozen=True)
class Counts:
    """The digits of one setting that only `a`, or only `b`, reads right (means over variants), and p after Holm."""

    only_a: float
    only_b: float
    p: float


def verdict(a: str, b: str, differences: Sequence[Difference]) -> str:
    """Say in one sentence under which suites either is better, and where the two are not shown to differ."""
    clauses = []
    for winner, loser, sign in ((b, a, 1), (a, b, -1)):
        won = [difference for difference in differences if difference.significant and difference.value * sign > 0]
        if len(won) == len(differences) and len(won) > 1:
            clauses.append(f"{winner} is better than {loser} under every suite, most under {_most(won)}")
        elif won:
            most = f", most under {_most(won)}" if len(won) > 2 else ""
            clauses.append(f"{winner} is better than {loser} under {listing([win.suite for win in won])}{most}")
    if not clauses:
        return f"{a} and {b} are not shown to differ under any suite."
    same = _same(differences)
    return "; ".join([*clauses, *([same] if same else [])]) + "."


def sentences(a: str, b: str, differences: Sequence[Difference], family: int) -> tuple[str, ...]:
    """Say suite by suite who is better and by how much; the suites that show no difference come last, in one sentence.

    Args:
        a: Name of the first checkpoint.
        b: Name of the other.
        differences: A row per suite; positive where `b` is better.
        family: Over how many tests the p-values were corrected.
    """
    after = f" after Holm over {count(family)} tests" if family > 1 else " in a single test"
    clauses: list[str] = []
    for difference in differences:
        if difference.significant:
            winner, loser, sign = (b, a, 1) if difference.value > 0 else (a, b, -1)
            # The first says what all are: a list that repeats itself is not read.
            text, how = _towards(difference, sign, words=not clauses), "" if clauses else after
            clauses.append(
                f"{winner} is better than {loser} under {difference.suite}: area {text}, {p_text(difference.p)}{how}."
            )
    same = _same(differences, numbers=True)
    return (*clauses, f"{same[0].upper()}{same[1:]}.") if same else tuple(clauses)


def clean_sentence(a: str, b: str, counts: Counts) -> str:
    """Say how the two differ on clean digits."""
    only = f"{b} alone reads {_digits(counts.only_b)} right, {a} alone {_digits(counts.only_a)}"
    if counts.p < ALPHA:
        winner = b if counts.only_b > counts.only_a else a
        return f"On clean digits {winner} is better: {only} ({p_text(counts.p)})."
    return f"On clean digits the two are not shown to differ: {only} ({p_text(counts.p)})."


def consistency_sentence(kappas: Sequence[float]) -> str:
    """Say whether the two err on the same digits: error consistency κ over the settings looked at, NaN left out."""
    known = [kappa for kappa in kappas if math.isfinite(kappa)]
    if not known:
        return ""
    low, high = plain(min(known), 2), plain(max(known), 2)
    span = f"κ{NBSP}{low}" if low == high else f"κ{NBSP}{low} to {high}"
    if min(known) > 0:
        return f"They misread the same digits more often than by chance: error consistency {span}."
    if max(known) <= 0:
        return f"They misread the same digits no more often than by chance: error consistency {span}."
    return f"Whether they misread the same digits depends on the setting: error consistency {span} (0 is chance)."


def figure_caption(differences: Sequence[Difference]) -> str:
    """Say what dots and colours of a pair's figure mean."""
    grey = (
        ", grey where the two are not shown to differ"
        if any(not difference.significant for difference in differences)
        else ""
    )
    return (
        "Dot: the suite’s mean over its sweeps, with its 95 % interval where that is wider; faint dots: its sweeps. "
        f"A row takes the colour of the better checkpoint{grey}."
    )


def section_note(checkpoints: int, n: int, family: Mapping[str, int]) -> str:
    """Say how the pairs were compared.

    Args:
        checkpoints: How many.
        n: How many digits.
        family: Over how many tests the p-values of suites, sweeps and settings were corrected.
    """
    several = ", each over all pairs" if checkpoints > 2 else ""
    tests = listing([f"{words} ({count(family[name])} tests)" for name, words in FAMILIES.items()])
    under = "Under each pair" if math.comb(checkpoints, 2) <= OPEN else f"Under the first {OPEN} pairs"
    return (
        f"The checkpoints read the same {count(n)} digits, so they are compared digit by digit: "
        "areas under the accuracy curve by a paired t-test, with an interval from the bootstrap over digits; answers "
        "at one setting by McNemar’s exact test. P-values are corrected by Holm’s method over all tests that are "
        f"read together: {tests}{several}. “Better” means p below 0.05 after that. {under} are digits "
        "that only one of the two reads right, the most confident mistakes first, clean digits before perturbed ones, "
        "with the true class, and the answer and confidence of each of the two."
    )


def _most(won: Sequence[Difference]) -> str:
    most = max(won, key=lambda win: abs(win.value))
    text = _towards(most, math.copysign(1, most.value))
    return f"{most.suite} (area {text.replace(' (', ', ').removesuffix(')')})"


def _towards(difference: Difference, sign: float, *, words: bool = False) -> str:
    low, high = sorted((sign * difference.low, sign * difference.high))
    return difference_text(sign * difference.value, low, high, words=words)


def _same(differences: Sequence[Difference], *, numbers: bool = False) -> str:
    same = [difference for difference in differences if not difference.significant]
    if not same:
        return ""
    named = [f"{difference.suite} ({_numbers(difference)})" if numbers else difference.suite for difference in same]
    return f"the two are not shown to differ under {listing(named, 'or')}"


def _numbers(difference: Difference) -> str:
    return f"{difference_text(difference.value, difference.low, difference.high)}, {p_text(difference.p)}"


def _digits(number: float) -> str:
    whole = count(round(number)) if number >= 10 or number == round(number) else plain(number, 1)
    return f"{whole} digit{'' if whole == '1' else 's'}"
