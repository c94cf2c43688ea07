"""Parts of pixels covered, and what the covered part shows."""

import torch
from torch import Tensor

from robustmnist.errors import InputError

__all__ = ["FILLS", "covered", "overlap", "slanting"]

FILLS = ("paper", "ink", "inverted")


def overlap(distance: Tensor, width: float) -> Tensor:
    """Return how much of a pixel lies in a band along an axis.

    Args:
        distance: px from the band's middle line to the pixel's centre, of any shape.
        width: px of the band, 0 or more.
    """
    return ((width + 1) / 2 - distance.abs()).clamp_(min=0.0).clamp_(max=min(1.0, width))


def slanting(distance: Tensor, width: float | Tensor, normal_x: Tensor, normal_y: Tensor) -> Tensor:
    """Return how much of a pixel lies in a band in any direction: of its middle line along the axis that crosses more.

    So each row or column that the band crosses has exactly the ink of the crossing, at any angle and position; a band
    as wide as a pixel that took the distance alone would be up to a sixth too faint at 45°.

    Args:
        distance: px from the band's middle line to the pixel's centre, `(B, 28, 28)`.
        width: px of the band, 0 or more; a number or `(B, 1, 1)`.
        normal_x: Of the unit vector across the band, `(B, 1, 1)`.
        normal_y: Likewise.
    """
    step = torch.maximum(normal_x.abs(), normal_y.abs())  # px across the band for one px along the axis
    crossing = width / step
    share = ((crossing + 1) / 2 - (distance / step).abs()).clamp_(min=0.0)
    return torch.minimum(share, crossing.clamp(max=1.0))


def covered(images: Tensor, cover: Tensor, fill: str = "paper") -> Tensor:
    """Return the images with what is covered filled: ``paper`` takes ink away, ``inverted`` turns it round.

    A cover of 0 leaves a pixel as it is, bit for bit.

    Args:
        images: `(B, 1, 28, 28)`.
        cover: Parts of pixels, `(28, 28)` or `(B, 28, 28)`, 0 to 1.
        fill: One of `FILLS`.

    Raises:
        InputError: If the fill is none of these.
    """
    if fill not in FILLS:
        raise InputError(f"must be one of {', '.join(FILLS)}, not '{fill}'", where="fill")
    cover = cover[..., None, :, :]
    if fill == "paper":
        out = images * (1 - cover)
    else:
        change = 1 - images if fill == "ink" else 1 - 2 * images
        out = (images + change * cover).clamp_(0.0, 1.0)
    return out.contiguous()
