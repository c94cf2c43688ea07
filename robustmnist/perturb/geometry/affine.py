"""Shift, scale and rotation of each sample by its own amount, in one interpolation: for augmentation."""

import torch
import torch.nn.functional as F
from torch import Tensor

from robustmnist.perturb.images import CENTRE, pixel_centres

__all__ = ["affine"]


def affine(
    images: Tensor,
    *,
    dx: float | Tensor = 0.0,
    dy: float | Tensor = 0.0,
    angle: float | Tensor = 0.0,
    scale: float | Tensor = 1.0,
    horizontal: float | Tensor = 1.0,
    vertical: float | Tensor = 1.0,
) -> Tensor:
    """Scale each image about the centre, then turn it, then shift it, with one bilinear interpolation.

    Signs are those of `shift`, `scale` and `rotation`: x to the right, y down, counter-clockwise as seen on screen
    (kornia's `RandomAffine` turns the other way). Unlike `scale`, shrinking is not smoothed: meant for 0.7 and more.
    Background 0 comes in from outside. A sample whose amounts are all neutral is returned bit for bit.

    Args:
        images: `(B, 1, 28, 28)`.
        dx: px to the right, one number or `(B,)`; as all that follow.
        dy: px down.
        angle: Degrees.
        scale: ×, above 0.
        horizontal: ×, above 0, a further factor in x before the turn.
        vertical: ×, above 0, a further factor in y before the turn.

    >>> dot = torch.zeros(1, 1, 28, 28)
    >>> dot[..., 10, 5] = 1.0
    >>> moved = affine(dot.expand(2, 1, 28, 28), dx=torch.tensor([0.0, 3.0]))
    >>> (moved.flatten(1).argmax(1) % 28).tolist()  # columns
    [5, 8]
    """

    def amount(value: float | Tensor) -> Tensor:
        return torch.as_tensor(value, dtype=torch.float64, device=images.device).expand(len(images))

    right, down, radians = amount(dx), amount(dy), amount(angle).deg2rad()
    in_x, in_y = amount(scale) * amount(horizontal), amount(scale) * amount(vertical)
    x, y = pixel_centres(torch.float32, images.device)
    cosine, sine = radians.cos(), radians.sin()
    # Where an output pixel p is read: S⁻¹ R⁻¹ (p − shift), in units of half the frame.
    from_x = _plane(cosine / in_x, -sine / in_x, (sine * down - cosine * right) / in_x, x, y)
    from_y = _plane(sine / in_y, cosine / in_y, -(sine * right + cosine * down) / in_y, x, y)
    grid = torch.stack([from_x, from_y], -1) / CENTRE
    moved = F.grid_sample(images, grid, padding_mode="zeros", align_corners=True).clamp_(0.0, 1.0)
    neutral = (right == 0) & (down == 0) & (radians == 0) & (in_x == 1) & (in_y == 1)
    return torch.where(neutral[:, None, None, None], images, moved)


def _plane(along_x: Tensor, along_y: Tensor, offset: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return float32 `(B, 28, 28)`: a linear function of x and y for each sample."""
    a, b, c = (term.float()[:, None, None] for term in (along_x, along_y, offset))
    return a * x + b * y + c
