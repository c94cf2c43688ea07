"""A digit's outline at a coarse scale, wherever it lies and however large it is: by it copies are recognised."""

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["outlines"]

SIDE = 14  # pixels along each side
REACH = 2.2  # standard deviations of the ink around its centre of mass that are looked at
MIDDLE = 13.5  # px, the frame's


def outlines(images: Tensor) -> Tensor:
    """Return coarse pictures of digits, float32 ``(n, 1, 14, 14)``, of mean 0 and length 1 each.

    Each is centred on its centre of mass and scaled by the standard deviation of its ink, which shrinking and enlarging
    hardly change, where the box of the ink, as resampling smears it, does by a tenth. A turn by quarters or a flip of
    the image is one of the outline. The product of two is their correlation.

    Args:
        images: ``(n, 1, 28, 28)``, ink on paper 0.
    """
    ink = images[:, 0].double()
    axis = torch.arange(28, dtype=torch.float64, device=images.device)
    mass = ink.sum((1, 2)).clamp(min=1e-6)
    across, down = ink.sum(1), ink.sum(2)
    x, y = (((profile * axis).sum(1) / mass)[:, None] for profile in (across, down))
    variance = ((across * (axis - x) ** 2).sum(1) + (down * (axis - y) ** 2).sum(1)) / mass / 2
    steps = torch.linspace(-REACH, REACH, SIDE, dtype=torch.float64, device=images.device)
    step = variance.sqrt().clamp(min=0.5)[:, None] * steps
    columns, rows = ((middle + step - MIDDLE) / MIDDLE for middle in (x, y))
    grid = torch.stack([part.expand(-1, SIDE, SIDE) for part in (columns[:, None, :], rows[:, :, None])], -1).float()
    smooth = F.avg_pool2d(images.float(), 3, 1, 1)
    seen = F.grid_sample(smooth, grid, mode="bilinear", padding_mode="zeros", align_corners=True)
    return F.normalize((seen - seen.mean((2, 3), keepdim=True)).flatten(1), dim=1).reshape_as(seen)
