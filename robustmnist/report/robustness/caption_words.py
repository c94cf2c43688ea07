"""Captions of headline, curves and tables, written from the numbers, by rules."""

from collections.abc import Sequence

from robustmnist.overview.in_words import NAME, TITLE, at, fall_text, named
from robustmnist.overview.overview import SuiteOverview, SweepOverview
from robustmnist.overview.tolerance import Fall
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import NBSP, interval, listing, percent

__all__ = [
    "HEADLINE_CAPTION",
    "HEADLINE_NOTE",
    "curve_caption",
    "curve_note",
    "natural_sentence",
    "suite_caption",
    "table_caption",
]

HEADLINE_CAPTION = f"Mean area under the accuracy curves of each suite, in{NBSP}% with 95{NBSP}% interval"
HEADLINE_NOTE = (
    f"Area under the accuracy curve, mean over the sweeps of a suite: 100{NBSP}% for a checkpoint that is never wrong. "
    f"Intervals of 95{NBSP}%, by bootstrap over images. Bold: the interval lies above all others of its row."
)


def curve_note(*, natural: bool) -> str:
    """Say how to read the curves; `natural`: whether natural variation is tinted in any panel."""
    note = (
        f"A dot is the accuracy at one strength, the band around it the 95{NBSP}% Wilson interval; the vertical line "
        "is the undisturbed digit. A ring marks the strength at which a tenth of the clean accuracy is lost, the line "
        f"through it the 95{NBSP}% interval of that strength."
    )
    if natural:
        note += (
            f" The tinted part is natural variation: there a typical digit stays within the middle 95{NBSP}% of "
            "handwriting."
        )
    return note


def table_caption(title: str, *, measured: bool) -> str:
    """Say what the table of a suite's sweeps shows; `measured`: whether any strength stands beside the asked one."""
    asked = "; strengths are those asked for, with the measured one in brackets if it differs by more than a tenth"
    return (
        f"{title}: the strength at which a tenth of clean accuracy is lost, and the area under the curve in %, "
        f"with 95 % intervals{asked if measured else ''}"
    )


def suite_caption(suite: SuiteOverview) -> str:
    """Say who keeps the most and the least, where the suite is hardest, and who falls within natural variation."""
    names = [tolerance.name for tolerance in suite.sweeps[0].tolerances]
    order = sorted(range(len(names)), key=lambda k: (-suite.areas[k].share, k))
    best, worst = suite.areas[order[0]], suite.areas[order[-1]]
    level = [k for k in range(len(names)) if suite.areas[k].high >= best.low]

    def area(k: int) -> str:
        area = suite.areas[k]
        return f"{percent(area.share)} of the area ({interval(area.low, area.high)})"

    if len(names) == 1:
        clauses = [f"{named(names)} keeps {area(0)}."]
    elif len(level) == len(names):
        clauses = [f"Their intervals overlap: {percent(worst.share)} to {percent(best.share)} of the area."]
    else:
        verb = "keeps" if len(level) == 1 else "keep"
        first = area(order[0]) if len(level) == 1 else f"{percent(best.share)} of the area and intervals that overlap"
        clauses = [
            f"{named([names[k] for k in level])} {verb} the most, {first}; {named([names[order[-1]]])} the least, "
        ]
        clauses[0] += f"{percent(worst.share)} ({interval(worst.low, worst.high)})."
    hardest = _hardest(suite)
    natural = natural_sentence(suite.sweeps)
    return " ".join(filter(None, [*clauses, hardest, natural]))


def _hardest(suite: SuiteOverview) -> str:
    sweep = suite.hardest
    falls = [
        (fall.share_of_range(sweep.neutral), tolerance.index, tolerance.name, fall)
        for tolerance in sweep.tolerances
        for fall in tolerance.falls
        if fall.at is not None
    ]
    if not falls:
        return "No checkpoint loses a tenth in any sweep."
    _, _, name, fall = min(falls, key=lambda crossing: crossing[:2])
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
        for tolerance in sweep.tolerances:
            if any(fall.at is not None and low <= fall.at <= high for fall in tolerance.falls):
                early.setdefault(tolerance.name, []).append(sweep.name)
    if not early:
        return "No checkpoint loses a tenth within natural variation."
    single_sweep = len(banded) == 1
    lost = [
        named([name]) + ("" if single_sweep else f" ({listing([shorten(where, NAME) for where in sweep_names])})")
        for name, sweep_names in early.items()
    ]
    verb = "loses" if len(lost) == 1 else "lose"
    return f"Within natural variation {listing(lost)} {verb} a tenth already."


def curve_caption(sweep: SweepOverview) -> str:
    """Say who loses a tenth first and who last, per side of the neutral strength, and the lowest point."""
    sides = [falls for falls in zip(*(tolerance.falls for tolerance in sweep.tolerances), strict=True) if falls]
    names = [tolerance.name for tolerance in sweep.tolerances]
    if all(fall.at is None for falls in sides for fall in falls):
        ends = listing([at(sweep, falls[0].end, exact=True) for falls in sides])
        who = f"{named(names)} never loses" if len(names) == 1 else "No checkpoint loses"
        least = "".join(_least(sweep, falls) for falls in sides)
        clauses = [f"{who} a tenth up to {ends}{least}."] if sides else []
    else:
        clauses = [_side(sweep, names, falls) for falls in sides]
    return " ".join([*clauses, _lowest(sweep)])


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
        text += f"; {named([name])} last, at {at(sweep, value)}"
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
