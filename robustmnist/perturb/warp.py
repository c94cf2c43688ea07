"""Reading each image at places of its own."""

import torch
import torch.nn.functional as F
from torch import Tensor

from robustmnist.perturb.images import CENTRE

__all__ = ["warp"]


def warp(images: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return `(B, 1, 28, 28)`: each image read at its own places, bilinear, background 0 outside, clamped to [0, 1].

    `grid_sample` has one and the same arithmetic for every image of a batch, so that no bit depends on it.

    Args:
        images: `(B, 1, 28, 28)`.
        x: float32 `(B, 28, 28)`, px from the centre to the right, where each output pixel is read.
        y: float32 `(B, 28, 28)`, px down.
    """
    grid = torch.stack([x, y], -1).div_(CENTRE)
    return F.grid_sample(images, grid, padding_mode="zeros", align_corners=True).clamp_(0.0, 1.0)
