"""How to read the page: the words that its numbers have, each in a sentence, for readers who meet them first."""

from robustmnist.page.records import Fact
from robustmnist.wording.numbers import NBSP

__all__ = ["HOW_TITLE", "how_to_read"]

HOW_TITLE = "How to read this page"

_ACCURACY = Fact(
    "accuracy",
    f"The share of the digits that are read right. In brackets its 95{NBSP}% interval: of 100 such intervals, each "
    "from other digits, about 95 hold the true accuracy.",
)
_STRENGTH = Fact(
    "strength",
    "How far each digit is perturbed, in a unit of its own: pixels moved, degrees turned, times its size. The neutral "
    "strength leaves every pixel as it is.",
)
_LOST = Fact(
    "a tenth is lost",
    f"The strength at which accuracy has fallen to 90{NBSP}% of the accuracy on clean digits: how far a digit may go.",
)
_AREA = Fact(
    "area",
    f"The mean accuracy over all strengths of a curve. 100{NBSP}% is never wrong; guessing is right 10{NBSP}% of the "
    "time. It depends on the range of strengths, so compare areas of the same suite only.",
)
_CONFIDENCE = Fact(
    "confidence",
    f"The probability that the classifier gives its own answer. It can be trusted if, of all answers with 80{NBSP}% "
    f"confidence, about 80{NBSP}% are right; the calibration error is how far it is from that.",
)
_BETTER = Fact(
    "better",
    "Two checkpoints read the same digits, so they are compared digit by digit. A p-value below 0.05, corrected for "
    "the number of comparisons, says that chance alone rarely makes such a difference.",
)


def how_to_read(*, curves: bool, several: bool) -> tuple[Fact, ...]:
    """Return the words to explain; `curves`: whether the page has some, `several`: whether it compares checkpoints."""
    return (_ACCURACY, _STRENGTH, *((_LOST, _AREA) if curves else ()), _CONFIDENCE, *((_BETTER,) if several else ()))
