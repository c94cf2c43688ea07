"""The strength at which a digit is misread for the first time."""

from robustmnist.predictions import Predictions
from robustmnist.statistics.decisions import decide
from robustmnist.suites.sides import sides

__all__ = ["first_misread"]


def first_misread(
    predictions: Predictions, checkpoint: str, suite: str, sweep: str, variant: int, row: int, value: float
) -> float:
    """Return the strength at which an image is first misread on the way from neutral to `value`; NaN: unperturbed.

    Only `variant` counts, which is that of the picture that is shown. With a single variant it is the first failure of
    `robustmnist.results.critical_severity`.

    Args:
        predictions: What was evaluated.
        checkpoint: Who reads.
        suite: Name of the suite.
        sweep: Name of the sweep, a curve.
        variant: Its index in the sweep's variants.
        row: The image's row in the predictions.
        value: A value of the sweep, not the neutral value, at which the image is misread.

    Raises:
        RunError: If the checkpoint or the sweep was not evaluated.
    """
    chosen = predictions.sweep(suite, sweep)
    logits = predictions.logits[suite, sweep][predictions.index(checkpoint), :, variant, row]
    right = decide(logits).predicted == predictions.labels[row]
    side = next(side for side in sides(chosen) if value in side.strengths and value != chosen.neutral)
    first = next(float(strength) for strength, index in zip(side.strengths, side.at, strict=True) if not right[index])
    return float("nan") if first == chosen.neutral else first
