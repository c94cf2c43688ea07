"""Which answers were right: one bit per checkpoint, value, variant and image, from which most statistics start."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from robustmnist.predictions import Predictions
from robustmnist.results.remembered import remembered

__all__ = ["accuracies", "clean_right", "hits", "right", "right_answers"]

Scalar = TypeVar("Scalar", bound=np.generic)


def right_answers(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which rows of `logits` (…, n, 10) decide for `labels` (n,), bool (…, n); as `decide`, but faster.

    The highest logit wins, the lowest class among equals, and a row with a NaN or an infinity is wrong.
    """
    right: NDArray[np.bool_] = (logits.argmax(axis=-1) == labels) & np.isfinite(logits).all(axis=-1)
    return right


@remembered
def clean_right(predictions: Predictions) -> NDArray[np.bool_]:
    """Return which clean images each checkpoint reads right, bool (M, n); read-only."""
    return _frozen(right_answers(predictions.clean, predictions.labels))


def right(predictions: Predictions, suite: str, sweep: str) -> NDArray[np.bool_]:
    """Return which answers of a sweep are right, bool (M, V, R, n): M checkpoints, V values, R variants.

    Raises:
        RunError: If the sweep was not evaluated.
    """
    predictions.sweep(suite, sweep)
    return np.unpackbits(_packed(predictions, suite, sweep), axis=-1, count=len(predictions)).view(np.bool_)


@remembered
def hits(predictions: Predictions, suite: str, sweep: str) -> NDArray[np.uint16]:
    """Return in how many of a sweep's R variants each image is read right, uint16 (M, V, n); read-only.

    Raises:
        RunError: If the sweep was not evaluated.
    """
    return _frozen(right(predictions, suite, sweep).sum(axis=2, dtype=np.uint16))


def accuracies(predictions: Predictions, suite: str, sweep: str) -> NDArray[np.float64]:
    """Return the accuracies of a sweep, over images and variants, float64 (M, V).

    Raises:
        RunError: If the sweep was not evaluated.
    """
    correct = hits(predictions, suite, sweep).sum(axis=2, dtype=np.int64)
    answers = len(predictions) * predictions.logits[suite, sweep].shape[2]
    accuracy: NDArray[np.float64] = correct / answers
    return accuracy


@remembered
def _packed(predictions: Predictions, suite: str, sweep: str) -> NDArray[np.uint8]:
    # Eight answers to a byte: the answers of a whole run stay in memory, its logits need not.
    logits = predictions.logits[suite, sweep]
    m, v, r, n, _ = logits.shape
    packed = np.empty((m, v, r, (n + 7) // 8), np.uint8)
    for setting in np.ndindex(m, v, r):
        packed[setting] = np.packbits(right_answers(logits[setting], predictions.labels))
    return packed


def _frozen(array: NDArray[Scalar]) -> NDArray[Scalar]:
    array.flags.writeable = False
    return array
