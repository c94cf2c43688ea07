"""What the confidence of a checkpoint is worth, in words, by rules."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from robustmnist.wording.numbers import NBSP, interval, listing, percent

__all__ = [
    "CLEAN",
    "DIAGRAM_NOTE",
    "Confidence",
    "Error",
    "confidence_text",
    "reliability_caption",
    "risk_caption",
    "score_note",
    "tempered_text",
    "trust_answer",
]

CLEAN = "Clean digits"
DIAGRAM_NOTE = (
    f"In a reliability diagram a dot is a bin of answers with its 95{NBSP}% interval; on the diagonal the answers "
    "are right as often as their confidence says, below it less often. A bar counts the answers of a bin: its height "
    "is the square root of their share. Beside it: how often a checkpoint is wrong when it gives only its most "
    "confident answers."
)


@dataclass(frozen=True)
class Error:
    """A calibration error and its 95 % interval, shares; all NaN where no answer was valid."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Confidence:
    """How often one checkpoint is right under one setting, with its 95 % interval, and its mean confidence.

    Attributes:
        name: The checkpoint.
        where: The setting, as it goes on after "at" or "on".
        accuracy: Share of right answers.
        low: Lower end of its interval.
        high: Upper end.
        confidence: Mean confidence; NaN where no answer was valid.
    """

    name: str
    where: str
    accuracy: float
    low: float
    high: float
    confidence: float

    @property
    def gap(self) -> float:
        """Confidence minus accuracy: positive where it is over-confident; NaN without a valid answer."""
        return self.confidence - self.accuracy

    @property
    def honest(self) -> bool:
        """Whether the mean confidence lies within the interval of the accuracy."""
        return self.low <= self.confidence <= self.high


def confidence_text(confidence: Confidence) -> str:
    """Say whether one checkpoint is over- or under-confident, and by how much."""
    if confidence.confidence != confidence.confidence:
        return "gave no valid answer"
    numbers = f"{percent(confidence.accuracy)} right, mean confidence {percent(confidence.confidence)}"
    if confidence.honest:
        return f"as confident as it is accurate ({numbers})"
    return f"{'over' if confidence.gap > 0 else 'under'}-confident by {_points(confidence.gap)} ({numbers})"


def reliability_caption(measured: Sequence[Confidence]) -> str:
    """Say for each checkpoint under one setting what its confidence is worth."""
    clauses = [
        f"{error.name} {'' if math.isnan(error.confidence) else 'is '}{confidence_text(error)}" for error in measured
    ]
    return f"{'; '.join(clauses)}."


def trust_answer(clean: Confidence, shifted: Sequence[Confidence]) -> str:
    """Say in one sentence, without the name at its start, how honest a checkpoint is: clean, and where it is least so.

    Only settings at which the mean confidence is outside the interval of the accuracy count as dishonest.
    """
    text = f"is {_is(clean)} on clean digits"
    off = [error for error in shifted if error.gap == error.gap and not error.honest]
    if not shifted:
        return f"{text}."
    if not off:
        return f"{text} and as confident as it is accurate at every setting shown."
    worst = max(off, key=lambda error: abs(error.gap))
    over, under = sum(error.gap > 0 for error in off), sum(error.gap < 0 for error in off)
    counted = [f"{word}-confident at {number}" for word, number in (("over", over), ("under", under)) if number]
    if len(shifted) == 1:
        return f"{text}, and at {worst.where} {confidence_text(worst)}."
    often = f"{listing(counted)} of {len(shifted)} perturbed settings"
    return f"{text}, and {often}, most at {worst.where}: {confidence_text(worst)}."


def risk_caption(names: Sequence[str], whole: Sequence[float], half: Sequence[float]) -> str:
    """Say for each checkpoint how often it is wrong over all answers, and among the more confident half of them."""
    clauses = [
        f"{name} {percent(a)} of all answers, {percent(b)} of the more confident half"
        for name, a, b in zip(names, whole, half, strict=True)
        if a == a
    ]
    return f"Wrong: {'; '.join(clauses)}." if clauses else "No valid answer."


def score_note(titles: Mapping[str, str], lower: Sequence[str], higher: Sequence[str], *, tempered: bool) -> str:
    """Say what the scores are.

    Args:
        titles: What each score is, by its label.
        lower: Labels of those that are better when lower.
        higher: Labels of those that are better when higher.
        tempered: Whether any score is shown with a fitted temperature too.
    """
    better = [f"{listing(labels)} when {way}" for labels, way in ((lower, "lower"), (higher, "higher")) if labels]
    direction = "All are better when lower" if len(lower) == len(titles) else f"Better: {'; '.join(better)}"
    note = (
        f"Clean, and in each suite’s hardest sweep at the strength marked ◆, each with its 95{NBSP}% interval from "
        f"resampled digits. {direction}. {' '.join(f'{label}: {title}.' for label, title in titles.items())}"
    )
    if tempered:
        note += (
            " T: the logits divided by the checkpoint’s temperature, which was fitted on validation digits and is the "
            "same at every setting."
        )
    return note


def tempered_text(temperature: float, raw: Sequence[Error], tempered: Sequence[Error]) -> str:
    """Say what a fitted temperature does to a checkpoint's calibration error, without its name at the start.

    Args:
        temperature: By which the logits are divided.
        raw: The error on clean digits, then at each shifted setting.
        tempered: The same with the temperature.
    """
    which = "raises" if temperature < 1 else "lowers" if temperature > 1 else "keeps"
    start = f"with its fitted temperature of {temperature:.2f}, which {which} its confidence, has a calibration error"
    known = [(a, b) for a, b in zip(raw[1:], tempered[1:], strict=True) if a.value == a.value]
    smaller = sum(b.value < a.value for a, b in known)
    apart = sum(b.high < a.low for a, b in known)
    settings = f"{smaller} of {len(known)} perturbed setting{'s' if len(known) > 1 else ''}"
    shifted = f" smaller than without it at {settings}, at {apart} with intervals that do not overlap" if known else ""
    if raw[0].value != raw[0].value:
        return f"{start}{shifted}." if shifted else "gave no valid answer."
    clean = f"{start} of {_points(tempered[0].value)} (95{NBSP}% interval {_ends(tempered[0])}) on clean digits"
    clean += f"; without it {_points(raw[0].value)} ({_ends(raw[0])})"
    return f"{clean}. The error with it is{shifted}." if shifted else f"{clean}."


def _is(confidence: Confidence) -> str:
    return "without a valid answer" if confidence.confidence != confidence.confidence else confidence_text(confidence)


def _points(gap: float) -> str:
    return f"{percent(abs(gap), sign=False)}{NBSP}points"


def _ends(error: Error) -> str:
    return interval(error.low, error.high)
