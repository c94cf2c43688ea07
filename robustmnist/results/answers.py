"""The answers of one checkpoint under one setting, all variants together, at a temperature."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from robustmnist.predictions import Predictions
from robustmnist.results.decisions import Decisions, decide
from robustmnist.results.ranking import Ranking, rank

__all__ = ["Answers", "answers", "pooled", "tempered"]


@dataclass(frozen=True)
class Answers:
    """The valid answers among `n · variants`, in the order of the variants and the images.

    Attributes:
        log_odds: Of the predicted class, at the temperature; float64 (k,).
        right: Whether the answer is right, bool (k,).
        invalid: How many answers had a NaN or an infinity among their logits and are not in the arrays.
    """

    log_odds: NDArray[np.float64]
    right: NDArray[np.bool_]
    invalid: int

    @property
    def confidence(self) -> NDArray[np.float64]:
        """The softmax probability of the predicted class, float64 (k,)."""
        confidence: NDArray[np.float64] = expit(self.log_odds)
        return confidence

    @cached_property
    def ranking(self) -> Ranking:
        """The answers in the order of their log-odds, surest first."""
        return rank(self.log_odds)


def answers(
    predictions: Predictions,
    checkpoint: str,
    suite: str | None = None,
    sweep: str | None = None,
    value: float | None = None,
    temperature: float = 1.0,
) -> Answers:
    """Return the valid answers under one setting; without a suite those on the clean images.

    Raises:
        RunError: If the setting was not evaluated.
        ValueError: If the temperature is not a positive number.
    """
    tables = predictions.at(checkpoint, suite, sweep, value)
    return pooled([decide(tempered(logits, temperature)) for logits in tables], predictions.labels)


def pooled(decisions: list[Decisions], labels: NDArray[np.int64]) -> Answers:
    """Return the valid answers of several variants, each decided on the images with `labels`."""
    valid = np.concatenate([one.valid for one in decisions])
    right = np.concatenate([one.predicted == labels for one in decisions])
    log_odds = np.concatenate([one.log_odds for one in decisions])
    return Answers(log_odds[valid], right[valid], int(np.count_nonzero(~valid)))


def tempered(logits: NDArray[np.float32], temperature: float) -> NDArray[np.floating]:
    """Return `logits` (…, 10) divided by the temperature, in float64 where that changes anything.

    Raises:
        ValueError: If the temperature is not a positive number.
    """
    if not 0.0 < temperature < np.inf:
        raise ValueError(f"temperature is {temperature}: it is a positive number")
    return logits if temperature == 1.0 else np.asarray(logits, np.float64) / temperature
