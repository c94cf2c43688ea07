"""Shot noise: the ink seen through a limited number of photons, drawn exactly."""

import functools

import numpy as np
import torch
from scipy.special import pdtr
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.chunks import by_chunks
from robustmnist.perturb.images import SIZE

__all__ = ["SMALLEST_SIGMA", "prepare_shot", "shot_noise"]

LEVELS = 255  # the grey levels of the rate's table; MNIST's own
SMALLEST_SIGMA = 0.01  # 10,000 photons at full ink; below it the noise is finer than half a grey level

DRAW_BITS = 24  # draws are multiples of 2⁻²⁴
HALF_STEP = 2.0 ** -(DRAW_BITS + 1)  # their midpoints never fall on 0 or 1
LOWEST = 2**31  # what is taken off level and draw in one number, so that it fits an int32

# Parts of a level's uniform numbers in the table. In most of them all numbers have the same count; with this many the
# others, in which a step lies, are 5 % of a level's at σ = 0.1, and a table is 2 MB.
BIN_BITS = 11
BINS = 2**BIN_BITS
UNSETTLED = -1.0


@by_chunks
def shot_noise(images: Tensor, *, sigma: float, draws: Draws, prepared: Tensor | None = None) -> Tensor:
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
    place = (prepare_shot(images, draws) if prepared is None else prepared).flatten()
    table, steps, ink = _tables(sigma, images.device)
    part = (place >> (DRAW_BITS - BIN_BITS)).add_(LOWEST >> (DRAW_BITS - BIN_BITS))
    out = table.index_select(0, part)
    unsettled = _where_negative(out)
    quantile = (place.index_select(0, unsettled).double() + LOWEST) * 2.0**-DRAW_BITS + HALF_STEP
    out[unsettled] = ink.index_select(0, torch.searchsorted(steps, quantile))
    return out.view(images.shape)


@by_chunks
def prepare_shot(images: Tensor, draws: Draws) -> Tensor:
    """Return int32 `(B, 1, 28, 28)`: each pixel's level, 0 to 255, and uniform number in one: 2²⁴ (level + u) − 2³¹."""
    level = images.mul(LEVELS).round_().sub_(LOWEST >> DRAW_BITS).to(torch.int32)  # less 128
    return level.mul_(2**DRAW_BITS).add_(draws.uniform(1, SIZE, SIZE).mul(2**DRAW_BITS).to(torch.int32))


def _where_negative(line: Tensor) -> Tensor:
    """Return int64 `(n,)`: the places of the numbers below 0; on a CPU numpy finds them ten times faster than torch."""
    if line.device.type == "cpu":
        return torch.from_numpy(np.flatnonzero(line.numpy() < 0))
    return (line < 0).nonzero().squeeze(1)


@functools.lru_cache(maxsize=32)
def _tables(sigma: float, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Return the ink of each level's bins of uniform numbers, and what settles the others: steps and the ink at each.

    The steps are the Poisson distribution functions of all levels in one ascending line: level + P(K ≤ k), float64, for
    each level from 1 to 255 and each k of a window outside which no quantile lies. The first step at or above level + u
    has the smallest k with P(K ≤ k) ≥ u, shown as k σ² of ink.
    """
    mean = np.arange(1, LEVELS + 1) / LEVELS / sigma**2
    # Six standard deviations and 12: the draws' outermost quantiles, 2⁻²⁵ from 0 and 1, lie at 5.4 and the skewness.
    first = np.maximum(0, np.floor(mean - 6 * np.sqrt(mean) - 1)).astype(np.int64)
    length = np.ceil(mean + 6 * np.sqrt(mean) + 12).astype(np.int64) - first
    row = np.repeat(np.arange(LEVELS), length)
    count = np.arange(len(row)) + (first - np.cumsum(length) + length)[row]
    ink = np.clip(count * sigma**2, 0.0, 1.0).astype(np.float32)
    steps = row + 1 + pdtr(count, mean[row])
    # A bin's ink is that of its lowest and of its highest quantile, if it is the same.
    bins = np.arange(BINS, (LEVELS + 1) * BINS) / BINS
    lowest = ink[np.searchsorted(steps, bins + HALF_STEP)]
    highest = ink[np.searchsorted(steps, bins + (1 / BINS - HALF_STEP))]
    table = np.concatenate([np.zeros(BINS, np.float32), np.where(lowest == highest, lowest, np.float32(UNSETTLED))])
    return torch.from_numpy(table).to(device), torch.from_numpy(steps).to(device), torch.from_numpy(ink).to(device)
