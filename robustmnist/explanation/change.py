"""Why the reading was lost: the margin that a perturbation cost, split over pixels and over its strengths."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from robustmnist.explanation.methods.path_integral import MOST, STEPS, TOLERANCE, Integral, relative_gap, straight
from robustmnist.explanation.subject import Subject
from robustmnist.explanation.target import Target

__all__ = ["PathLoss", "change_map", "path_map"]


def change_map(subject: Subject, clean: Tensor, perturbed: Tensor, target: Target) -> Integral:
    """Return each pixel's share of what the target lost from `clean` to `perturbed`, (B, 1, 28, 28) each.

    Integrated gradients with the clean digit in the place of blank paper: ``(x − x′) · ∫ ∂f/∂x dα`` on the straight
    line between them. The shares add up to ``f(x) − f(x′)``, the `change` of the result: positive ones cost the
    reading, negative ones helped it, and a pixel whose ink did not change has exactly 0.
    """
    with torch.inference_mode(False):
        return straight(subject, perturbed, clean, target)


@dataclass(frozen=True, eq=False)
class PathLoss:
    """What a target lost along a sweep, split over strengths and pixels.

    Attributes:
        stops: The strengths between which it is split, from neutral outwards, S of them.
        scores: float64 (B, S), the target at each.
        maps: float32 (B, S − 1, 28, 28), each pixel's share of what was lost between two stops.
        gap: float64 (B,), how far all shares together are from the whole loss, a fraction.
        steps: int64 (B,), how many steps were taken in all.
    """

    stops: tuple[float, ...]
    scores: Tensor
    maps: Tensor
    gap: Tensor
    steps: Tensor

    @property
    def lost(self) -> Tensor:
        """What the target lost between two stops, float64 (B, S − 1)."""
        return self.scores[:, :-1] - self.scores[:, 1:]


def path_map(
    subject: Subject,
    path: Callable[[float], Tensor],
    stops: Sequence[float],
    target: Target,
    *,
    on_step: Callable[[int], None] | None = None,
) -> PathLoss:
    """Return what the target lost along the perturbation's own path, which bends where a straight line does not.

    With x_k the digits at strengths v_0, v_1, …: ``a = Σ ∂f/∂x(½(x_k + x_{k−1})) · (x_{k−1} − x_k)``, at least
    `STEPS` steps in all and as many between any two stops. Digits whose shares miss the loss by more than `TOLERANCE`
    take twice the steps, up to `MOST`.

    Args:
        subject: What is explained.
        path: From a strength to the digits perturbed by it, (B, 1, 28, 28); random ones with draws they share.
        stops: Strengths from neutral outwards, at least two.
        target: The number that is lost.
        on_step: Called with the number of images done since the last call.
    """
    with torch.inference_mode(False):
        ends = [path(stop).clone() for stop in stops]
        scores = torch.stack([subject.scores(images, target).double() for images in ends], 1)
        rows = torch.arange(len(target), dtype=torch.int64, device=ends[0].device)
        shape = (len(rows), len(stops) - 1, *ends[0].shape[2:])
        maps = torch.zeros(shape, dtype=torch.float64, device=ends[0].device)
        gap, taken = torch.full_like(scores[:, 0], torch.nan), torch.zeros_like(rows)
        each = -(-STEPS // (len(stops) - 1))
        while len(rows):
            for between, (first, last) in enumerate(pairwise(stops)):
                maps[rows, between] = _between(subject, path, first, last, each, target, rows)
                if on_step is not None:
                    on_step(len(rows) * each)
            taken[rows] = each * (len(stops) - 1)
            gap[rows] = relative_gap(maps[rows].sum(1), scores[rows, 0] - scores[rows, -1])
            each *= 2
            rows = rows[(gap[rows] > TOLERANCE) & (each * (len(stops) - 1) <= MOST)]
    return PathLoss(tuple(stops), scores, maps.float(), gap, taken)


def _between(
    subject: Subject,
    path: Callable[[float], Tensor],
    first: float,
    last: float,
    steps: int,
    target: Target,
    rows: Tensor,
) -> Tensor:
    total = torch.zeros((len(rows), *path(first).shape[2:]), dtype=torch.float64, device=rows.device)
    before = path(first)[rows]
    for step in range(1, steps + 1):
        # The last step ends at the stop itself, to the bit.
        after = path(last if step == steps else first + (last - first) * (step / steps))[rows]
        slopes = subject.slopes((before + after) / 2, target.take(rows))
        total += ((before - after).double() * slopes)[:, 0]
        before = after
    return total
