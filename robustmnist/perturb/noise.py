"""Noise on the ink, clamped to [0, 1]; the same draws serve every strength, so curves are smooth.

Every function returns a new tensor; at strength 0 it holds the input bit for bit. Shot noise is in `shot.py`, noise of
one band of frequencies in `band.py`.
"""

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.chunks import by_chunks
from robustmnist.perturb.images import SIZE

__all__ = ["gaussian_noise", "impulse_noise", "salt_and_pepper", "speckle", "uniform_noise"]

FIELD = (1, SIZE, SIZE)


def gaussian_noise(images: Tensor, *, sigma: float, draws: Draws) -> Tensor:
    """Add normal noise to every pixel: clamp(x + σ z).

    Args:
        images: `(B, 1, 28, 28)`.
        sigma: Standard deviation before clamping, as a part of full ink; 0 or more.
        draws: The samples' draws; one normal field.

    Source: Hendrycks & Dietterich, "Benchmarking neural network robustness to common corruptions", 2019.
    """
    return torch.add(images, draws.normal(*FIELD), alpha=sigma).clamp_(0.0, 1.0)


def speckle(images: Tensor, *, sigma: float, draws: Draws) -> Tensor:
    """Add normal noise in proportion to the ink: clamp(x + σ x z); the background stays clean.

    Args:
        images: `(B, 1, 28, 28)`.
        sigma: Standard deviation at full ink before clamping; 0 or more.
        draws: The samples' draws; one normal field.

    Source: Hendrycks & Dietterich 2019, as `gaussian_noise`.
    """
    return torch.addcmul(images, images, draws.normal(*FIELD), value=sigma).clamp_(0.0, 1.0)


def uniform_noise(images: Tensor, *, amplitude: float, draws: Draws) -> Tensor:
    """Add uniform noise to every pixel: clamp(x + u), u between −`amplitude` and `amplitude`.

    Args:
        images: `(B, 1, 28, 28)`.
        amplitude: Half the width of the interval, as a part of full ink; 0 or more.
        draws: The samples' draws; one uniform field.
    """
    field = draws.uniform(*FIELD)
    return torch.add(images, field, alpha=2 * amplitude).sub_(amplitude).clamp_(0.0, 1.0)


def salt_and_pepper(images: Tensor, *, probability: float, draws: Draws) -> Tensor:
    """Replace pixels, half of them by background and half by full ink.

    A pixel replaced at one probability is replaced, by the same, at every higher one.

    Args:
        images: `(B, 1, 28, 28)`.
        probability: Of a pixel to be replaced, 0 to 1.
        draws: The samples' draws; one uniform field.

    Source: Hendrycks & Dietterich 2019 ("impulse noise").
    """
    field = draws.uniform(*FIELD)
    # Salt is a maximum with 1, pepper a product with 0: numbers are three times faster than masks.
    out, kept = torch.empty_like(field), torch.empty_like(field)
    torch.maximum(images, torch.ge(field, 1 - probability / 2, out=out), out=out)
    return out.mul_(torch.ge(field, probability / 2, out=kept))


@by_chunks
def impulse_noise(images: Tensor, *, probability: float, draws: Draws) -> Tensor:
    """Replace pixels by a grey drawn uniformly from [0, 1): random-valued impulses.

    A pixel replaced at one probability is replaced, by the same grey, at every higher one. Known as random-valued
    impulse noise; `salt_and_pepper` writes full ink or none instead.

    Args:
        images: `(B, 1, 28, 28)`.
        probability: Of a pixel to be replaced, 0 to 1.
        draws: The samples' draws; two uniform fields.
    """
    which, grey = draws.uniform(2, *FIELD).unbind(1)
    # A weight of exactly 0 or 1 gives exactly one or the other, seven times faster than a choice by mask.
    return torch.lerp(images, grey, torch.lt(which, probability, out=torch.empty_like(grey)))
