"""Follow maps over all values of a sweep: how like the clean map they stay, and whether the prediction stays."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.explanation.attribution import attribute, misfit
from robustmnist.explanation.curves.alignment import Motion, carried, motion_of
from robustmnist.explanation.measuring import CHUNK
from robustmnist.explanation.methods.method import Context
from robustmnist.explanation.subject import Subject, subject_of
from robustmnist.explanation.target import Target, choose_target
from robustmnist.statistics.similarity import cosine, spearman
from robustmnist.suites import prepared

if TYPE_CHECKING:
    from robustmnist.data import Dataset
    from robustmnist.models.checkpoints.checkpoint import Checkpoint
    from robustmnist.suites import Sweep

__all__ = ["KINDS", "SIMILARITIES", "Followed", "follow"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
SIMILARITIES: Mapping[str, Callable[..., Array]] = {"cosine": cosine, "spearman": spearman}
KINDS = ("raw", "aligned", "control")


@dataclass(frozen=True, eq=False)
class Followed:
    """How the maps of one checkpoint by one method change over a sweep; V values, n digits.

    Attributes:
        checkpoint: Its name.
        method: A key of the registry of methods.
        suite: Of the sweep.
        sweep: Whose values were followed, in its first variant.
        ids: int64 (n,).
        similar: (similarity, kind) to float64 (V, n), signed and on the clean digit's ink; NaN where undefined. ``raw``
            compares with the clean map pixel by pixel; ``aligned`` after the map is turned back, where its values come
            from within the frame; ``control`` is the clean map moved and turned back, what interpolation costs.
        floor: Similarity to float64 (n,): to the map of another digit of the same class, for the same target.
        kept: bool (V, n), whether the prediction is that of the clean digit.
        right: bool (V, n), whether it is the label.
        alignable: Whether a map can be turned back; else ``aligned`` and ``control`` are NaN.
    """

    checkpoint: str
    method: str
    suite: str
    sweep: "Sweep"
    ids: NDArray[np.int64]
    similar: Mapping[tuple[str, str], Array]
    floor: Mapping[str, Array]
    kept: Mask
    right: Mask
    alignable: bool

    @property
    def best_kind(self) -> str:
        """The kind that a half-life is read off: aligned where a map can be turned back."""
        return "aligned" if self.alignable else "raw"


def follow(
    checkpoints: "Mapping[str, Checkpoint]",
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
    motions = [motion_of(sweep.perturbation, sweep.arguments(value, variant)) for value in sweep.values]
    if any(motion is None for motion in motions) and notify:
        notify(f"sweep '{sweep.name}' moves ink in a way that no map can be turned back from: raw similarity only")
    images, partners = data.images, _partners(data, seed)
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
            rows = slice(start, start + CHUNK)
            ids = data.ids[rows]
            logits = subject.answer(images[rows])
            target = choose_target(asked, data.labels[rows], logits)
            perturb = prepared(sweep, variant, images[rows], ids=ids, seed=data.seed(seed))
            context = Context(ids, seed, references)

            def maps_of(
                given: Tensor,
                asking: Subject = subject,
                to: Target = target,
                by: str = method,
                using: Context = context,
            ) -> Tensor:
                return attribute(asking, given, to, using, method=by)

            parts.append(
                _chunk(
                    subject,
                    images[rows],
                    data.labels[rows],
                    images[partners[rows]],
                    logits,
                    maps_of,
                    perturb,
                    sweep.values,
                    sweep.neutral,
                    motions,
                )
            )
            done += len(ids) * (len(sweep.values) + 1)
            if on_progress:
                on_progress(done, total, done)
        results.append(_joined(name, method, suite, sweep, data, parts, all(m is not None for m in motions)))
    return results


@dataclass(frozen=True, eq=False)
class _Part:
    similar: dict[tuple[str, str], Array]
    floor: dict[str, Array]
    kept: Mask
    right: Mask


def _chunk(
    subject: Subject,
    images: Tensor,
    labels: Tensor,
    others: Tensor,
    logits: Tensor,
    maps_of: Callable[[Tensor], Tensor],
    perturb: Callable[[float], Tensor],
    values: Sequence[float],
    neutral: float,
    motions: Sequence[Motion | None],
) -> _Part:
    clean, ink = maps_of(images), (images[:, 0] > 0).flatten(1).cpu().numpy()
    before = logits.argmax(1)
    similar: dict[tuple[str, str], list[Array]] = {(name, kind): [] for name in SIMILARITIES for kind in KINDS}
    kept, right = [], []
    for value, motion in zip(values, motions, strict=True):
        perturbed = perturb(value)
        answers = subject.answer(perturbed)
        read = torch.where(torch.isfinite(answers).all(1), answers.argmax(1), -1)
        kept.append((read == before).cpu().numpy())
        right.append((read == labels.to(read.device)).cpu().numpy())
        maps = clean if value == neutral else maps_of(perturbed)
        pairs: dict[str, tuple[Tensor, Mask] | None] = {"raw": (maps, ink), "aligned": None, "control": None}
        if motion is not None:
            back, inside = carried(maps, motion.inverse)
            there, _ = carried(clean, motion)
            mask = ink & inside.flatten().cpu().numpy()
            pairs |= {"aligned": (back, mask), "control": (carried(there, motion.inverse)[0], mask)}
        for kind, pair in pairs.items():
            for name, measure in SIMILARITIES.items():
                similar[name, kind].append(_compared(measure, clean, pair))
    other = maps_of(others)
    floor = {name: _compared(measure, clean, (other, ink)) for name, measure in SIMILARITIES.items()}
    return _Part({key: np.stack(rows) for key, rows in similar.items()}, floor, np.stack(kept), np.stack(right))


def _compared(measure: Callable[..., Array], clean: Tensor, pair: tuple[Tensor, Mask] | None) -> Array:
    if pair is None:
        return np.full(len(clean), np.nan)
    return measure(clean.flatten(1).cpu().numpy(), pair[0].flatten(1).cpu().numpy(), pair[1])


def _joined(
    checkpoint: str, method: str, suite: str, sweep: "Sweep", data: "Dataset", parts: list[_Part], alignable: bool
) -> Followed:
    return Followed(
        checkpoint,
        method,
        suite,
        sweep,
        data.ids.cpu().numpy(),
        {key: np.concatenate([part.similar[key] for part in parts], axis=1) for key in parts[0].similar},
        {name: np.concatenate([part.floor[name] for part in parts]) for name in SIMILARITIES},
        np.concatenate([part.kept for part in parts], axis=1),
        np.concatenate([part.right for part in parts], axis=1),
        alignable,
    )


def _fits(name: str, subject: Subject, method: str, notify: Callable[[str], None] | None) -> bool:
    error = misfit(method, subject)
    if error is not None and notify:
        notify(f"{name}: {method} is left out: {error.what}")
    return error is None


def _partners(data: "Dataset", seed: int) -> Tensor:
    """Return for each digit the row of another one of its class: the next in a seeded order, int64 (n,).

    A digit alone in its class is its own partner, and its floor says nothing; there is none among 200.
    """
    order = Draws(seed, "floor", data.ids).uniform(1)[:, 0].argsort(stable=True)
    partners = torch.arange(len(data), device=data.device, dtype=torch.int64)
    for label in sorted(set(data.labels.tolist())):
        rows = order[data.labels[order] == label]
        partners[rows] = rows.roll(-1)
    return partners
