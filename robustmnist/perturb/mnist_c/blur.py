"""Glass blur and motion blur as MNIST-C has them."""

import functools
import math

import torch
import torch.nn.functional as F
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.chunks import by_chunks
from robustmnist.perturb.images import PIXELS, SIZE
from robustmnist.perturb.mnist_c.gaussian import ROWS, gaussian
from robustmnist.perturb.perturbation import Parameter, Perturbation
from robustmnist.system.gradient import without_gradient

__all__ = ["GLASS_BLUR", "MOTION_BLUR", "glass_blur", "motion_blur"]

GREY_LEVELS = 255
MOST_DELTA, MOST_ITERATIONS = 4, 3  # a draw's 24 bits are enough for 3 swaps among 2 × 8 × 8 possibilities
BITS = 24  # of a uniform draw
LEAST_WEIGHT = 1e-8  # of a tap; what is left out sums to less than half of float32's last bit


@without_gradient
@by_chunks
def glass_blur(
    images: Tensor, *, sigma: float, max_delta: float = 1.0, iterations: float = 2.0, draws: Draws
) -> Tensor:
    """Smooth images, swap pixels with others nearby at random, and smooth again.

    From the lower right corner to the upper left one each pixel is, with probability 1/2, swapped with the one at an
    offset drawn from −`max_delta` to `max_delta` − 1 px on each axis; what has been moved may be moved again. All that
    is the data set's, and so are these oddities of its code: only the pixels of a column are smoothed (the second axis
    of a grey image passes for colour channels), the first row and the first column are never touched, and between the
    two smoothings ink is cut down to whole grey levels.

    Pixels whose swaps cannot meet are swapped together, in an order that changes no result: 76 steps for the 676 pixels
    of an iteration.

    Args:
        images: `(B, 1, 28, 28)`.
        sigma: Standard deviation of either smoothing in px; 0 changes nothing, bit for bit.
        max_delta: px, the furthest that a swap reaches, 1 to 4, rounded to a whole number.
        iterations: How often all pixels are gone through, 1 to 3, rounded to a whole number.
        draws: The samples' draws; one uniform field.

    Source: Mu & Gilmer 2019 (MNIST-C), function `glass_blur`.

    >>> grey = torch.full((1, 1, 28, 28), 0.5)
    >>> out = glass_blur(grey, sigma=0.7, draws=Draws(0, "glass", torch.arange(1)))
    >>> round(float((out - grey).abs().max()), 3)  # of an even grey only what whole levels cut off
    0.002
    """
    if sigma == 0:
        return images.clone(memory_format=torch.contiguous_format)
    reach = min(max(round(max_delta), 1), MOST_DELTA)
    turns = min(max(round(iterations), 1), MOST_ITERATIONS)
    smooth = gaussian(images.double(), sigma, along=(ROWS,))
    grey = (
        smooth.mul_(GREY_LEVELS).floor_().float().view(-1, PIXELS).T.contiguous()
    )  # pixels as rows, images as columns
    order, steps = _schedule(reach)
    order, offset = order.to(images.device), _offsets(reach).to(images.device)
    rest = (draws.uniform(PIXELS) * 2.0**BITS).int().T.contiguous().index_select(0, order)
    for _ in range(turns):
        rest *= len(offset)
        _swap(grey, order, steps, offset[rest >> BITS] + order[:, None])
        rest &= 2**BITS - 1
    smooth = gaussian(grey.T.reshape(images.shape).div_(GREY_LEVELS), sigma, along=(ROWS,))
    return smooth.clamp_(0.0, 1.0)


@functools.cache
def _offsets(reach: int) -> Tensor:
    """Return the offsets in the flat image, int64, of which a pixel's partner is drawn; half are 0: no swap."""
    line = range(-reach, reach)
    steps = [row * SIZE + column for row in line for column in line]
    return torch.tensor([0] * len(steps) + steps, dtype=torch.int64)


def _swap(grey: Tensor, order: Tensor, steps: tuple[int, ...], target: Tensor) -> None:
    start = 0
    for stop in steps:
        here, there = order[start:stop], target[start:stop]
        ink, other = grey.index_select(0, here), grey.gather(0, there)
        grey.scatter_(0, there, ink)
        grey.index_copy_(0, here, other)
        start = stop


@functools.cache
def _schedule(reach: int) -> tuple[Tensor, tuple[int, ...]]:
    """Return the pixels in the order of their swaps, int64, and the index at which each step ends.

    Swaps of one step are made at the same time. That is the same as one after the other in raster order, as long as
    they touch different pixels. A swap touches a square of `2 reach` px around its pixel, so a pixel of the next row
    joins a step once the row before is `2 reach` columns ahead: then squares within a step do not overlap, and
    squares that overlap are in steps of the right order.
    """
    line = range(SIZE - reach, reach, -1)
    when = {(row, column): 2 * reach * (line[0] - row) + line[0] - column for row in line for column in line}
    order = sorted(when, key=lambda pixel: when[pixel])
    ends = [
        index + 1 for index, pixel in enumerate(order) if pixel is order[-1] or when[pixel] != when[order[index + 1]]
    ]
    return torch.tensor([row * SIZE + column for row, column in order], dtype=torch.int64), tuple(ends)


@by_chunks
def motion_blur(images: Tensor, *, sigma: float, radius: float = 10.0, draws: Draws) -> Tensor:
    """Smear images to the left along a line at an angle drawn from −45° to 45°.

    The kernel is one half of a Gaussian, `2 radius + 1` taps 1 px apart from the middle outwards, each moved to the
    nearest pixel; so the digit does not only blur but also wanders to the left (at sigma 3 by 1.95 px on average). The
    frame's edge goes on outside.

    Args:
        images: `(B, 1, 28, 28)`.
        sigma: Standard deviation of the whole Gaussian in px; 0 changes nothing, bit for bit.
        radius: px, half the kernel's length, 1 to 28, rounded to a whole number.
        draws: The samples' draws; one uniform number each.

    Source: Mu & Gilmer 2019 (MNIST-C), function `motion_blur`; kernel and offsets are ImageMagick's
    (`MotionBlurImage`). Not rounded to grey levels as ImageMagick's result is.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 9:19, 12:16] = 1.0
    >>> smeared = motion_blur(bar, sigma=3.0, draws=Draws(0, "motion", torch.arange(1)))
    >>> bool(smeared[..., :12].sum() > 0), bool(smeared[..., 16:].sum() > 0)  # to the left only
    (True, False)
    """
    if sigma == 0:
        return images.clone(memory_format=torch.contiguous_format)
    weights = _half(sigma, max(round(radius), 1))
    angle = (draws.uniform().double() * 90 - 45).deg2rad()
    cosine, sine = angle.cos(), angle.sin()
    right = min(len(weights) - 1, SIZE - 1)
    aside = min(math.ceil(0.71 * len(weights)), SIZE - 1)
    padded = F.pad(images, (0, right, aside, aside), mode="replicate")
    width = SIZE + right
    # A tap reads the same window of every image's flat line, from a start of the image's own.
    windows = padded.view(len(images), padded.shape[2] * width).unfold(1, SIZE * width - right, 1)
    image = torch.arange(len(images), dtype=torch.int64, device=images.device)
    total = torch.zeros(len(images), SIZE * width, dtype=torch.float32, device=images.device)
    sum_of = total[:, : SIZE * width - right]
    for step, weight in enumerate(weights):
        x = (step * cosine - 0.5).ceil_().clamp_(max=right)
        y = (step * sine - 0.5).ceil_().clamp_(-aside, aside)
        sum_of.add_(windows[image, ((aside + y) * width + x).long()], alpha=weight)
    return total.view(-1, 1, SIZE, width)[..., :SIZE].clamp(0.0, 1.0)


MOTION_BLUR = Perturbation(
    motion_blur,
    {"sigma": Parameter("px", 0.0, 0.0, 100.0, above="are smeared to the left by a motion blur of {a}")},
    modifiers={"radius": Parameter("px", 10.0, 1.0, 28.0)},
    random=True,
)


GLASS_BLUR = Perturbation(
    glass_blur,
    {"sigma": Parameter("px", 0.0, 0.0, 10.0, above="are seen through a glass blur of {a}")},
    modifiers={
        "max_delta": Parameter("px", 1.0, 1.0, MOST_DELTA),
        "iterations": Parameter("times", 2.0, 1.0, MOST_ITERATIONS),
    },
    random=True,
)


@functools.lru_cache(maxsize=64)
def _half(sigma: float, radius: int) -> tuple[float, ...]:
    """Return half of the Gaussian kernel: its weights from the middle outwards, those above `LEAST_WEIGHT`."""
    weights = [math.exp(-0.5 * (step / sigma) ** 2) for step in range(2 * radius + 1)]
    total = sum(weights)
    return tuple(weight / total for weight in weights if weight / total > LEAST_WEIGHT)
