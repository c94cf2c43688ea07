"""Measure methods on digits: a row per digit and method, controls beside them, and a verdict on each method."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from robustmnist.explanation.attribution import misfit
from robustmnist.explanation.methods.method import Context
from robustmnist.explanation.metrics.candidate import CONTROLS, Explainer, control, of_method
from robustmnist.explanation.metrics.question import Array, Question
from robustmnist.explanation.metrics.registry import HEADLINE, MEASURES, measure_of
from robustmnist.explanation.subject import Subject, subject_of
from robustmnist.explanation.target import Target, choose_target
from robustmnist.explanation.verdict import Verdict, verdicts
from robustmnist.statistics.estimates import Estimate, estimates
from robustmnist.statistics.resampling import RESAMPLES

if TYPE_CHECKING:
    from robustmnist.data import Dataset
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["CHUNK", "QUICK", "Measured", "in_chunks", "measure", "measure_checkpoints"]

CHUNK = 128  # digits at once: what is held does not grow with their number, and versions of them fill whole tiles
QUICK = tuple(name for name, measure in MEASURES.items() if not measure.slow)
Report = Callable[[int, int, int], None]


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured of one checkpoint.

    Attributes:
        checkpoint: Its name.
        names: The methods, then the controls.
        columns: Measure to scores, float64 (names, n).
        target: What the maps explain of each digit.
        predicted: int64 (n,), the predicted classes; −1 where the logits are not finite.
    """

    checkpoint: str
    names: tuple[str, ...]
    columns: Mapping[str, Array]
    target: Target
    predicted: np.ndarray[tuple[int], np.dtype[np.int64]]

    def estimates(self, measure: str, resamples: int = RESAMPLES) -> dict[str, Estimate]:
        """Return the mean of a measure with its interval, of each method and control."""
        known = MEASURES[measure]
        means = estimates(self.columns[measure], known.lowest, known.highest, resamples)
        return dict(zip(self.names, means, strict=True))

    def verdicts(self, measure: str = HEADLINE, resamples: int = RESAMPLES) -> list[Verdict]:
        """Return the verdict on each method."""
        return verdicts(self.checkpoint, dict(zip(self.names, self.columns[measure], strict=True)), measure, resamples)

    def table(self, data: "Dataset") -> pd.DataFrame:
        """Return a row per method and digit: ids, classes, and a column for each measure and its kin."""
        n = len(data)
        rivals = self.target.rivals
        shared = {
            "id": data.ids.cpu().numpy(),
            "label": data.labels.cpu().numpy(),
            "predicted": self.predicted,
            "explained": self.target.classes.cpu().numpy(),
            "rival": np.full(n, -1) if rivals is None else rivals.cpu().numpy(),
        }
        tables = [
            pd.DataFrame(
                {"checkpoint": self.checkpoint, "method": name, "control": name in CONTROLS}
                | shared
                | {column: scores[row] for column, scores in self.columns.items()}
            )
            for row, name in enumerate(self.names)
        ]
        return pd.concat(tables, ignore_index=True)


def measure(
    subject: Subject,
    images: Tensor,
    target: Target,
    ids: Tensor,
    explainers: Sequence[Explainer],
    names: Sequence[str] = QUICK,
    *,
    seed: int = 0,
    references: Tensor | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> dict[str, Array]:
    """Return the columns of the measures `names` and of their kin, float64 (explainers, n) each.

    A digit's scores depend on the digit, its id, the seed and the classifier, not on the other digits.

    Args:
        subject: The classifier.
        images: float32 (n, 1, 28, 28).
        target: What is explained.
        ids: int64 (n,).
        explainers: Methods and controls.
        names: Keys of `MEASURES`.
        seed: Of all draws.
        references: As of `Context`.
        on_progress: Called with the number of digits done since the last call.
    """
    parts: list[dict[str, Array]] = []
    for question in in_chunks(subject, images, target, ids, seed):
        context = Context(question.ids, seed, references)
        candidates = [explainer.explain(question, context) for explainer in explainers]
        parts.append(measure_of(question, candidates, tuple(names)))
        if on_progress:
            on_progress(len(question))
    return {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]} if parts else {}


def in_chunks(subject: Subject, images: Tensor, target: Target, ids: Tensor, seed: int = 0) -> Iterator[Question]:
    """Yield questions of up to `CHUNK` digits each."""
    for start in range(0, len(images), CHUNK):
        rows = slice(start, start + CHUNK)
        yield Question(subject, images[rows].detach().clone(), target.take(rows), ids[rows], seed)


def measure_checkpoints(
    checkpoints: "Mapping[str, Checkpoint]",
    data: "Dataset",
    *,
    methods: Sequence[str],
    names: Sequence[str] = QUICK,
    asked: str = "predicted",
    seed: int = 0,
    perturbed: Tensor | None = None,
    references: Tensor | None = None,
    on_progress: Report | None = None,
    notify: Callable[[str], None] | None = None,
) -> list[Measured]:
    """Measure `methods` and the controls on every checkpoint, on the digits as they are or `perturbed`.

    Args:
        checkpoints: Name to checkpoint.
        data: The digits.
        methods: Keys of the registry of methods; one that does not fit a checkpoint is left out there, and said.
        names: Keys of `MEASURES`.
        asked: What is explained, as of `choose_target`.
        seed: Of all draws.
        perturbed: float32 (n, 1, 28, 28), the images to measure on instead of the digits' own.
        references: As of `Context`.
        on_progress: Called as ``on_progress(done, total, digits)``.
        notify: Called with a sentence where a method is left out.
    """
    images = data.images if perturbed is None else perturbed
    total, done, results = len(data) * len(checkpoints), 0, []

    def advance(digits: int) -> None:
        nonlocal done
        done += digits
        if on_progress is not None:
            on_progress(done, total, done)

    for name, checkpoint in checkpoints.items():
        subject = subject_of(checkpoint)
        fitting = []
        for method in dict.fromkeys(methods):
            error = misfit(method, subject)
            if error is None:
                fitting.append(of_method(method))
            elif notify:
                notify(f"{name}: {method} is left out: {error.what}")
        explainers = [*fitting, *(control(other) for other in CONTROLS)]
        logits = subject.answer(images)
        target = choose_target(asked, data.labels, logits)
        columns = measure(
            subject, images, target, data.ids, explainers, names, seed=seed, references=references, on_progress=advance
        )
        finite = torch.isfinite(logits).all(1)
        predicted = torch.where(finite, logits.argmax(1), -1).cpu().numpy()
        results.append(Measured(name, tuple(explainer.name for explainer in explainers), columns, target, predicted))
    return results
