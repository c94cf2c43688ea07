"""The integral of slopes along straight paths, by midpoints, finer where the shares do not add up."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robustmnist.explanation.subject import ROWS, Subject
from robustmnist.explanation.target import Target

__all__ = ["MOST", "STEPS", "TOLERANCE", "Integral", "relative_gap", "straight"]

STEPS = 32  # midpoints; the mean gap of cnn was 0.7 %, the largest 3.8 % (fc 1.0 and 6.7 %)
TOLERANCE = 0.02  # of the difference: above it the steps are doubled
MOST = 4096  # steps at which doubling ends


@dataclass(frozen=True, eq=False)
class Integral:
    """Shares of pixels in the change of a target along a path.

    Attributes:
        maps: float32 (B, 28, 28), logits.
        change: float64 (B,), the target at the end minus at the start: what the maps should add up to.
        gap: float64 (B,), how far they are from it, a fraction as of `relative_gap`.
        steps: int64 (B,), into how many equal steps the path was cut.
    """

    maps: Tensor
    change: Tensor
    gap: Tensor
    steps: Tensor


def straight(subject: Subject, starts: Tensor, ends: Tensor, target: Target, *, steps: int = STEPS) -> Integral:
    """Integrate from `starts` to `ends`, float32 (B, 1, 28, 28) each: ``(end − start) · ∫ ∂f/∂x dα`` for each pixel.

    Midpoints of n = `steps` equal steps: ``∫ g dα ≈ Σ g((k + ½) / n) / n``, k = 0 … n − 1. Along a path the gradient g
    of a network of rectifiers jumps, which no smooth rule profits from. For a digit whose shares miss the change by
    more than `TOLERANCE` the steps are doubled, up to `MOST`, and what was read is kept: ``Σ w_k g(k / 2n) / 2n``,
    k = 1 … 2n − 1, each weight 1 but 1½ for the first and the last point, which also stand for the half step at their
    end. So 2n steps cost 2n − 1 passes in all, and the ends of the path, such as blank paper, where all windows of a
    pooling are tied, are never read.

    Source: Sundararajan, Taly, Yan 2017, arXiv:1703.01365.
    """
    change = subject.scores(ends, target).double() - subject.scores(starts, target).double()
    difference = ends - starts
    total, outer = _read(subject, starts, difference, target, _middles(steps))
    maps = difference[:, 0].double() * total / steps
    gap = relative_gap(maps, change)
    taken = torch.full((len(ends),), steps, dtype=torch.int64, device=ends.device)
    rows = torch.arange(len(ends), dtype=torch.int64, device=ends.device)
    points = [k / steps for k in range(1, steps)]  # between the middles; from then on, in the middle of all there are
    while steps < MOST and bool((missed := gap[rows] > TOLERANCE).any()):
        rows, total, outer = rows[missed], total[missed], outer[missed]
        more, newest = _read(subject, starts[rows], difference[rows], target.take(rows), points)
        total += more
        outer = newest if points[0] < 1 / steps else outer
        steps *= 2
        maps[rows] = difference[rows, 0].double() * (total + outer / 2) / steps
        taken[rows] = steps
        gap[rows] = relative_gap(maps[rows], change[rows])
        points = _middles(steps)
    return Integral(maps.float(), change, gap, taken)


def relative_gap(maps: Tensor, change: Tensor) -> Tensor:
    """Return ``|sum(a) − change| / max(|change|, 1)`` for each digit, float64 (B,); NaN where the change is.

    Below a change of one logit the gap is in logits, so that a target that does not change does not divide by zero.

    >>> relative_gap(torch.full((1, 28, 28), 0.005), torch.tensor([4.0])).round(decimals=3).tolist()
    [0.02]
    """
    gap: Tensor = (maps.double().sum((-2, -1)) - change).abs() / change.abs().clamp(min=1)
    return gap


def _middles(steps: int) -> list[float]:
    return [(step + 0.5) / steps for step in range(steps)]


def _read(
    subject: Subject, starts: Tensor, difference: Tensor, target: Target, points: list[float]
) -> tuple[Tensor, Tensor]:
    """Return the sum of the slopes at `points`, shares of the path, and of those at the first and last alone.

    Float64 (B, 28, 28) each: sums over the points one after the other, so that no bit depends on the batch.
    """
    total, outer = (torch.zeros(starts[:, 0].shape, dtype=torch.float64, device=starts.device) for _ in range(2))
    together, inked = max(1, ROWS // max(1, len(starts))), bool(starts.any())
    for first in range(0, len(points), together):
        shares = points[first : first + together]
        images = starts.new_empty((len(shares), *starts.shape))
        for share, image in zip(shares, images, strict=True):
            torch.mul(difference, share, out=image)
            if inked:  # blank paper, as a rule the start, adds nothing
                image.add_(starts)
        slopes = subject.slopes(images.flatten(0, 1), target.repeat(len(shares))).view(images.shape)[:, :, 0]
        for number, slope in enumerate(slopes, first):
            total += slope
            if number in (0, len(points) - 1):
                outer += slope
    return total, outer
