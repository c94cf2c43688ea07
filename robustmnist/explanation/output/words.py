"""All sentences of the page that depend on what was found, made by rules."""

import math
from collections.abc import Sequence

import numpy as np

from robustmnist.explanation.cases import Answer, Back, Case, Explanation
from robustmnist.explanation.output.request import Setup
from robustmnist.explanation.regions import shares_by_region
from robustmnist.wording.numbers import TIGHT, listing, percent, plain, strength

__all__ = ["answer_text", "back_text", "case_facts", "logits", "lost_text", "skipped_text", "summary"]

SEVERAL = 2  # parts of a digit that a sentence names at most
KINDS = {"turn": "a turn", "shift": "a shift", "size": "another size", "stroke": "another stroke width"}
LEAST = 0.15  # of the whole loss: what a part needs to be named


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
        if case.change is not None and case.perturbed is not None:
            for name, share in shares_by_region(case.change, case.clean.image, case.perturbed.image).items():
                total[name] = total.get(name, 0.0) + share
    whole = sum(total.values())
    name = max(total, key=lambda key: total[key], default="")
    if not name or whole <= 0 or total[name] < LEAST * whole:
        return ""
    return f", most {_at(name)} ({percent(total[name] / whole, 0)})" if total[name] < whole else f", all {_at(name)}"


def _ways(ways: Sequence[tuple[Back, ...]]) -> str:
    parts = []
    for index, first in enumerate(ways[0]):
        sizes = np.array([way[index].size for way in ways])
        cured = np.isfinite(sizes)
        if cured.any():
            parts.append(
                f"{int(cured.sum())} after {KINDS[first.name]} (median {_amount(np.median(sizes[cured]), first)})"
            )
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
            text = "nowhere on the way" if flip is None else f"from {strength(flip, setup.unit, setup.places)}"
        facts.append(("misread", text))
    if math.isfinite(case.realised):
        facts.append(("measured", strength(case.realised, explanation.realised_unit, 1, signed=True)))
    if math.isfinite(case.ink_lost) and case.ink_lost >= 0.005:
        facts.append(("ink lost", percent(case.ink_lost, 0)))
    return facts


def lost_text(case: Case) -> str:
    """Return where the loss of one digit lies: ``lost 8.1 logits: 3.0 lower left, 2.2 top``; empty without one."""
    if case.change is None or case.perturbed is None:
        return ""
    shares = shares_by_region(case.change, case.clean.image, case.perturbed.image)
    whole = case.clean.answer.score - case.perturbed.answer.score
    if not math.isfinite(whole):
        return ""
    if whole <= 0:
        return f"gained {logits(-whole)} logits"
    named = sorted(shares.items(), key=lambda item: -item[1])[:SEVERAL]
    parts = [f"{logits(share)} {_at(name)}" for name, share in named if share >= LEAST * whole]
    return f"lost {logits(whole)} logits" + (f": {', '.join(parts)}" if parts else "")


def back_text(case: Case) -> str:
    """Return the ways back of one digit: ``turn −12°, shift 2.2 px``; empty where it is read right."""
    if not case.back:
        return ""
    parts = [f"{back.name} {_size(back)}" for back in case.back if math.isfinite(back.size)]
    return f"read right after: {' or '.join(parts)}" if parts else "no change that was tried is read right"


def skipped_text(explanation: Explanation) -> str:
    """Return which methods were left out and why; empty where none was."""
    return "; ".join(f"without {method}: {why}" for method, why in explanation.skipped.items())


def _amount(size: float, back: Back) -> str:
    """Return the size of a change without its direction: ``12°``, ``2.2 px``, ``35 %``."""
    return percent(size, 0) if back.unit == "×" else strength(float(f"{size:.2g}"), back.unit)


def _size(back: Back) -> str:
    match back.name:
        case "turn":
            return strength(back.arguments["angle"], back.unit, signed=True)
        case "shift":
            return f"{plain(back.size, 1)}{chr(0xA0)}px {_direction(back.arguments['dx'], back.arguments['dy'])}"
        case "size":
            return f"×{plain(back.arguments['factor'], 2)}"
        case _:
            return strength(back.arguments["change"], back.unit, signed=True)


def _direction(dx: float, dy: float) -> str:
    down = "down" if dy > 0 else "up" if dy < 0 else ""
    across = "right" if dx > 0 else "left" if dx < 0 else ""
    return " ".join(filter(None, (down, across)))


def _at(region: str) -> str:
    return "in the middle" if region == "middle" else f"at the {region}"


def _what(setup: Setup) -> str:
    return "the margin" if setup.target == "margin" else "the logit"
