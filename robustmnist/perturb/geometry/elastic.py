"""Elastic deformation: every sample pulled about by a smooth random field of its own.

A field is white noise smoothed by a Gaussian, as Simard et al. have it, on a plane that repeats every 40 px: 12 px more
than the frame, so that opposite edges know nothing of each other at the smoothings allowed. Such a field is a sum of
225 waves whose random amplitudes fall with the wave number; drawing those instead of the noise takes 450 numbers a
sample, not 1,568, and no convolution. 10,000 digits, each with a field of its own, take 440 ms on 2 cores with their
draws; torchvision's elastic transform, which pulls a whole batch about by one field, 61 ms.

Source: Simard, Steinkraus & Platt, "Best practices for convolutional neural networks applied to visual document
analysis", ICDAR 2003. Their σ is 4 px; their α = 34 on noise uniform in ±1 makes a displacement of 2.0 px rms
(34 · √(2/3) / (2 √π · 4), both components).
"""

import functools
import math

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.chunks import by_chunks
from robustmnist.perturb.geometry.shift import shift
from robustmnist.perturb.images import CENTRE, SIZE, pixel_centres
from robustmnist.perturb.perturbation import Parameter, Perturbation
from robustmnist.perturb.resample import warp

__all__ = ["ELASTIC", "SMOOTHING_HIGH", "SMOOTHING_LOW", "elastic", "elastic_field"]

PERIOD = 40  # px
HIGHEST = 7  # waves in a period; at a smoothing of 3 px the next one's amplitude is 0.001 of the longest's
WAVES = 2 * HIGHEST + 1
SMOOTHING_LOW, SMOOTHING_HIGH = 3.0, 10.0  # px


@by_chunks
def elastic(images: Tensor, *, displacement: float, draws: Draws, smoothing: float = 4.0) -> Tensor:
    """Move every pixel by a smooth random field of the sample's own.

    A sample's field keeps its shape at all displacements; see `elastic_field`. From a displacement of about the
    smoothing on, the picture folds over here and there.

    Args:
        images: `(B, 1, 28, 28)`.
        displacement: px, rms over the frame in every sample, 0 or more; 0 changes nothing, bit for bit.
        draws: The samples' draws; 2 × 15 × 15 normal numbers each.
        smoothing: Standard deviation of the Gaussian in px, 3 to 10.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 9:19, 12:16] = 1.0
    >>> warped = elastic(bar, displacement=1.5, draws=Draws(0, "elastic", torch.arange(1)))
    >>> bool((warped - bar).any()), round(float(warped.sum() / bar.sum()), 1)
    (True, 1.0)
    """
    if displacement == 0:
        return shift(images)
    field = elastic_field(draws, smoothing) * displacement
    x, y = pixel_centres(torch.float32, images.device)
    return warp(images, field[:, 0] + x, field[:, 1] + y)


def elastic_field(draws: Draws, smoothing: float = 4.0) -> Tensor:
    """Return float32 `(B, 2, 28, 28)`: px to the right and down from each output pixel to where it is read.

    The field's mean over the frame is 0, so that the digit is deformed, not moved; the root of its mean square length
    is 1 px.

    Args:
        draws: The samples' draws.
        smoothing: Standard deviation of the Gaussian in px, 3 to 10.
    """
    basis = _basis(float(smoothing)).to(draws.ids.device)
    amplitudes = draws.normal(2, WAVES, WAVES)
    # Sums wave by wave: a matrix product may add in another order for another batch, and a fused product and
    # sum may round otherwise at a batch's end.
    rows = amplitudes.new_zeros(len(amplitudes), 2, SIZE, WAVES)
    for wave in range(WAVES):
        rows += basis[:, wave, None] * amplitudes[:, :, wave, None, :]
    field = amplitudes.new_zeros(len(amplitudes), 2, SIZE, SIZE)
    term = torch.empty_like(field)
    for wave in range(WAVES):
        field += torch.mul(rows[..., wave, None], basis[:, wave], out=term)
    pixels = SIZE * SIZE
    field -= _sum(field.flatten(2))[..., None, None] / pixels
    length = (_sum(field.flatten(1).square()) / pixels).sqrt_()
    return field.div_(length[:, None, None, None])


ELASTIC = Perturbation(
    elastic,
    {"displacement": Parameter("px", 0.0, 0.0, 14.0, above="are warped at random by {a}")},
    modifiers={"smoothing": Parameter("px", 4.0, SMOOTHING_LOW, SMOOTHING_HIGH)},
    random=True,
)


@functools.lru_cache(maxsize=64)
def _basis(smoothing: float) -> Tensor:
    """Return the waves along one axis, float32 `(28, 15)`, each with its amplitude after smoothing."""
    position = torch.arange(SIZE, dtype=torch.float64) - CENTRE
    waves = [torch.ones_like(position)]
    for number in range(1, HIGHEST + 1):
        turns = 2 * math.pi * number / PERIOD
        left = math.sqrt(2) * math.exp(-((turns * smoothing) ** 2) / 2)
        waves += [left * (turns * position).cos(), left * (turns * position).sin()]
    return torch.stack(waves, 1).float()


def _sum(numbers: Tensor) -> Tensor:
    """Return the sums over the last axis, added in one fixed order; that of `Tensor.sum` depends on the batch size."""
    while (length := numbers.shape[-1]) > 1:
        half = length // 2
        folded = numbers[..., :half] + numbers[..., half : 2 * half]
        numbers = torch.cat([folded, numbers[..., 2 * half :]], -1) if length % 2 else folded
    return numbers[..., 0]
