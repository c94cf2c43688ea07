"""All sentences of the page that depend on what was found, made by rules."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from robustmnist.explanation.believing import Unmeasured
from robustmnist.explanation.cases import Answer, Back, Case, Explanation
from robustmnist.explanation.methods.cells import ON_STROKES
from robustmnist.explanation.methods.registry import find_method
from robustmnist.explanation.output.request import Setup
from robustmnist.explanation.regions import shares_by_piece
from robustmnist.wording import ways_back
from robustmnist.wording.numbers import TIGHT, count, listing, percent, plain, strength
from robustmnist.wording.ways_back import LEAST, amount_text, at_part, ways_text

__all__ = [
    "answer_text",
    "back_text",
    "case_facts",
    "doubt_text",
    "logits",
    "lost_text",
    "skipped_text",
    "summary",
    "verdict_note",
]

KINDS = {"turn": "a turn", "shift": "a shift", "size": "another size", "stroke": "another stroke width"}


def logits(value: float, *, signed: bool = False) -> str:
    """Return a number of logits to one decimal."""
    return plain(value, 1, signed=signed)


def answer_text(answer: Answer) -> str:
    """Return an answer: ``2 (93.1 %)``, or ``invalid``."""
    return f"{answer.predicted} ({percent(answer.confidence)})" if answer.valid else "invalid"


def summary(explanation: Explanation, setup: Setup) -> str:
    """Return what was found for one checkpoint, in a few sentences whose subject is the checkpoint."""
    cases = explanation.cases
    wrong = sum(case.misread for case in cases)
    at = f" at {setup.value}" if setup.condition else ""
    said = [f"misreads {wrong} of these {len(cases)} digits{at}."]
    falls = [case for case in cases if case.fall]
    if falls:
        said.append(_falls(falls, setup))
    ways = [case.back for case in cases if case.back]
    if ways:
        said.append(_ways(ways))
    return " ".join(said)


def _falls(cases: Sequence[Case], setup: Setup) -> str:
    lost = np.array([case.fall.lost for case in cases if case.fall])
    whole, each = float(lost.sum(1).mean()), lost.mean(0)
    what = _what(setup)
    if not math.isfinite(whole):
        return f"Some of its answers are no numbers, so that there is no mean of {what}."
    if whole <= 0:
        return f"On average {what} does not fall: it rises by {logits(-whole)} logits."
    fall = cases[0].fall
    assert fall is not None
    most = int(each.argmax())
    first, last = (fall.frames[i].value for i in (most, most + 1))
    stops = [strength(first, setup.unit if setup.unit in TIGHT else ""), strength(last, setup.unit)]
    split = ""
    if len(each) > 1:
        split = f", {logits(float(each[most]))} of them between {stops[0]} and {stops[1]}"
    return f"On average {what} falls by {logits(whole)} logits{split}{_where(cases)}."


def _where(cases: Sequence[Case]) -> str:
    """Return where most is lost over all digits: ``, most at the lower left``; empty where it is nowhere most."""
    total: dict[str, float] = {}
    for case in cases:
        for name, share in case.lost_by_part.items():
            total[name] = total.get(name, 0.0) + share
    whole = sum(total.values())
    name = max(total, key=lambda key: total[key], default="")
    if not name or whole <= 0 or total[name] < LEAST * whole:
        return ""
    return (
        f", most {at_part(name)} ({percent(total[name] / whole, 0)})"
        if total[name] < whole
        else f", all {at_part(name)}"
    )


def _ways(ways: Sequence[tuple[Back, ...]]) -> str:
    parts = []
    for index, first in enumerate(ways[0]):
        sizes = np.array([way[index].size for way in ways])
        cured = np.isfinite(sizes)
        if cured.any():
            middle = amount_text(float(np.median(sizes[cured])), first.unit)
            parts.append(f"{int(cured.sum())} after {KINDS[first.name]} (median {middle})")
    cured, control = (
        sum(any(math.isfinite(getattr(back, size)) for back in way) for way in ways) for size in ("size", "control")
    )
    if not parts:
        return "No small change brings any of them back."
    some = f"{cured} of the {len(ways)} misread come" if len(ways) > 1 else "It comes"
    return (
        f"{some} back after a small change: {listing(parts)}. A class drawn among the others is reached for {control}."
    )


def case_facts(case: Case, explanation: Explanation, setup: Setup) -> list[tuple[str, str]]:
    """Return what is known of one digit: name and text."""
    facts = []
    last = case.views[-1].answer
    if case.fall is None:
        facts.append((_what(setup), logits(last.score, signed=True)))
    else:
        fallen = f"{logits(case.clean.answer.score, signed=True)} → {logits(last.score, signed=True)}"
        facts.append((_what(setup), fallen))
    if last.valid:
        facts.append(("runner-up", str(last.runner_up)))
    if case.fall is not None:
        flip = case.fall.flip
        neutral = case.fall.values[0]
        if flip == neutral:
            text = "already clean"
        else:
            text = "nowhere on the way" if flip is None else f"from {strength(flip, setup.unit, setup.decimals)}"
        facts.append(("misread", text))
    if math.isfinite(case.realised):
        facts.append(("measured", strength(case.realised, explanation.realised_unit, 1, signed=True)))
    if math.isfinite(case.ink_lost) and case.ink_lost >= 0.005:
        facts.append(("ink lost", percent(case.ink_lost, 0)))
    return facts


def lost_text(case: Case) -> str:
    """Return where the loss of one digit lies: ``lost 8.1 logits: 3.0 at the lower left``; empty without one."""
    if case.change is None or case.perturbed is None:
        return ""
    return ways_back.lost_text(case.lost, case.lost_by_part)


def back_text(case: Case) -> str:
    """Return the ways back of one digit: ``turn −12°, shift 2.2 px``; empty where it is read right."""
    if not case.back:
        return ""
    text = ways_text((back.name, back.size, back.arguments) for back in case.back)
    return f"read right after: {text}" if text else "no change that was tried is read right"


def doubt_text(explanation: Explanation, method: str) -> str:
    """Return what stands over maps that are not to be believed; empty over others."""
    verdict = explanation.verdicts.get(method)
    if verdict is None or verdict.believed:
        return ""
    return "not measured" if isinstance(verdict, Unmeasured) else "no reason"


def verdict_note(explanations: Sequence[Explanation], setup: Setup) -> str:
    """Return how the verdicts on methods were reached; empty where none was measured."""
    many = max((explanation.judged_on for explanation in explanations if explanation.methods), default=0)
    if not many:
        return ""
    where = f"{setup.dataset['name']} {setup.dataset['part']}"
    return (
        "Verdicts: does the answer last longer when a map’s least important ink goes first than when its most "
        "important goes (SRG), and by more than for the image itself taken as a map? Measured on "
        f"{count(many)} clean digits of {where}, drawn evenly from the classes; in brackets the 95 % interval of the "
        "paired difference. More digits, with --verdicts, tell smaller differences."
    )


def pieces_texts(case: Case, methods: Sequence[str]) -> Iterator[str]:
    """Yield for each method that leaves out pieces of strokes what each piece is worth under the last view."""
    view = case.views[-1]
    for name in methods:
        if name in ON_STROKES:
            shares = sorted(shares_by_piece(view.maps[name], view.image).items(), key=lambda item: -abs(item[1]))
            parts = [f"{piece} {logits(share, signed=True)}" for piece, share in shares]
            yield f"{find_method(name).title}: {', '.join(parts)}"


def skipped_text(explanation: Explanation) -> str:
    """Return which methods were left out and why; empty where none was."""
    return "; ".join(f"without {method}: {why}" for method, why in explanation.skipped.items())


def _what(setup: Setup) -> str:
    return "the margin" if setup.target == "margin" else "the logit"
