"""The training digits that a network likens a digit to, and those that taught it its answer."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Neighbours", "influence", "nearest", "neighbours"]

TOGETHER = 4096  # training digits compared at once


@dataclass(frozen=True, eq=False)
class Neighbours:
    """For each digit rows of training digits, int64 (B, K), most so first, with their values, float64 (B, K).

    Attributes:
        nearest: The most alike in feature space.
        cosine: How alike, −1 to 1.
        helpful: Those whose training step lowers the loss on the digit most.
        help: By how much, for a step of length one, to first order.
        harmful: Those whose training step raises it most.
        harm: By how much, negative.
    """

    nearest: NDArray[np.int64]
    cosine: NDArray[np.float64]
    helpful: NDArray[np.int64]
    help: NDArray[np.float64]
    harmful: NDArray[np.int64]
    harm: NDArray[np.float64]


def neighbours(
    features: Tensor,
    logits: Tensor,
    labels: Tensor,
    training_features: Tensor,
    training_logits: Tensor,
    training_labels: Tensor,
    *,
    count: int = 5,
) -> Neighbours:
    """Return the `count` nearest, most helpful and most harmful training digits of each digit.

    Args:
        features: float32 (B, D), as of `features_of`.
        logits: float32 (B, 10).
        labels: int64 (B,), true classes.
        training_features: float32 (N, D).
        training_logits: float32 (N, 10).
        training_labels: int64 (N,).
        count: How many; at most N.
    """
    alike, effect = [], []
    for start in range(0, len(training_features), TOGETHER):
        part = slice(start, start + TOGETHER)
        alike.append(nearest(features, training_features[part]))
        effect.append(
            influence(features, logits, labels, training_features[part], training_logits[part], training_labels[part])
        )
    cosine, effects = torch.cat(alike, 1), torch.cat(effect, 1)
    columns = []
    for values in (cosine, effects, -effects):
        order = values.argsort(stable=True, dim=1, descending=True)[:, :count]
        columns += [order.cpu().numpy(), values.gather(1, order).cpu().numpy()]
    columns[5] = -columns[5]
    return Neighbours(*columns)


def nearest(features: Tensor, training: Tensor) -> Tensor:
    """Return the cosines of all pairs, float64 (B, N)."""
    first, second = (
        part.double() / part.double().norm(dim=1, keepdim=True).clamp(min=1e-12) for part in (features, training)
    )
    cosine: Tensor = first @ second.T
    return cosine


def influence(
    features: Tensor,
    logits: Tensor,
    labels: Tensor,
    training_features: Tensor,
    training_logits: Tensor,
    training_labels: Tensor,
) -> Tensor:
    """Return the exact influence through the last layer of all pairs, float64 (B, N).

    The product of two slopes of the cross-entropy with respect to the last layer's weights and bias:
    ``⟨p − y, p′ − y′⟩ · (⟨h, h′⟩ + 1)``, p the softmax, y the label, h the features. Positive: a training step on the
    training digit lowers the loss on the digit.

    Source: Pruthi, Liu, Kale, Sundararajan 2020, arXiv:2002.08484 (TracIn), at the final weights, last layer only.
    """
    errors = [
        torch.softmax(table.double(), 1) - torch.nn.functional.one_hot(classes, 10).double()
        for table, classes in ((logits, labels), (training_logits, training_labels))
    ]
    return (errors[0] @ errors[1].T) * (features.double() @ training_features.double().T + 1)
