"""Frosted glass: every pixel shows what lies somewhere near it."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.blur.linear_blur import gaussian_blur
from robustmnist.perturb.chunks import by_chunks
from robustmnist.perturb.images import SIZE
from robustmnist.perturb.perturbation import Parameter, Perturbation

__all__ = ["GLASS_BLUR", "glass_blur"]


@by_chunks
def glass_blur(images: Tensor, *, reach: float, draws: Draws, smoothing: float = 0.5) -> Tensor:
    """Give each pixel the value of one near it, drawn for each pixel, then smooth with a Gaussian.

    A pixel is read from round(v) px away in x and in y, with v drawn uniformly between −(`reach` + 1/2) and
    `reach` + 1/2 on each axis: at a whole `reach` all the pixels of the square around it are equally likely. Outside
    the frame is paper. The same draws serve every reach. (Hendrycks & Dietterich swap pixels with their neighbours, one
    after the other: `robustmnist.perturb.mnist_c`.)

    Args:
        images: `(B, 1, 28, 28)`.
        reach: px, 0 or more; 0 changes nothing, bit for bit, and smooths nothing.
        draws: The samples' draws; two uniform fields.
        smoothing: Standard deviation in px of the Gaussian, 0 or more.

    Raises:
        ValueError: If `reach` is negative.

    Source: Hendrycks & Dietterich, "Benchmarking neural network robustness to common corruptions", 2019.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 9:19, 12:16] = 1.0
    >>> seen = glass_blur(bar, reach=2.0, smoothing=0.0, draws=Draws(0, "glass-blur", torch.arange(1)))
    >>> bool((seen != bar).any()), seen.unique().tolist()  # pixels from elsewhere, no new grey
    (True, [0.0, 1.0])
    """
    if reach < 0:
        raise ValueError(f"reach must be 0 or more, not {reach}")
    if reach == 0:
        return images.clone(memory_format=torch.contiguous_format)
    margin = math.ceil(reach)
    side = SIZE + 2 * margin
    paper = F.pad(images, (margin, margin, margin, margin)).flatten(1)
    away = draws.uniform(2, SIZE, SIZE).mul(2 * reach + 1).sub_(reach + 0.5).round_()
    right, down = away.clamp_(-margin, margin).unbind(1)
    position = torch.arange(margin, margin + SIZE, dtype=torch.int64, device=images.device)
    index = (down + position[:, None]).mul_(side).add_(right).add_(position).long()
    seen = paper.gather(1, index.flatten(1)).view(len(images), 1, SIZE, SIZE)
    return gaussian_blur(seen, sigma=smoothing)


GLASS_BLUR = Perturbation(
    glass_blur,
    {"reach": Parameter("px", 0.0, 0.0, 28.0, above="are scattered by up to {a} as behind frosted glass")},
    modifiers={"smoothing": Parameter("px", 0.5, 0.0, 28.0)},
    random=True,
)
