"""What galleries of two checkpoints say: who misreads what, with which confidence, and what the other answers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from robustmnist.wording.digits import digit_text
from robustmnist.wording.numbers import count, percent

__all__ = ["CLEAN", "Overruled", "answer_text", "gallery_caption"]

CLEAN = "clean"


@dataclass(frozen=True)
class Overruled:
    """A mistake that another checkpoint does not make, in words: classes, both confidences, the setting ("": clean)."""

    label: int
    predicted: int
    confidence: float
    confidence_right: float
    where: str


def gallery_caption(wrong: str, right: str, clean: int, shown: Sequence[Overruled], missing: int = 0) -> str:
    """Say how many clean digits only one of the two reads, the most confident mistake, and what has no picture.

    Args:
        wrong: Who errs.
        right: Who does not.
        clean: How many clean digits `wrong` misreads and `right` reads.
        shown: The mistakes that are shown, the most confident of them anywhere.
        missing: Of how many the run kept no picture.
    """
    text = f"{right} reads {count(clean)} clean digit{'' if clean == 1 else 's'} right that {wrong} gets wrong."
    if shown:
        # NaN, an answer that is none, is never the most confident.
        most = max(shown, key=lambda overruled: -1.0 if math.isnan(overruled.confidence) else overruled.confidence)
        confidence, other = percent(most.confidence, 2), percent(most.confidence_right, 2)
        read = f"read as {most.predicted} with {confidence}" if most.predicted >= 0 else "without a valid answer"
        where = most.where or "clean"
        text += f" The most confident mistake shown: {digit_text(most.label)} {read} ({where}); "
        text += f"{right} is right with {other}."
    if missing:
        which = "any of these" if missing == len(shown) else f"{count(missing)} of these {count(len(shown))}"
        text += f" The run kept no picture of {which}."
    return text


def answer_text(predicted: int, confidence: float) -> str:
    """Say which class was read and with which confidence; −1: no valid answer."""
    return f"{predicted}, {percent(confidence, 2)}" if predicted >= 0 else "no valid answer"
