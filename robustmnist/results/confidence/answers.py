"""The answers of one checkpoint under one setting, all variants together, at a temperature."""

from robustmnist.predictions import Predictions
from robustmnist.statistics.answers import Answers, pooled, tempered
from robustmnist.statistics.decisions import decide

__all__ = ["answers"]


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
