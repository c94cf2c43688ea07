"""Sentences written from the numbers, by rules: the answers in the head, and strengths in words.

Every claim in them is a comparison of numbers of the run; nothing is said that no rule derives.
"""

from collections.abc import Sequence

from robustmnist.overview.in_words import NAME, TITLE, at, fall_text, heading, named
from robustmnist.overview.overview import Overview, ScoreKind, SuiteOverview, SweepOverview
from robustmnist.overview.tolerance import Clean, Fall
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import count, decimals, interval, listing, percent, plain, strength

__all__ = ["answer", "curve_caption", "natural_sentence", "phrase", "score_note", "suite_caption", "weakest"]


MOST = 3  # suites that the answer names
POOR = 0.5  # who reads fewer of the clean digits is no reader


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
    found = [(suite, weakest(suite, clean.index)) for suite in overview.suites]
    broken = [(suite, *place) for suite, place in found if place is not None]
    held = [f"“{shorten(suite.title, TITLE)}”" for suite, place in found if place is None]
    if not broken:
        return f"{opening} and never loses a tenth of that, in any sweep."
    told = [
        phrase(sweep, value, among=sum(other.phrases == sweep.phrases for other in suite.sweeps))
        + _beside(sweep, clean.index, value)
        for suite, sweep, value in broken[:MOST]
    ]
    fall = f"{opening}; a tenth of that is lost once they {listing(told, 'or')}"
    others = len(broken) - len(told)
    if others:
        fall += f", and in {others} more suite{'s' if others > 1 else ''}"
    if held:
        fall += f"; never in {listing(held, 'or') if len(held) <= MOST else f'{len(held)} suites'}"
    return f"{fall}."


def score_note(kind: ScoreKind, draws: int) -> str:
    """Say what the one number of a suite is where it is not an area; `draws`: of how many draws the worst was taken."""
    if kind is ScoreKind.WORST:
        return f"worst of {draws} tries"
    return "mean over the map" if kind is ScoreKind.MAP else ""


def weakest(suite: SuiteOverview, index: int) -> tuple[SweepOverview, float] | None:
    """Return where checkpoint `index` loses a tenth after the smallest share of a sweep's range, or None."""
    sweep = min(suite.sweeps, key=lambda one: one.tolerances[index].reach)
    neutral = sweep.neutral
    falls = [
        (abs((fall.at - neutral) / (fall.end - neutral)), fall.at)
        for fall in sweep.tolerances[index].falls
        if fall.at is not None
    ]
    return (sweep, min(falls, key=lambda one: one[0])[1]) if falls else None


def _beside(sweep: SweepOverview, index: int, value: float) -> str:
    """Return what was measured where checkpoint `index` falls at `value`, where that is not what was asked for."""
    measured = next((fall.measured for fall in sweep.tolerances[index].falls if fall.at == value), None)
    return "" if measured is None else f" (as asked for; {at(sweep, measured)} measured)"


def phrase(sweep: SweepOverview, value: float, *, among: int) -> str:
    """Say what has happened to the digits at `value`: "move 3.2 px (diagonal)".

    Args:
        sweep: The sweep.
        value: A strength.
        among: How many sweeps of the suite say the same; where there are several, the sweep's name follows.
    """
    if sweep.phrases is None:
        return f"meet “{heading(sweep)}” at {at(sweep, value)}"
    places, amount = decimals(sweep.values), abs(value)
    forms = {
        "{a}": strength(amount, sweep.unit, places),
        "{n}": plain(amount, places),
        "{p}": percent(amount, max(0, places - 2)),
    }
    text = sweep.phrases[value > sweep.neutral]
    for form, number in forms.items():  # not `format`, to which a phrase from a file could say anything
        text = text.replace(form, number)
    return text if among == 1 else f"{text} ({shorten(sweep.name, NAME)})"


def suite_caption(suite: SuiteOverview) -> str:
    """Say who follows farthest and who least, where the suite is hardest, and who falls within natural variation."""
    names = [one.name for one in suite.sweeps[0].tolerances]
    order = sorted(range(len(names)), key=lambda k: (-suite.areas[k].share, k))
    best, worst = suite.areas[order[0]], suite.areas[order[-1]]
    level = [k for k in range(len(names)) if suite.areas[k].high >= best.low]

    def area(k: int) -> str:
        one = suite.areas[k]
        return f"{percent(one.share)} of the area ({interval(one.low, one.high)})"

    if len(names) == 1:
        said = [f"{named(names)} keeps {area(0)}."]
    elif len(level) == len(names):
        said = [f"Their intervals overlap: {percent(worst.share)} to {percent(best.share)} of the area."]
    else:
        verb = "follows" if len(level) == 1 else "follow"
        first = area(order[0]) if len(level) == 1 else f"{percent(best.share)} of the area and intervals that overlap"
        said = [f"{named([names[k] for k in level])} {verb} farthest, {first}; {named([names[order[-1]]])} least far, "]
        said[0] += f"{percent(worst.share)} ({interval(worst.low, worst.high)})."
    hardest = _hardest(suite)
    natural = natural_sentence(suite.sweeps)
    return " ".join(filter(None, [*said, hardest, natural]))


def _hardest(suite: SuiteOverview) -> str:
    sweep = suite.hardest
    falls = [
        (abs((fall.at - sweep.neutral) / (fall.end - sweep.neutral)), one.index, one.name, fall)
        for one in sweep.tolerances
        for fall in one.falls
        if fall.at is not None
    ]
    if not falls:
        return "No checkpoint loses a tenth in any sweep."
    _, _, name, fall = min(falls, key=lambda one: one[:2])
    where = f"{named([name])} loses a tenth at {fall_text(sweep, fall)}"
    if len(suite.sweeps) == 1:
        return f"First, {where}."
    return f"Hardest is “{shorten(sweep.title, TITLE)}”, where {where}."


def natural_sentence(sweeps: Sequence[SweepOverview]) -> str:
    """Say who loses a tenth within natural variation, and where; nothing where no sweep has such a band."""
    banded = [sweep for sweep in sweeps if sweep.natural is not None]
    if not banded:
        return ""
    early: dict[str, list[str]] = {}
    for sweep in banded:
        assert sweep.natural is not None
        low, high = sweep.natural
        for one in sweep.tolerances:
            if any(fall.at is not None and low <= fall.at <= high for fall in one.falls):
                early.setdefault(one.name, []).append(sweep.name)
    if not early:
        return "No checkpoint loses a tenth within natural variation."
    one_sweep = len(banded) == 1
    told = [
        named([name]) + ("" if one_sweep else f" ({listing([shorten(where, NAME) for where in places])})")
        for name, places in early.items()
    ]
    verb = "loses" if len(told) == 1 else "lose"
    return f"Within natural variation {listing(told)} {verb} a tenth already."


def curve_caption(sweep: SweepOverview) -> str:
    """Say who loses a tenth first and who holds longest, per side of the neutral strength, and the lowest point."""
    sides = [falls for falls in zip(*(one.falls for one in sweep.tolerances), strict=True) if falls]
    names = [one.name for one in sweep.tolerances]
    if all(fall.at is None for falls in sides for fall in falls):
        ends = listing([at(sweep, falls[0].end, exact=True) for falls in sides])
        who = f"{named(names)} never loses" if len(names) == 1 else "No checkpoint loses"
        least = "".join(_least(sweep, falls) for falls in sides)
        said = [f"{who} a tenth up to {ends}{least}."] if sides else []
    else:
        said = [_side(sweep, names, falls) for falls in sides]
    return " ".join([*said, _lowest(sweep)])


def _side(sweep: SweepOverview, names: Sequence[str], falls: Sequence[Fall]) -> str:
    neutral, end = sweep.neutral, falls[0].end
    last = at(sweep, end, exact=True)
    where = f"{'Below' if end < neutral else 'Above'} {at(sweep, neutral, exact=True)}: " if sweep.two_sided else ""
    fallen = sorted(
        (abs(fall.at - neutral), k, name, fall.at)
        for k, (name, fall) in enumerate(zip(names, falls, strict=True))
        if fall.at is not None
    )
    held = [name for name, fall in zip(names, falls, strict=True) if fall.at is None]
    if not fallen:
        who = f"{named(held)} does not lose" if len(held) == 1 else "no checkpoint loses"
        return f"{where}{who} a tenth up to {last}{_least(sweep, falls)}."
    if len(fallen) == len(falls) > 1 and at(sweep, fallen[0][3]) == at(sweep, fallen[-1][3]):
        return f"{where}{named([name for _, _, name, _ in fallen])} lose a tenth at {at(sweep, fallen[0][3])}."
    _, _, name, value = fallen[0]
    text = f"{where}{named([name])} loses a tenth {'first, ' if len(falls) > 1 else ''}at {at(sweep, value)}"
    if held:
        least = _least(sweep, falls)
        return f"{text}; {named(held)} never {'does' if len(held) == 1 else 'do'} up to {last}{least}."
    if len(fallen) > 1:
        _, _, name, value = fallen[-1]
        text += f"; {named([name])} holds longest, to {at(sweep, value)}"
    return f"{text}."


def _least(sweep: SweepOverview, falls: Sequence[Fall]) -> str:
    """Return where the first of the intervals begins of those who do not lose a tenth; empty where all do beyond."""
    near = [fall.near for fall in falls if fall.at is None and fall.near is not None]
    if not near:
        return ""
    first = min(near, key=lambda value: abs(value - sweep.neutral))
    return f" (95 % interval from {at(sweep, first)} on)"


def _lowest(sweep: SweepOverview) -> str:
    points = ((share, k, i) for k, curve in enumerate(sweep.curves) for i, share in enumerate(curve.accuracy))
    share, k, i = min(points)
    low, high = sweep.curves[k].low[i], sweep.curves[k].high[i]
    where = at(sweep, sweep.values[i], exact=True)
    return f"Lowest: {percent(share)} ({interval(low, high)}), {named([sweep.curves[k].name])} at {where}."
