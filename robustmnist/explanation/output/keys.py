"""How each column of maps is to be read: meaning, unit, scale, whether it adds up, and what it is worth."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from robustmnist.explanation.cases import Explanation
from robustmnist.explanation.methods.method import Method
from robustmnist.explanation.methods.registry import find_method
from robustmnist.explanation.output.request import Setup
from robustmnist.explanation.output.scales import CHANGE, scale_text, scales
from robustmnist.page.map_picture import heat, png
from robustmnist.page.png import uri
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import percent

__all__ = ["MethodKey", "method_keys"]

NAME = 40


@dataclass(frozen=True)
class Worth:
    """A line about one checkpoint: the scale of its maps and the verdict on them."""

    checkpoint: str
    scale: str
    verdict: str
    believed: bool


@dataclass(frozen=True)
class MethodKey:
    """A column of maps as the page explains it.

    Attributes:
        title: Its heading.
        reading: What a value means.
        source: Where it is from.
        low: What stands at the left end of the colour bar.
        high: What stands at its right end.
        unit: What stands in the middle.
        bar: The colour bar, a data address.
        notes: Warnings and gaps.
        worth: A line for each checkpoint.
    """

    title: str
    reading: str
    source: str
    low: str
    high: str
    unit: str
    bar: str
    notes: tuple[str, ...]
    worth: tuple[Worth, ...]


def method_keys(explanations: list[Explanation], setup: Setup) -> tuple[MethodKey, ...]:
    """Return the columns in the order of the page."""
    keys = []
    if any(case.change is not None for explanation in explanations for case in explanation.cases):
        gap = max(case.fall.gap for explanation in explanations for case in explanation.cases if case.fall)
        what = "margin" if setup.target == "margin" else "logit"
        keys.append(
            MethodKey(
                CHANGE,
                f"this pixel’s share of the {what} lost between the clean and the perturbed digit; the shares add up "
                "to the loss, and ink that did not change has none. Below, the same along the way, from strength to "
                "strength",
                "integrated gradients from digit to digit",
                "helped",
                "cost",
                "logits",
                _bar(signed=True),
                tuple(_change_notes(gap)),
                tuple(
                    Worth(
                        shorten(explanation.checkpoint, NAME),
                        f"full colour {scale_text(scales(explanation)[CHANGE])}",
                        "",
                        True,
                    )
                    for explanation in explanations
                ),
            )
        )
    for name in dict.fromkeys(name for explanation in explanations for name in explanation.methods):
        method = find_method(name)
        able = [explanation for explanation in explanations if name in explanation.methods]
        keys.append(
            MethodKey(
                method.title,
                method.reading,
                method.source,
                "against" if method.signed else "0",
                "for the target" if method.signed else "much",
                method.unit,
                _bar(signed=method.signed),
                tuple(_notes(name, method, able)),
                tuple(_worth(name, method, explanation) for explanation in able),
            )
        )
    return tuple(keys)


def _change_notes(gap: float) -> Iterator[str]:
    if np.isfinite(gap):
        yield f"Along the way the shares miss the loss by at most {percent(gap, 1)}."
    yield "No verdict: a control would have to know the perturbation; that the shares add up is all that is checked."


def _worth(name: str, method: Method, explanation: Explanation) -> Worth:
    verdict = explanation.verdicts.get(name)
    own = method.kind == "activity"
    scale = "each map its own scale" if own else f"full colour {scale_text(scales(explanation)[name])}"
    return Worth(
        shorten(explanation.checkpoint, NAME),
        scale,
        verdict.sentence if verdict else "",
        verdict is None or verdict.believed,
    )


def _notes(name: str, method: Method, explanations: list[Explanation]) -> list[str]:
    notes = [method.warning] if method.warning else []
    gaps = [explanation.gaps[name] for explanation in explanations if name in explanation.gaps]
    if gaps:
        notes.append(f"The shares miss the difference by at most {percent(max(gaps), 2)}.")
    maps = [each for explanation in explanations for each in explanation.maps(name)]
    blank = sum(not np.nan_to_num(each).any() for each in maps)
    if blank:
        notes.append(f"{blank} of {len(maps)} maps are blank: they hold 0 everywhere.")
    return notes


def _bar(*, signed: bool) -> str:
    ramp = np.linspace(-1 if signed else 0, 1, 61, dtype=np.float32)
    return uri(png(heat(ramp[None, :])))
