"""An answer of a checkpoint to one image."""

from dataclasses import dataclass

from robustmnist.statistics.decisions import INVALID

__all__ = ["Answer"]


@dataclass(frozen=True)
class Answer:
    """What a checkpoint answered to an image.

    Attributes:
        predicted: The predicted class, or `robustmnist.statistics.decisions.INVALID`.
        confidence: Its softmax probability, with the card's temperature where there is one; NaN where invalid.
        runner_up: The class that came second; `INVALID` where invalid.
        score: The target: a logit or a margin.
    """

    predicted: int
    confidence: float
    runner_up: int
    score: float

    @property
    def valid(self) -> bool:
        """Whether the logits were finite, so that there is a prediction."""
        return self.predicted != INVALID
