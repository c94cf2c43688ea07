"""A coarse sensor: the image in blocks of one grey each."""

import functools
import math

import torch
from torch import Tensor

from robustmnist.perturb.images import SIZE
from robustmnist.perturb.perturbation import Parameter, Perturbation
from robustmnist.perturb.resample import Taps, columns, resample, rows

__all__ = ["PIXELATE", "pixelate"]


def pixelate(images: Tensor, *, block: float) -> Tensor:
    """Average the image over square blocks, and show each pixel in the grey of the block in which its middle lies.

    Blocks are laid from the frame's top left corner. Where `block` does not divide 28, the last ones reach over the
    frame's edge and average over paper, 0, there. A block of a fraction of pixels counts those on its edge in part.

    Args:
        images: `(B, 1, 28, 28)`.
        block: A block's side in px, 1 or more; 1 changes nothing, bit for bit.

    Raises:
        ValueError: If `block` is below 1.

    Source: Hendrycks & Dietterich, "Benchmarking neural network robustness to common corruptions", 2019, who give the
    coarse image's part of the fine one's side instead: 1 / `block`.

    >>> dot = torch.zeros(1, 1, 28, 28)
    >>> dot[..., 10, 5] = 1.0
    >>> pixelate(dot, block=2.0)[0, 0, 10:12, 3:6].tolist()
    [[0.0, 0.25, 0.25], [0.0, 0.25, 0.25]]
    """
    if block < 1:
        raise ValueError(f"block must be 1 or more, not {block}")
    if block == 1:
        return images.clone(memory_format=torch.contiguous_format)
    return resample(images, *_blocks(block))


PIXELATE = Perturbation(pixelate, {"block": Parameter("px", 1.0, 1.0, 28.0, above="are shown in blocks of {a}")})


@functools.lru_cache(maxsize=64)
def _blocks(block: float) -> tuple[Taps, Taps]:
    edge = torch.arange(math.ceil(SIZE / block) + 1, dtype=torch.float64) * block
    pixel = torch.arange(SIZE, dtype=torch.float64)
    # How much of each pixel, from its left edge to its right one, lies in each block.
    shared = torch.minimum(edge[1:, None], pixel + 1) - torch.maximum(edge[:-1, None], pixel)
    mean = shared.clamp(min=0) / block
    of = ((pixel + 0.5) / block).floor().long()
    return rows(mean[of]), columns(mean[of])
