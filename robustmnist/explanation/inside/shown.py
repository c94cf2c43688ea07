"""Digits that stand for others or beside another: the middle of a cluster, the training digits most like a digit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.explanation.cases import Explanation, Map
from robustmnist.explanation.inside.features import features_of
from robustmnist.explanation.inside.first_failures import Followed
from robustmnist.explanation.inside.groups import Group, clusters
from robustmnist.explanation.inside.kept_features import kept_features
from robustmnist.explanation.inside.neighbours import neighbours
from robustmnist.explanation.subject import Subject

if TYPE_CHECKING:
    from robustmnist.data import Dataset

__all__ = ["Shown", "cluster_medoids", "logits_of", "nearest_digits"]

ALIKE = 5  # training digits shown for each digit
CLUSTERS = 6  # of the largest group


@dataclass(frozen=True, eq=False)
class Shown:
    """A digit that stands for others or beside another: image, true class, id, and a number about it."""

    image: Map
    label: int
    id: int
    number: float


def cluster_medoids(
    subject: Subject, data: "Dataset", sweeps: Sequence[Followed], mistakes: list[Group]
) -> tuple[tuple[Shown, ...], int]:
    """Return the middle digit of each cluster of the largest group, and how many are in none."""
    if not mistakes:
        return (), 0
    largest = mistakes[0]
    images = _as_seen(data, next((sweep for sweep in sweeps if sweep.name == largest.condition), None), largest)
    features = features_of(subject, images)
    if features is None:
        return (), len(largest.rows)
    some, alone = clusters(features, np.arange(len(largest.rows), dtype=np.int64))
    shown = tuple(
        Shown(
            images[cluster.medoid, 0].cpu().numpy(),
            largest.true,
            int(data.ids[int(largest.rows[cluster.medoid])]),
            len(cluster.rows),
        )
        for cluster in some[:CLUSTERS]
    )
    return shown, alone


def _as_seen(data: "Dataset", followed: Followed | None, group: Group) -> Tensor:
    """Return the digits of a group as they were first misread."""
    digits = data.select(data.ids[torch.from_numpy(group.rows).to(data.device)])
    images = digits.images.clone()
    if followed is None:
        return images
    for value in np.unique(group.values):
        rows = torch.from_numpy(np.flatnonzero(group.values == value)).to(data.device)
        images[rows] = followed.apply(digits.select(digits.ids[rows]), float(value))
    return images


def nearest_digits(
    subject: Subject,
    explanation: Explanation,
    training: "Dataset",
    folder: Path | None,
    advance: Callable[[int], None],
) -> tuple[tuple[tuple[Shown, ...], ...], tuple[tuple[Shown, ...], ...]]:
    """Return for each explained digit the training digits most like it, and those that taught most against it."""
    images = torch.from_numpy(np.stack([case.views[-1].image for case in explanation.cases]))[:, None]
    images = images.to(training.device)
    features = features_of(subject, images)
    if folder is None:
        known = features_of(subject, training.images, advance)
    else:
        known = kept_features(subject, training, folder, advance)
    if features is None or known is None:
        return (), ()
    labels = torch.tensor([case.label for case in explanation.cases], dtype=torch.int64, device=training.device)
    near = neighbours(
        features, logits_of(subject, images), labels, known, logits_of(subject, training.images), training.labels,
        count=ALIKE,
    )  # fmt: skip
    return _shown(near.nearest, near.cosine, training), _shown(near.harmful, near.harm, training)


def _shown(rows: NDArray[np.int64], numbers: NDArray[np.float64], training: "Dataset") -> tuple[tuple[Shown, ...], ...]:
    images = training.rows(torch.from_numpy(rows.ravel()).to(training.device))[:, 0].cpu().numpy()
    images = images.reshape(*rows.shape, 28, 28)
    labels, ids = training.labels.cpu().numpy()[rows], training.ids.cpu().numpy()[rows]
    return tuple(
        tuple(
            Shown(images[i, j], int(labels[i, j]), int(ids[i, j]), float(numbers[i, j])) for j in range(rows.shape[1])
        )
        for i in range(rows.shape[0])
    )


def logits_of(subject: Subject, images: Tensor) -> Tensor:
    """Return the logits of images, without gradients."""
    with torch.no_grad():
        return subject.answer(images).clone()
