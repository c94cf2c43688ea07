"""Noise on the ink, clamped to [0, 1]; the same draws serve every strength, so curves are smooth.

Every function returns a new tensor; at strength 0 it holds the input bit for bit. Shot noise is in `shot.py`, noise of
one band of frequencies in `band.py`.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.chunks import chunks
from robustmnist.perturb.images import SIZE
from robustmnist.threads import share_out

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


@torch.no_grad()
def uniform_noise(images: Tensor, *, amplitude: float, draws: Draws) -> Tensor:
    """Add uniform noise to every pixel: clamp(x + u), u between −`amplitude` and `amplitude`.

    Args:
        images: `(B, 1, 28, 28)`.
        amplitude: Half the width of the interval, as a part of full ink; 0 or more.
        draws: The samples' draws; one uniform field.
    """

    def write(part: Tensor, its: Draws, out: Tensor) -> None:
        torch.add(part, its.uniform(*FIELD), alpha=2 * amplitude, out=out).sub_(amplitude).clamp_(0.0, 1.0)

    return _written_by_chunks(images, draws, write)


@torch.no_grad()
def salt_and_pepper(images: Tensor, *, probability: float, draws: Draws) -> Tensor:
    """Replace pixels, half of them by background and half by full ink.

    A pixel replaced at one probability is replaced, by the same, at every higher one.

    Args:
        images: `(B, 1, 28, 28)`.
        probability: Of a pixel to be replaced, 0 to 1.
        draws: The samples' draws; one uniform field.

    Source: Hendrycks & Dietterich 2019 ("impulse noise").
    """

    def write(part: Tensor, its: Draws, out: Tensor) -> None:
        field = its.uniform(*FIELD)
        # Salt is a maximum with 1, pepper a product with 0: numbers are three times faster than masks.
        torch.maximum(part, torch.ge(field, 1 - probability / 2, out=out), out=out)
        out.mul_(torch.ge(field, probability / 2, out=torch.empty_like(field)))

    return _written_by_chunks(images, draws, write)


@torch.no_grad()
def impulse_noise(images: Tensor, *, probability: float, draws: Draws) -> Tensor:
    """Replace pixels by a grey drawn uniformly from [0, 1): random-valued impulses.

    A pixel replaced at one probability is replaced, by the same grey, at every higher one. Known as random-valued
    impulse noise; `salt_and_pepper` writes full ink or none instead.

    Args:
        images: `(B, 1, 28, 28)`.
        probability: Of a pixel to be replaced, 0 to 1.
        draws: The samples' draws; two uniform fields.
    """

    def write(part: Tensor, its: Draws, out: Tensor) -> None:
        which, grey = its.uniform(2, *FIELD).unbind(1)
        # A weight of exactly 0 or 1 gives exactly one or the other, three times faster than a choice by mask.
        torch.lerp(part, grey, torch.lt(which, probability, out=out), out=out)

    return _written_by_chunks(images, draws, write)


def _written_by_chunks(images: Tensor, draws: Draws, write: Callable[[Tensor, Draws, Tensor], None]) -> Tensor:
    """Return what ``write(images, draws, out)`` leaves in `out`, a chunk at a time.

    For several operations in a row: what they hand on stays in the cache, and no other memory is written. A single one
    is cheaper over the whole batch.
    """
    out = torch.empty(images.shape, device=images.device)
    starts = chunks(len(images), images.device)

    def work(share: range) -> None:
        for start in share:
            stop = min(start + starts.step, len(images))
            write(images[start:stop], draws.part(start, stop), out[start:stop])

    share_out(work, starts, images.device)
    return out
