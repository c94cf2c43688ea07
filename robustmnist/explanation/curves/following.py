"""Follow maps over all values of a sweep, digit by digit, for the target of the clean digit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from robustmnist.explanation.attribution import attribute, misfit
from robustmnist.explanation.curves.alignment import Motion, motion_of
from robustmnist.explanation.curves.followed import Array, Followed, Mask
from robustmnist.explanation.curves.likeness import likeness, similarities
from robustmnist.explanation.curves.partners import partners
from robustmnist.explanation.methods.method import Context
from robustmnist.explanation.subject import Subject, subject_of
from robustmnist.explanation.target import choose_target
from robustmnist.suites import prepared

if TYPE_CHECKING:
    from robustmnist.data import Dataset
    from robustmnist.models.checkpoints.checkpoint import Checkpoint
    from robustmnist.suites import Sweep

__all__ = ["follow"]

CHUNK = 256  # digits at once: what is held does not grow with their number, and passes fill their tiles


def follow(
    checkpoints: "Mapping[str, Checkpoint | Subject]",
    data: "Dataset",
    suite: str,
    sweep: "Sweep",
    *,
    methods: Sequence[str],
    asked: str = "predicted",
    seed: int = 0,
    references: Tensor | None = None,
    on_progress: Callable[[int, int, int], None] | None = None,
    notify: Callable[[str], None] | None = None,
) -> list[Followed]:
    """Return how maps change over `sweep`, for each checkpoint and method that fits it.

    The target is that of the clean digit throughout. A digit's numbers depend on it, its partner for the floor, the
    seed and the classifier, not on the batch.

    Args:
        checkpoints: Name to checkpoint.
        data: The digits.
        suite: The sweep's suite.
        sweep: Its first variant is followed.
        methods: Keys of the registry of methods.
        asked: What is explained, as of `choose_target`.
        seed: Of the perturbation's draws, the methods', and the choice of partners.
        references: As of `Context`.
        on_progress: Called as ``on_progress(done, total, maps)``.
        notify: Called with a sentence where something is left out.
    """
    variant = sweep.variants[0]
    if len(sweep.variants) > 1 and notify:
        notify(f"sweep '{sweep.name}': its first variant, {variant.label}")
    motions = tuple(motion_of(sweep.perturbation, sweep.arguments(value, variant)) for value in sweep.values)
    alignable = all(motion is not None for motion in motions)
    if not alignable and notify:
        notify(f"sweep '{sweep.name}' moves ink in a way that no map can be turned back from: raw similarity only")
    walk = _Walk(data, partners(data, seed), sweep, motions, asked, seed, references)
    runs = [
        (name, subject, method)
        for name, checkpoint in checkpoints.items()
        for subject in [subject_of(checkpoint)]
        for method in dict.fromkeys(methods)
        if _fits(name, subject, method, notify)
    ]
    total, done, results = len(runs) * len(data) * (len(sweep.values) + 1), 0, []
    for name, subject, method in runs:
        parts = []
        for start in range(0, len(data), CHUNK):
            parts.append(_follow_some(walk, subject, method, slice(start, start + CHUNK)))
            done += parts[-1].kept.shape[1] * (len(sweep.values) + 1)
            if on_progress:
                on_progress(done, total, done)
        results.append(_joined(name, method, suite, walk, parts, alignable))
    return results


@dataclass(frozen=True, eq=False)
class _Walk:
    """What is followed: the digits, their partners, and the sweep with how each of its values moves the ink."""

    data: "Dataset"
    partners: Tensor
    sweep: "Sweep"
    motions: tuple[Motion | None, ...]
    asked: str
    seed: int
    references: Tensor | None


@dataclass(frozen=True, eq=False)
class _Part:
    """Some of the digits: as of `Followed`."""

    similar: dict[tuple[str, str], Array]
    floor: dict[str, Array]
    kept: Mask
    right: Mask


def _follow_some(walk: _Walk, subject: Subject, method: str, rows: slice) -> _Part:
    data, sweep = walk.data, walk.sweep
    images, labels, ids = data.images[rows], data.labels[rows], data.ids[rows]
    perturb = prepared(sweep, sweep.variants[0], images, ids=ids, seed=data.seed(walk.seed))
    context = Context(ids, walk.seed, walk.references)
    logits = subject.answer(images)
    target = choose_target(walk.asked, labels, logits)
    clean = attribute(subject, images, target, context, method=method)
    ink = (images[:, 0] > 0).flatten(1).cpu().numpy()
    similar, kept, right = [], [], []
    for value, motion in zip(sweep.values, walk.motions, strict=True):
        perturbed = perturb(value)
        answers = subject.answer(perturbed)
        read = torch.where(torch.isfinite(answers).all(1), answers.argmax(1), -1)
        kept.append((read == logits.argmax(1)).cpu().numpy())
        right.append((read == labels.to(read.device)).cpu().numpy())
        # At neutral the perturbed digits are the clean ones, bit for bit.
        still = value == sweep.neutral
        maps = clean if still else attribute(subject, perturbed, target, context, method=method)
        similar.append(likeness(clean, maps, ink, motion))
    other = attribute(subject, data.images[walk.partners[rows]], target, context, method=method)
    return _Part(
        {key: np.stack([values[key] for values in similar]) for key in similar[0]},
        similarities(clean, other, ink),
        np.stack(kept),
        np.stack(right),
    )


def _joined(checkpoint: str, method: str, suite: str, walk: _Walk, parts: list[_Part], alignable: bool) -> Followed:
    return Followed(
        checkpoint,
        method,
        suite,
        walk.sweep,
        walk.data.ids.cpu().numpy(),
        {key: np.concatenate([part.similar[key] for part in parts], axis=1) for key in parts[0].similar},
        {name: np.concatenate([part.floor[name] for part in parts]) for name in parts[0].floor},
        np.concatenate([part.kept for part in parts], axis=1),
        np.concatenate([part.right for part in parts], axis=1),
        alignable,
    )


def _fits(name: str, subject: Subject, method: str, notify: Callable[[str], None] | None) -> bool:
    error = misfit(method, subject)
    if error is not None and notify:
        notify(f"{name}: {method} is left out: {error.what}")
    return error is None
