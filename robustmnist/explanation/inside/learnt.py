"""What checkpoints have learnt, gathered for a page: each checkpoint as a whole, and each explained digit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from robustmnist.explanation.cases import Explanation
from robustmnist.explanation.inside.activations import activation_maps
from robustmnist.explanation.inside.excited import Excited, excite
from robustmnist.explanation.inside.filters import first_filters
from robustmnist.explanation.inside.first_failures import Followed, first_failures
from robustmnist.explanation.inside.groups import Group, groups
from robustmnist.explanation.inside.kept_features import features_key
from robustmnist.explanation.inside.shown import Shown, cluster_medoids, logits_of, nearest_digits
from robustmnist.explanation.subject import Subject, subject_of
from robustmnist.statistics.decisions import decide

if TYPE_CHECKING:
    from robustmnist.data import Dataset
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["Learnt", "Shown", "learnt"]

CHANNELS = 3  # of each layer, that are shown at rising strength


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
    sweeps: Sequence[Followed],
    *,
    seed: int = 0,
    cache: Path | None = None,
    on_progress: Callable[[int, int, int], None] | None = None,
) -> list[Learnt]:
    """Return what each checkpoint has learnt, in the order of the explanations.

    Args:
        checkpoints: Name to checkpoint, as they were explained.
        explanations: Of the same checkpoints, whose digits are looked at closely.
        data: The digits among which mistakes are grouped.
        training: The digits among which those that are alike are looked for.
        sweeps: Over whose values mistakes are grouped, beside clean ones.
        seed: Of the images that excite a class.
        cache: Where features of training digits are kept; None for nowhere.
        on_progress: Called as ``on_progress(done, total, done)`` in digits read.
    """
    subjects = {explanation.checkpoint: subject_of(checkpoints[explanation.checkpoint]) for explanation in explanations}
    passes = sum(len(sweep.sweep.values) for sweep in sweeps)
    total, done = (len(training) + passes * len(data)) * len(subjects), 0

    def advance(images: int) -> None:
        nonlocal done
        done += images
        if on_progress is not None:
            on_progress(done, total, done)

    results = []
    for explanation in explanations:
        checkpoint = checkpoints[explanation.checkpoint]
        folder = cache / features_key(checkpoint, training) if cache else None
        results.append(_of(explanation, subjects, data, sweeps, training, seed, folder, advance))
    return results


def _of(
    explanation: Explanation,
    subjects: dict[str, Subject],
    data: "Dataset",
    sweeps: Sequence[Followed],
    training: "Dataset",
    seed: int,
    folder: Path | None,
    advance: Callable[[int], None],
) -> Learnt:
    subject = subjects[explanation.checkpoint]
    failures = {sweep.name: first_failures(subject.answer, data, sweep, advance) for sweep in sweeps}
    read_as = {"clean": decide(logits_of(subject, data.images).cpu().numpy()).predicted}
    read_as |= {name: failed.read for name, failed in failures.items()}
    labels = data.labels.cpu().numpy()
    mistakes = groups(labels, read_as, {name: failed.values for name, failed in failures.items()})
    shown, alone = cluster_medoids(subject, data, sweeps, mistakes)
    excited = excite(subject, seed=seed, device=data.device) if subject.fast else None
    read = {name: excited.read_by(other.answer, data.device) for name, other in subjects.items()} if excited else {}
    alike, harmful = nearest_digits(subject, explanation, training, folder, advance)
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
    return Learnt(filters, excited, read, tuple(mistakes), shown, alone, activations, alike, harmful)
