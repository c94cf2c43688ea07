"""The verdict on a method: whether its maps say more than a map that never asked the classifier."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from robustmnist.explanation.metrics.registry import HEADLINE, MEASURES
from robustmnist.statistics.estimates import Estimate, estimate, paired_estimate
from robustmnist.statistics.paired_tests import holm
from robustmnist.statistics.resampling import RESAMPLES

__all__ = ["AGAINST", "Verdict", "short", "verdicts"]

AGAINST = {"random": "a random map", "image": "the image itself", "edges": "the image’s edges"}
DISBELIEF = "do not read it as a reason"


@dataclass(frozen=True)
class Verdict:
    """What a method's maps of one checkpoint are worth, by one measure.

    Attributes:
        checkpoint: Its name.
        method: A key of the registry of methods.
        measure: A key of the registry of measures; `HEADLINE` as a rule.
        score: The method's own mean with its interval.
        over: Method minus control, paired over the digits, positive where the method is better; for ``random``,
            ``image`` and ``edges``. Its p is Holm's, over all methods and controls of a checkpoint.
    """

    checkpoint: str
    method: str
    measure: str
    score: Estimate
    over: Mapping[str, Estimate]

    @property
    def believed(self) -> bool:
        """Whether the 95 % interval of the difference to the image itself lies above 0."""
        return bool(self.over["image"].low > 0)

    @property
    def sentence(self) -> str:
        """The verdict in words, a clause without its subject: ``beats the image itself by .094 (.043 to .145)``."""
        image = self.over["image"]
        if image.n == 0:
            return "has no value on any of these digits"
        if self.believed:
            return f"beats {AGAINST['image']} by {short(image.mean)} ({short(image.low)} to {short(image.high)})"
        return f"does not beat {AGAINST['image']}: {DISBELIEF}"

    @property
    def figures(self) -> str:
        """The difference to the image itself: ``+.094 (+.043 to +.145)``."""
        image = self.over["image"]
        return f"{short(image.mean, True)} ({short(image.low, True)} to {short(image.high, True)})"


def verdicts(
    checkpoint: str,
    scores: Mapping[str, NDArray[np.float64]],
    measure: str = HEADLINE,
    resamples: int = RESAMPLES,
) -> list[Verdict]:
    """Return a verdict on each method, from the scores (n,) of methods and controls on the same digits, by name."""
    known = MEASURES[measure]
    sign = 1.0 if known.better == "high" else -1.0
    bound = None if known.lowest is None or known.highest is None else known.highest - known.lowest
    methods = [name for name in scores if name not in AGAINST]
    pairs = {
        (method, other): paired_estimate(sign * scores[method], sign * scores[other], bound, resamples)
        for method in methods
        for other in AGAINST
    }
    corrected = holm([pair.p for pair in pairs.values()]).tolist()
    pairs = {key: replace(pair, p=p) for (key, pair), p in zip(pairs.items(), corrected, strict=True)}
    return [
        Verdict(
            checkpoint,
            method,
            measure,
            estimate(scores[method], known.lowest, known.highest, resamples),
            {other: pairs[method, other] for other in AGAINST},
        )
        for method in methods
    ]


def short(value: float, signed: bool = False) -> str:
    """Return a score with three decimals and no zero before them: ``.094``, ``−.012``, ``1.204``.

    >>> short(0.0944), short(-0.0119), short(0.5, signed=True)
    ('.094', '−.012', '+.500')
    """
    if not np.isfinite(value):
        return "–"
    text = f"{abs(value):.3f}"
    text = text[1:] if text.startswith("0.") else text
    return ("−" if value < 0 and float(text or 0) else "+" if signed else "") + text
