"""A digit of an explanation: image, answer and attribution, clean and perturbed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.explanation.attribution import completeness_gap, explain
from robustmnist.explanation.methods.registry import METHODS
from robustmnist.statistics.decisions import INVALID, decide

if TYPE_CHECKING:
    from robustmnist.data import Dataset
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["Case", "Explanation", "Target", "View", "common_scale", "explain_digits"]


Target = Literal["predicted", "true"]
PERCENTILE = 99  # of all pixels: 15 of the 1568 of a clean and a perturbed view lie beyond


@dataclass(frozen=True, eq=False)
class View:
    """One image as one checkpoint saw it.

    Attributes:
        image: float32 (28, 28), ink in [0, 1].
        predicted: The predicted class, or `robustmnist.statistics.decisions.INVALID`.
        confidence: Its softmax probability; NaN where invalid.
        explained: The class that `attribution` is about.
        attribution: float32 (28, 28).
    """

    image: NDArray[np.float32]
    predicted: int
    confidence: float
    explained: int
    attribution: NDArray[np.float32]

    @property
    def valid(self) -> bool:
        """Whether the logits were finite, so that there is a prediction."""
        return self.predicted != INVALID


@dataclass(frozen=True, eq=False)
class Case:
    """One digit: its id and true class, the clean view, and the perturbed one where a suite was asked for."""

    id: int
    label: int
    clean: View
    perturbed: View | None

    @property
    def views(self) -> tuple[View, ...]:
        """The clean view, then the perturbed one if there is one."""
        return (self.clean,) if self.perturbed is None else (self.clean, self.perturbed)

    @property
    def scale(self) -> float:
        """The value of the full hue: both views are drawn on this one scale, so that they compare."""
        return common_scale(*(view.attribution for view in self.views))


@dataclass(frozen=True, eq=False)
class Explanation:
    """One checkpoint by one method on the chosen digits.

    Attributes:
        checkpoint: Its name.
        sha256: The SHA-256 of its weights file.
        method: A key of `METHODS`.
        cases: One per digit.
        gap: The largest completeness gap of the views, a fraction; None for methods that do not promise completeness.
        layer: The layer that was asked for by name; None for the method's own choice.
    """

    checkpoint: str
    sha256: str
    method: str
    cases: tuple[Case, ...]
    gap: float | None
    layer: str | None = None

    @property
    def settings(self) -> dict[str, str | int]:
        """The choices that the method's paper leaves open, by name."""
        return {**METHODS[self.method].settings, **({"layer": f"{self.layer}, rectified"} if self.layer else {})}

    @property
    def blank(self) -> str:
        """How many of the maps are 0 everywhere: ``3 of 20``; empty where none is."""
        maps = [view.attribution for case in self.cases for view in case.views]
        none = sum(not attribution.any() for attribution in maps)
        return f"{none} of {len(maps)}" if none else ""


def explain_digits(
    checkpoint: "Checkpoint",
    digits: "Dataset",
    perturbed: Tensor | None,
    *,
    method: str,
    target: Target = "predicted",
    layer: str | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Explanation:
    """Explain `digits`, and the same digits `perturbed`, by one method.

    Args:
        checkpoint: What is explained.
        digits: The chosen digits, clean.
        perturbed: float32 (n, 1, 28, 28), the digits perturbed, in the same order; None for the clean ones only.
        method: A key of `METHODS`.
        target: Explain the class that each view was taken for, or the true class. A view that has no prediction
            (its logits are not finite) is explained for its true class.
        layer: The layer that Grad-CAM reads, as of `explain`.
        on_progress: Called with the number of images done since the last call.
    """
    report = on_progress or (lambda images: None)
    clean, gap = _views(checkpoint, digits.images, digits.labels, method, target, layer, report)
    twins: list[View] | list[None] = [None] * len(clean)
    if perturbed is not None:
        twins, gap_perturbed = _views(checkpoint, perturbed, digits.labels, method, target, layer, report)
        gap = None if gap is None or gap_perturbed is None else max(gap, gap_perturbed)
    cases = (
        Case(int(name), int(label), view, twin)
        for name, label, view, twin in zip(digits.ids.tolist(), digits.labels.tolist(), clean, twins, strict=True)
    )
    return Explanation(checkpoint.name, checkpoint.card.sha256, method, tuple(cases), gap, layer)


def _views(
    checkpoint: "Checkpoint",
    images: Tensor,
    labels: Tensor,
    method: str,
    target: Target,
    layer: str | None,
    report: Callable[[int], None],
) -> tuple[list[View], float | None]:
    decisions = decide(checkpoint(images).cpu().numpy())
    predicted = torch.from_numpy(decisions.predicted).to(labels.device)
    wanted = torch.where(predicted == INVALID, labels, predicted) if target == "predicted" else labels
    maps = []
    for part, classes in _chunks(images, wanted, METHODS[method].chunk):
        maps.append(explain(checkpoint, part, classes, method=method, layer=layer))
        report(len(part))
    attributions = torch.cat(maps)
    gap = None
    if METHODS[method].complete:
        gap = float(completeness_gap(checkpoint, images, wanted, attributions).nan_to_num(nan=0.0).max())
    columns = zip(
        images[:, 0].cpu().numpy(),
        decisions.predicted.tolist(),
        decisions.confidence.tolist(),
        wanted.tolist(),
        attributions[:, 0].cpu().numpy(),
        strict=True,
    )
    return [View(*column) for column in columns], gap


def _chunks(images: Tensor, classes: Tensor, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    return zip(torch.split(images, size), torch.split(classes, size), strict=True)


def common_scale(*attributions: NDArray[np.float32]) -> float:
    """Return the scale that a clean and a perturbed attribution share: the value drawn in the full hue.

    It is the `PERCENTILE` of the absolute values together, so that a few extreme pixels do not leave all others pale;
    what lies beyond is drawn in the full hue. Where that is 0, it is the largest one, and where nothing finite
    differs from 0 it is 1, so that dividing by it is always allowed.
    """
    values = np.concatenate([np.abs(attribution).ravel() for attribution in attributions])
    values = values[np.isfinite(values)]
    if not values.any():
        return 1.0
    return float(np.percentile(values, PERCENTILE)) or float(values.max())
