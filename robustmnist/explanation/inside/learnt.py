"""What checkpoints have learnt, gathered for a page: each checkpoint as a whole, and each explained digit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.explanation.cases import Explanation, Map
from robustmnist.explanation.condition import Condition
from robustmnist.explanation.inside.activations import activation_maps
from robustmnist.explanation.inside.excited import Excited, excite
from robustmnist.explanation.inside.features import features_of
from robustmnist.explanation.inside.filters import first_filters
from robustmnist.explanation.inside.groups import Group, clusters, groups
from robustmnist.explanation.inside.neighbours import neighbours
from robustmnist.explanation.subject import Subject, subject_of
from robustmnist.statistics.decisions import decide

if TYPE_CHECKING:
    from robustmnist.data import Dataset
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["Learnt", "Shown", "learnt"]

CHANNELS = 3  # of each layer, that are shown at rising strength
ALIKE = 5  # training digits shown for each digit
CLUSTERS = 6  # of the largest group


@dataclass(frozen=True, eq=False)
class Shown:
    """A digit that stands for others or beside another: image, true class, id, and a number about it."""

    image: Map
    label: int
    id: int
    number: float


@dataclass(frozen=True, eq=False)
class Learnt:
    """What one checkpoint has learnt.

    Attributes:
        filters: Those of the first layer, strongest first, float32 (C, h, w); None where it sees no image.
        excited: Images that excite each class; None where there are no slopes.
        read: What each checkpoint reads in them, int64 (10, S), by its name.
        groups: Of mistakes, largest first.
        clusters: Of the largest group: the medoid of each, with the number of members.
        alone: How many of the largest group are in no cluster.
        activations: For each digit, for each convolution: float32 (frames, channels, H, W).
        alike: For each digit the nearest training digits, with the cosine.
        harmful: For each digit the training digits whose step raises its loss most, with by how much.
    """

    filters: NDArray[np.float32] | None
    excited: Excited | None
    read: Mapping[str, NDArray[np.int64]]
    groups: tuple[Group, ...]
    clusters: tuple[Shown, ...]
    alone: int
    activations: tuple[tuple[NDArray[np.float32], ...], ...]
    alike: tuple[tuple[Shown, ...], ...]
    harmful: tuple[tuple[Shown, ...], ...]


def learnt(
    checkpoints: "Mapping[str, Checkpoint]",
    explanations: list[Explanation],
    data: "Dataset",
    training: "Dataset",
    conditions: Sequence[Condition],
    *,
    seed: int = 0,
    on_progress: Callable[[int, int, int], None] | None = None,
) -> list[Learnt]:
    """Return what each checkpoint has learnt, in the order of the explanations.

    Args:
        checkpoints: Name to checkpoint, as they were explained.
        explanations: Of the same checkpoints, whose digits are looked at closely.
        data: The digits among which mistakes are grouped.
        training: The digits among which those that are alike are looked for.
        conditions: Under which mistakes are grouped, beside clean.
        seed: Of the images that excite a class.
        on_progress: Called as ``on_progress(done, total, done)`` in training digits read.
    """
    seen = {"clean": data.images} | {condition.words: condition.apply(data) for condition in conditions}
    subjects = {one.checkpoint: subject_of(checkpoints[one.checkpoint]) for one in explanations}
    total, done = len(training) * len(subjects), 0

    def advance(images: int) -> None:
        nonlocal done
        done += images
        if on_progress is not None:
            on_progress(done, total, done)

    return [_of(one, subjects, data, seen, training, seed, advance) for one in explanations]


def _of(
    explanation: Explanation,
    subjects: dict[str, Subject],
    data: "Dataset",
    seen: dict[str, Tensor],
    training: "Dataset",
    seed: int,
    advance: Callable[[int], None],
) -> Learnt:
    subject = subjects[explanation.checkpoint]
    answers = {name: decide(_logits(subject, images).cpu().numpy()).predicted for name, images in seen.items()}
    found = groups(data.labels.cpu().numpy(), answers)
    shown, alone = _clusters(subject, data, seen, found)
    excited = excite(subject, seed=seed, device=data.device) if subject.fast else None
    read = {name: excited.read_by(other.answer, data.device) for name, other in subjects.items()} if excited else {}
    alike, harmful = _neighbours(subject, explanation, training, advance)
    frames = [
        [frame.image for frame in case.fall.frames] if case.fall else [view.image for view in case.views]
        for case in explanation.cases
    ]
    activations = tuple(
        tuple(
            layer.cpu().numpy()
            for layer in activation_maps(subject, torch.from_numpy(np.stack(images))[:, None].to(data.device), CHANNELS)
        )
        for images in frames
    )
    filters = first_filters(subject.trained) if subject.trained is not None else None
    return Learnt(filters, excited, read, tuple(found), shown, alone, activations, alike, harmful)


def _clusters(
    subject: Subject, data: "Dataset", seen: dict[str, Tensor], found: list[Group]
) -> tuple[tuple[Shown, ...], int]:
    if not found:
        return (), 0
    largest = found[0]
    images = seen[largest.condition][torch.from_numpy(largest.rows).to(data.device)]
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


def _neighbours(
    subject: Subject, explanation: Explanation, training: "Dataset", advance: Callable[[int], None]
) -> tuple[tuple[tuple[Shown, ...], ...], tuple[tuple[Shown, ...], ...]]:
    images = torch.from_numpy(np.stack([case.views[-1].image for case in explanation.cases]))[:, None]
    images = images.to(training.device)
    features = features_of(subject, images)
    known = features_of(subject, training.images, advance)
    if features is None or known is None:
        return (), ()
    labels = torch.tensor([case.label for case in explanation.cases], dtype=torch.int64, device=training.device)
    found = neighbours(
        features, _logits(subject, images), labels, known, _logits(subject, training.images), training.labels,
        count=ALIKE,
    )  # fmt: skip
    return _shown(found.nearest, found.cosine, training), _shown(found.harmful, found.harm, training)


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


def _logits(subject: Subject, images: Tensor) -> Tensor:
    with torch.no_grad():
        return subject.answer(images).clone()
