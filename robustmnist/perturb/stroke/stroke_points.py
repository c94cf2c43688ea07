"""Random points on the strokes of each digit: their position, the direction of the stroke and its width there.

In the blurred picture a stroke is a crest. Across it the curvature is strongest, so the eigenvectors of the second
derivatives give its directions; a Newton step goes to the crest, and from there the edges at half ink to either side
give the stroke's middle and width. Pixels are drawn in proportion to how much more the crest bends across than along:
ends and forks, where it bends both ways, are rare.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.chunks import by_chunks
from robustmnist.perturb.images import CENTRE, SIZE

__all__ = ["MOST_POINTS", "prepare_stroke_points"]

MOST_POINTS = 10
# exp(−k² / 2σ²) for k = 0 to 3 at σ = 1.2 px, half the width of a common stroke, scaled to a sum of 1.
KERNEL = (0.333347, 0.235559, 0.083121, 0.014646)
STEPS = 2.0**16  # the weights are whole, so that their sums are exact in any order
FARTHEST = 1.5  # px from the crest to the middle; more only at forks
REACH, STEP = 6.0, 0.25  # px to either side in which the stroke's edge is looked for, and how finely


@by_chunks
def prepare_stroke_points(images: Tensor, draws: Draws) -> Tensor:
    """Return `(B, 10, 5)`: 10 independent points on each digit's strokes; those of a blank image mean nothing.

    The 5 numbers of a point: x and y, px from the frame's centre to the right and down, on the middle of a stroke; x
    and y of the unit vector across the stroke; and the stroke's width there in px, to where the ink falls below half
    the picture's highest.

    Args:
        images: `(B, 1, 28, 28)`.
        draws: The samples' draws; 10 uniform numbers each.
    """
    blurred = _blurred(images[:, 0])
    middle, right, left = blurred[:, 1:-1, 1:-1], blurred[:, 1:-1, 2:], blurred[:, 1:-1, :-2]
    down, up = blurred[:, 2:, 1:-1], blurred[:, :-2, 1:-1]
    bend_xx, bend_yy = right + left - 2 * middle, down + up - 2 * middle
    bend_xy = (blurred[:, 2:, 2:] + blurred[:, :-2, :-2] - blurred[:, 2:, :-2] - blurred[:, :-2, 2:]) / 4
    mean, half = (bend_xx + bend_yy) / 2, (bend_xx - bend_yy) / 2
    spread = (half * half + bend_xy * bend_xy).sqrt()
    across, along = mean - spread, mean + spread
    stroke = images[:, 0] >= images.flatten(1).amax(1)[:, None, None] / 2
    weight = torch.where(stroke, (-across - along.abs()).clamp(min=0.0), 0.0)
    pixel = _drawn(weight.flatten(1), draws.uniform(MOST_POINTS))

    def at_pixel(field: Tensor) -> Tensor:
        return field.flatten(1).gather(1, pixel)

    # Along the stroke lies the half of the angle (half, bend_xy), by square roots: `atan2` rounds otherwise at the end
    # of a batch than in its middle.
    cosine = (at_pixel(half) / at_pixel(spread).clamp(min=1e-12)).clamp(-1.0, 1.0)
    normal_x, normal_y = -((1 - cosine) / 2).sqrt(), ((1 + cosine) / 2).sqrt()
    normal_x = torch.where(at_pixel(bend_xy) < 0, -normal_x, normal_x)
    slope = normal_x * at_pixel((right - left) / 2) + normal_y * at_pixel((down - up) / 2)
    step = (slope / -at_pixel(across).clamp(max=-1e-6)).clamp_(-1.0, 1.0)
    x, y = (pixel % SIZE).float() - CENTRE + step * normal_x, (pixel // SIZE).float() - CENTRE + step * normal_y
    before, behind = (_to_edge(images, x, y, sign * normal_x, sign * normal_y) for sign in (-1, 1))
    step = ((behind - before) / 2).clamp_(-FARTHEST, FARTHEST)
    return torch.stack([x + step * normal_x, y + step * normal_y, normal_x, normal_y, before + behind], 2)


def _blurred(images: Tensor) -> Tensor:
    """Return the blurred images, `(B, 30, 30)`: with a border of 1 px."""
    reach = len(KERNEL) - 1
    wide = F.pad(images, (reach + 1,) * 4)
    for axis in (1, 2):
        length = SIZE + 2 if axis == 1 else wide.shape[2] - 2 * reach
        out = wide.narrow(axis, reach, length) * KERNEL[0]
        for k in range(1, reach + 1):
            out = out + (wide.narrow(axis, reach - k, length) + wide.narrow(axis, reach + k, length)) * KERNEL[k]
        wide = out
    return wide


def _drawn(weight: Tensor, shares: Tensor) -> Tensor:
    """Return pixels that are drawn in proportion to their weight, int64 `(B, n)`.

    Args:
        weight: Of each pixel, `(B, 784)`.
        shares: Uniform numbers `(B, n)`: a pixel is drawn where the running sum of weights passes that share of it.
    """
    total = (weight * STEPS).round_().long().cumsum(1)
    wanted = (shares.double() * total[:, -1:]).floor().long()
    return torch.searchsorted(total, wanted, right=True).clamp_(max=SIZE * SIZE - 1)


def _to_edge(images: Tensor, x: Tensor, y: Tensor, step_x: Tensor, step_y: Tensor) -> Tensor:
    """Return the distance in px, `(B, n)`, from each point along its direction to where the ink falls below half.

    Half is half of the image's darkest pixel. The search ends after `REACH` px.
    """
    way = torch.arange(STEP, REACH + STEP / 2, STEP, dtype=torch.float32, device=images.device)
    grid = torch.stack([x[..., None] + way * step_x[..., None], y[..., None] + way * step_y[..., None]], -1) / CENTRE
    ink = F.grid_sample(images, grid, align_corners=True)[:, 0]
    paper = ink < images.flatten(1).amax(1)[:, None, None] / 2
    first = torch.where(paper, torch.arange(len(way), dtype=torch.int64, device=images.device), len(way) - 1).amin(2)
    # Between the last step on ink and the first on paper the ink is taken to fall evenly.
    outside = ink.gather(2, first[..., None])[..., 0]
    inside = torch.where(first > 0, ink.gather(2, (first - 1).clamp(min=0)[..., None])[..., 0], 1.0)
    half = images.flatten(1).amax(1)[:, None] / 2
    share = ((inside - half) / (inside - outside).clamp(min=1e-6)).clamp_(0.0, 1.0)
    return STEP * (first + share)
