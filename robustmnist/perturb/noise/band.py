"""Noise of one band of spatial frequencies: coarse blotches or fine grain of equal power."""

import functools
import math

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.chunks import by_chunks
from robustmnist.perturb.images import SIZE
from robustmnist.perturb.perturbation import Parameter, Perturbation

__all__ = ["BANDS", "BAND_NOISE", "CUT", "band_noise"]

BANDS = ("low", "high")
CUT = 7.0  # cycles per image: half of what 28 pixels can hold along an axis, a wave of 4 px


@by_chunks
def band_noise(images: Tensor, *, sigma: float, draws: Draws, band: str = "low", cut: float = CUT) -> Tensor:
    """Add normal noise whose waves are all longer than a limit, or all shorter: clamp(x + σ z).

    Every pixel of z has standard deviation 1 in either band, so that at one σ both carry the same power and differ in
    nothing but the size of their blotches. The field is the sum of the frame's waves (periodic, a whole number of
    cycles per image in x and in y) with f² = f_x² + f_y² at most `cut`², or above it; a mean grey has f = 0 and so is
    low. Both bands are made from the same draws, of which each takes its part.

    Args:
        images: `(B, 1, 28, 28)`.
        sigma: Standard deviation of every pixel before clamping, as a part of full ink; 0 or more.
        draws: The samples' draws; one normal field, the waves' amplitudes.
        band: ``low`` or ``high``.
        cut: Cycles per image, 0 to 19; the highest frequency in the frame is 14 √2 = 19.8.

    Raises:
        ValueError: If the band is neither, or empty.

    Source: Yin et al., "A Fourier perspective on model robustness in computer vision", 2019, for the comparison.

    >>> grey = torch.full((1, 1, 28, 28), 0.5)
    >>> noisy = band_noise(grey, sigma=0.1, band="high", draws=Draws(0, "noise", torch.arange(1)))
    >>> round(float(noisy.std()), 2)
    0.1
    """
    if band not in BANDS:
        raise ValueError(f"no band '{band}': {', '.join(BANDS)}")
    waves, share, used = _waves(band, cut)
    waves = waves.to(images.device)
    amplitude = draws.normal(1, SIZE, SIZE) * share.to(images.device)
    # Sums of products pixel by pixel: the order in which a matrix product or a Fourier transform sums up, hence its
    # last bits, may depend on the batch.
    in_y, field = torch.zeros_like(amplitude), torch.zeros_like(amplitude)
    for k in used:
        in_y.addcmul_(amplitude[..., k, None, :], waves[k, :, None])
    for k in used:
        field.addcmul_(in_y[..., k, None], waves[k])
    return torch.add(images, field, alpha=sigma).clamp_(0.0, 1.0)


BAND_NOISE = Perturbation(
    band_noise,
    {"sigma": Parameter("sd of ink", 0.0, 0.0, 10.0, above="carry band noise of standard deviation {n}")},
    modifiers={"cut": Parameter("cycles/image", CUT, 0.0, 19.0)},
    choices={"band": BANDS},
    random=True,
)


@functools.lru_cache(maxsize=16)
def _waves(band: str, cut: float) -> tuple[Tensor, Tensor, tuple[int, ...]]:
    """Return the waves of a line, the weight of each pair of waves in the band, and the waves that the band uses.

    The waves are 28 orthonormal rows, `(28, 28)`. A pair is a wave across times a wave down; its weight, `(28, 28)`, is
    0 outside of the band. Amplitudes of standard deviation 1 on all 28² pairs make white noise of standard deviation 1;
    on k of them, cos and sin of the same cycles always together, noise of √k / 28. So the weight inside is 28 / √k.
    """
    row = torch.arange(SIZE, dtype=torch.int64)
    cycles = (row + 1) // 2  # 1; cos and sin of 1 to 13 cycles; cos of 14
    is_sin = (row > 0) & (row % 2 == 0)
    angle = 2 * math.pi / SIZE * cycles[:, None].float() * row.double() - math.pi / 2 * is_sin[:, None].float()
    waves = angle.cos() * torch.where((row == 0) | (row == SIZE - 1), 1, 2)[:, None].float().div(SIZE).sqrt()
    squared = cycles[:, None] ** 2 + cycles**2
    inside = squared <= cut**2 if band == "low" else squared > cut**2
    if not inside.any():
        raise ValueError(f"no wave of the frame has more than {cut} cycles per image")
    used = tuple(inside.any(0).nonzero().squeeze(1).tolist())
    return waves.float(), inside.float() * (SIZE / math.sqrt(int(inside.sum()))), used
