"""Sentences written from the numbers, by rules: the answers in the head, and strengths in words.

Every claim in them is a comparison of numbers of the run; no sentence says more than a rule derives.
"""

from robustmnist.overview.in_words import NAME, TITLE, at, heading
from robustmnist.overview.overview import Overview, ScoreKind, SuiteOverview, SweepOverview
from robustmnist.overview.tolerance import Clean
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import count, decimals_for, interval, listing, percent, plain, strength

__all__ = ["answer", "phrase", "score_note", "weakest"]


MOST = 3  # suites that the answer names
POOR = 0.5  # the sentence ends after the accuracy of a checkpoint that reads fewer of the clean digits


def answer(overview: Overview, clean: Clean) -> str:
    """Say in one sentence how far one checkpoint can be trusted, without its name at the start.

    It names the first three suites, in the order of the run, that take a tenth of the checkpoint's clean accuracy, each
    with the sweep that does so after the smallest share of its range; then how many others do, and those that never do.
    """
    accuracy = f"{percent(clean.accuracy)} ({interval(clean.low, clean.high)})"
    opening = f"reads {accuracy} of {count(len(overview.predictions))} clean digits"
    if clean.accuracy < POOR:
        return f"{opening}: too few to ask how far it can be trusted."
    if not overview.suites:
        return f"{opening}."
    falls = [(suite, weakest(suite, clean.index)) for suite in overview.suites]
    broken = [(suite, *fall) for suite, fall in falls if fall is not None]
    held = [f"“{shorten(suite.title, TITLE)}”" for suite, fall in falls if fall is None]
    if not broken:
        return f"{opening} and never loses a tenth of that, in any sweep."
    named = [
        _with_measured(
            phrase(sweep, value, among=sum(other.phrases == sweep.phrases for other in suite.sweeps)),
            sweep,
            clean.index,
            value,
        )
        for suite, sweep, value in broken[:MOST]
    ]
    text = f"{opening}; a tenth of that is lost once they {listing(named, 'or')}"
    others = len(broken) - len(named)
    if others:
        text += f", and in {others} more suite{'s' if others > 1 else ''}"
    if held:
        text += f"; never in {listing(held, 'or') if len(held) <= MOST else f'{len(held)} suites'}"
    return f"{text}."


def score_note(kind: ScoreKind, draws: int) -> str:
    """Say what the number of a suite is if it is not an area; `draws`: of how many draws the worst was taken."""
    if kind is ScoreKind.WORST:
        return f"worst of {draws} tries"
    return "mean over the map" if kind is ScoreKind.MAP else ""


def weakest(suite: SuiteOverview, index: int) -> tuple[SweepOverview, float] | None:
    """Return where checkpoint `index` loses a tenth after the smallest share of a sweep's range, or None."""
    sweep = min(suite.sweeps, key=lambda candidate: candidate.tolerances[index].reach)
    falls = [
        (fall.share_of_range(sweep.neutral), fall.at) for fall in sweep.tolerances[index].falls if fall.at is not None
    ]
    return (sweep, min(falls, key=lambda crossing: crossing[0])[1]) if falls else None


def _with_measured(text: str, sweep: SweepOverview, index: int, value: float) -> str:
    """Add what was measured where checkpoint `index` falls at `value`, if that is not what was asked for."""
    measured = next((fall.measured for fall in sweep.tolerances[index].falls if fall.at == value), None)
    if measured is None:
        return text
    beside = f"measured {at(sweep, measured)})"
    return f"{text[:-1]}; {beside}" if text.endswith(")") else f"{text} ({beside}"


def phrase(sweep: SweepOverview, value: float, *, among: int) -> str:
    """Say what has happened to the digits at `value`: "move 3.2 px (diagonal)".

    Args:
        sweep: The sweep.
        value: A strength.
        among: How many sweeps of the suite say the same; where there are several, the sweep's name follows.
    """
    if sweep.phrases is None:
        return f"meet “{heading(sweep)}” at {at(sweep, value)}"
    decimals, amount = decimals_for(sweep.values), abs(value)
    forms = {
        "{a}": strength(amount, sweep.unit, decimals),
        "{n}": plain(amount, decimals),
        "{p}": percent(amount, max(0, decimals - 2)),
    }
    text = sweep.phrases[value > sweep.neutral]
    for form, number in forms.items():  # not `format`, to which a phrase from a file could say anything
        text = text.replace(form, number)
    return text if among == 1 else f"{text} ({shorten(sweep.name, NAME)})"
