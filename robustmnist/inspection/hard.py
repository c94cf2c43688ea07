"""Which digits checkpoints find hard, and which labels they agree to doubt."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.data import Dataset
from robustmnist.statistics.decisions import INVALID, decide
from robustmnist.statistics.proper_scores import log_likelihoods

__all__ = ["Hard", "hard_digits"]


@dataclass(frozen=True)
class Hard:
    """What checkpoints say about the digits of a data set.

    Attributes:
        names: Of the checkpoints.
        loss: Mean over them of the negative log-likelihood of the label, (n,).
        predicted: Answers, int64 (checkpoints, n).
        confidence: Of these, (checkpoints, n).
        doubted: Rows of digits for which all of two or more checkpoints give one other class than the label, the most
            confident first by their least confident one.
    """

    names: tuple[str, ...]
    loss: NDArray[np.float64]
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float64]
    doubted: NDArray[np.int64]


def hard_digits(
    dataset: Dataset, labels: NDArray[np.int64], checkpoints: Mapping[str, Callable[[Tensor], Tensor]]
) -> Hard:
    """Ask every checkpoint about every digit.

    Args:
        dataset: The digits.
        labels: Their classes.
        checkpoints: Name to a function from images to logits.
    """
    losses, predicted, confidence = [], [], []
    for answer in checkpoints.values():
        logits = answer(dataset.images).cpu().numpy()
        decisions = decide(logits)
        losses.append(-log_likelihoods(logits, labels, decisions))
        predicted.append(decisions.predicted)
        confidence.append(decisions.confidence)
    answers, confidences = np.stack(predicted).astype(np.int64), np.stack(confidence)
    agreed = (answers == answers[0]).all(0) & (answers[0] != labels) & (answers[0] != INVALID)
    rows = np.flatnonzero(agreed) if len(answers) > 1 else np.zeros(0, np.int64)
    order = np.argsort(-confidences.min(0)[rows], kind="stable")
    return Hard(tuple(checkpoints), np.mean(losses, axis=0), answers, confidences, rows[order])
