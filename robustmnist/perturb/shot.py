"""Shot noise: the ink seen through a limited number of photons, drawn exactly."""

import functools

import numpy as np
import torch
from scipy.special import pdtr
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.images import SIZE

__all__ = ["SMALLEST_SIGMA", "prepare_shot", "shot_noise"]

LEVELS = 255  # the grey levels of the rate's table; MNIST's own
SMALLEST_SIGMA = 0.01  # 10,000 photons at full ink; below it the noise is finer than half a grey level

HALF_STEP = 2.0**-25  # draws are multiples of 2⁻²⁴; their midpoints never fall on 0 or 1


def shot_noise(images: Tensor, *, sigma: float, draws: Draws, prepared: tuple[Tensor, Tensor] | None = None) -> Tensor:
    """Replace ink x by a photon count: clamp(k / c), k from the Poisson distribution of mean c x, c = 1/σ².

    The standard deviation is σ at full ink and σ √x at ink x; the background stays clean. The ink is rounded to the
    255 grey levels for the mean. The count is the exact quantile of one uniform number per pixel, so a pixel's noise
    goes up or down together at all strengths.

    Args:
        images: `(B, 1, 28, 28)`.
        sigma: Standard deviation at full ink before clamping: 0, or 0.01 and more.
        draws: The samples' draws; one uniform field.
        prepared: `prepare_shot(images, draws)`, where it is known.

    Raises:
        ValueError: If `sigma` is between 0 and 0.01.

    Source: Hendrycks & Dietterich 2019, whose parameter is c.
    """
    if sigma == 0:
        return images.clone(memory_format=torch.contiguous_format)
    if sigma < SMALLEST_SIGMA:
        raise ValueError(f"sigma must be 0 or at least {SMALLEST_SIGMA}, not {sigma}")
    quantiles, place = prepare_shot(images, draws) if prepared is None else prepared
    steps, ink = (table.to(images.device) for table in _steps(sigma))
    # Both lines are sorted: the pixels between two steps form a run, and all of a run have the same count.
    ends = torch.searchsorted(quantiles, steps, right=True)
    runs = ends.diff(prepend=ends.new_zeros(1))
    out = torch.zeros(images.numel(), device=images.device)
    out.scatter_(0, place, ink.repeat_interleave(runs, output_size=len(place)))
    return out.view(images.shape)


def prepare_shot(images: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
    """Return level + quantile of every pixel with ink, float64 and ascending, and the pixels' places, int64."""
    flat = images.reshape(-1)
    inked = (flat >= 0.5 / LEVELS).nonzero().squeeze(1)  # elsewhere the rounded mean is 0, and so is the count
    level = flat[inked].mul_(LEVELS).round_().to(torch.float64)
    uniform = draws.uniform(1, SIZE, SIZE).reshape(-1)[inked].to(torch.float64)
    quantiles, order = level.add_(uniform).add_(HALF_STEP).sort()
    return quantiles, inked[order]


@functools.lru_cache(maxsize=32)
def _steps(sigma: float) -> tuple[Tensor, Tensor]:
    """Return the Poisson distribution functions of all levels in one ascending line, and the ink at each step.

    The line holds level + P(K ≤ k), float64, for each level from 1 to 255 and each k of a window outside which no
    quantile lies; the first step at or above level + u has the smallest k with P(K ≤ k) ≥ u, shown as k σ² of ink.
    """
    mean = np.arange(1, LEVELS + 1) / LEVELS / sigma**2
    # Six standard deviations and 12: the draws' outermost quantiles, 2⁻²⁵ from 0 and 1, lie at 5.4 and the skewness.
    first = np.maximum(0, np.floor(mean - 6 * np.sqrt(mean) - 1)).astype(np.int64)
    length = np.ceil(mean + 6 * np.sqrt(mean) + 12).astype(np.int64) - first
    row = np.repeat(np.arange(LEVELS), length)
    count = np.arange(len(row)) + (first - np.cumsum(length) + length)[row]
    ink = np.clip(count * sigma**2, 0.0, 1.0).astype(np.float32)
    return torch.from_numpy(row + 1 + pdtr(count, mean[row])), torch.from_numpy(ink)
