"""Shot noise: the ink seen through a limited number of photons, drawn exactly."""

import functools
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.special import pdtr
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.chunks import chunks
from robustmnist.perturb.images import PIXELS, SIZE
from robustmnist.perturb.perturbation import Parameter, Perturbation
from robustmnist.system.gradient import without_gradient
from robustmnist.system.threads import share_out

__all__ = ["SHOT_NOISE", "SMALLEST_SIGMA", "Inked", "prepare_shot", "shot_noise"]

LEVELS = 255  # the grey levels of the rate's table; MNIST's own
SMALLEST_SIGMA = 0.01  # 10,000 photons at full ink; below it the noise is finer than half a grey level

DRAW_BITS = 24  # draws are multiples of 2⁻²⁴
HALF_STEP = 2.0 ** -(DRAW_BITS + 1)  # their midpoints never fall on 0 or 1

# Parts of a level's uniform numbers in the table. In most of them all numbers have the same count; with this many the
# others, in which a step lies, are 5 % of a level's at σ = 0.1, and a table is 2 MB.
BIN_BITS = 11
BINS = 2**BIN_BITS
FINE_BITS = DRAW_BITS - BIN_BITS
UNSETTLED = -1.0

# Images at once on a processor: each of a chunk's dozen steps costs as much to start as some thousand pixels take.
CPU_CHUNK = 1024


class Inked(NamedTuple):
    """The pixels of a chunk of images that hold ink: four in five of a digit's are paper, which stays as it is.

    Attributes:
        pixel: int64 `(n,)`, ascending, where they are in the chunk's line of pixels; None where at least half of it is
            ink and all of it is here.
        bin: int32 `(n,)`, each one's level and the upper bits of its uniform number: 2¹¹ level + ⌊2¹¹ u⌋.
        fine: int16 `(n,)`, the number's lower bits, 0 to 2¹³ − 1.
    """

    pixel: Tensor | None
    bin: Tensor
    fine: Tensor


@without_gradient
def shot_noise(images: Tensor, *, sigma: float, draws: Draws, prepared: tuple[Inked, ...] | None = None) -> Tensor:
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

    >>> grey = torch.full((1, 1, 28, 28), 0.5)
    >>> noisy = shot_noise(grey, sigma=0.1, draws=Draws(0, "noise", torch.arange(1)))
    >>> round(float(noisy.std()), 2)  # 0.1 √0.5
    0.07
    """
    if sigma == 0 or not len(images):
        return images.clone(memory_format=torch.contiguous_format)
    if sigma < SMALLEST_SIGMA:
        raise ValueError(f"sigma must be 0 or at least {SMALLEST_SIGMA}, not {sigma}")
    inked = prepare_shot(images, draws) if prepared is None else prepared
    out = torch.empty(images.shape, dtype=torch.float32, device=images.device)
    starts = chunks(len(images), images.device, cpu_chunk=CPU_CHUNK)
    table, steps, ink = _tables(sigma, images.device)

    def work(share: range) -> list[tuple[Tensor, ...]]:
        return [_write(inked[start // starts.step], table, out[start : start + starts.step]) for start in share]

    # What the table leaves open is some hundred pixels a chunk: too few for a thread to be worth it.
    left = [chunk for part in share_out(work, starts, images.device) for chunk in part]
    indices, bins, fines = zip(*left, strict=True)
    index = torch.cat([part + start * PIXELS for start, part in zip(starts, indices, strict=True)])
    number = torch.cat(bins).double() * 2**FINE_BITS + torch.cat(fines)
    quantile = number * 2.0**-DRAW_BITS + HALF_STEP
    out.view(-1)[index] = ink.index_select(0, torch.searchsorted(steps, quantile))
    return out


def prepare_shot(images: Tensor, draws: Draws) -> tuple[Inked, ...]:
    """Return the pixels of `images`, `(B, 1, 28, 28)`, that hold ink and their uniform numbers, chunk by chunk."""
    starts = chunks(len(images), images.device, cpu_chunk=CPU_CHUNK)

    def work(share: range) -> list[Inked]:
        stops = (min(start + starts.step, len(images)) for start in share)
        return [_inked(images[start:stop], draws.part(start, stop)) for start, stop in zip(share, stops, strict=True)]

    return tuple(chunk for part in share_out(work, starts, images.device) for chunk in part)


SHOT_NOISE = Perturbation(
    shot_noise,
    {
        "sigma": Parameter(
            "sd of ink", 0.0, 0.0, 10.0, SMALLEST_SIGMA, above="carry shot noise of standard deviation {n}"
        )
    },
    random=True,
    prepare=prepare_shot,
)


def _inked(images: Tensor, draws: Draws) -> Inked:
    level, uniform = images.mul(LEVELS).round_().flatten(), draws.uniform(1, SIZE, SIZE).flatten()
    index = _where(operator.gt, level)
    sparse = 2 * len(index) < len(level)
    if sparse:
        level, uniform = level.index_select(0, index), uniform.index_select(0, index)
    number = uniform.mul(2**DRAW_BITS).to(torch.int32)
    upper = number >> FINE_BITS
    fine = (number - (upper << FINE_BITS)).to(torch.int16)
    return Inked(index if sparse else None, level.to(torch.int32).mul_(BINS).add_(upper), fine)


def _write(inked: Inked, table: Tensor, out: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Write the ink that each pixel's photons make into the chunk `out`.

    Returns:
        Pixel, bin and fine, as in `Inked`, of the pixels whose ink is still to be searched in the steps.
    """
    ink, line = table.index_select(0, inked.bin), out.view(-1)
    if inked.pixel is None:
        line.copy_(ink)
    else:
        line.zero_().scatter_(0, inked.pixel, ink)
    left = _where(operator.lt, ink)
    index = left if inked.pixel is None else inked.pixel.index_select(0, left)
    return index, inked.bin.index_select(0, left), inked.fine.index_select(0, left)


def _where(compare: Callable[[Any, float], Any], values: Tensor) -> Tensor:
    """Return int64 `(n,)`: the indices of the values for which the comparison with 0 holds.

    On a CPU NumPy compares 3 times and collects the indices 10 times as fast as torch.
    """
    if values.device.type == "cpu":
        return torch.from_numpy(np.flatnonzero(compare(values.numpy(), 0.0)))
    indices: Tensor = compare(values, 0.0).nonzero().squeeze(1)
    return indices


@functools.lru_cache(maxsize=32)
def _tables(sigma: float, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Return the ink by level and bin of the uniform number u; the steps and their ink, for bins with several inks.

    A bin in which the ink is not the same throughout is `UNSETTLED` in the first table; its pixels search the steps.
    These are the Poisson distribution functions of all levels in one ascending array: level + P(K ≤ k), float64, for
    each level from 1 to 255 and each k that a draw can reach. The first step that is not below level + u belongs to
    the smallest k with P(K ≤ k) ≥ u, which is shown as the ink k σ².
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
