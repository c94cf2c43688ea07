"""What a digit is, in numbers: ink, centroid, extent and stroke width of each image.

A pixel's place is that of its centre: x 0 to 27 to the right, y 0 to 27 down; the frame's middle is (13.5, 13.5).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["centroid", "extent", "ink", "stroke_width"]

ENLARGED = 4  # sub-pixels per px in which strokes are measured
CHUNK = 64  # images


def ink(images: Tensor) -> Tensor:
    """Return `(B,)`: each image's ink in px², its mean grey × 784.

    Args:
        images: `(B, 1, 28, 28)`.
    """
    return images.flatten(1).sum(1)


def centroid(images: Tensor) -> Tensor:
    """Return `(B, 2)`: the ink's centre of mass (x, y) in px; NaN for a blank image.

    Args:
        images: `(B, 1, 28, 28)`.
    """
    place = torch.arange(images.shape[-1], dtype=images.dtype, device=images.device)
    columns, rows = images.sum((1, 2)), images.sum((1, 3))
    return torch.stack([(columns * place).sum(1), (rows * place).sum(1)], 1) / ink(images)[:, None]


def extent(images: Tensor, *, threshold: float = 0.0) -> Tensor:
    """Return int64 `(B, 4)`: the bounding box of the ink, left, top, right, bottom; right and bottom lie outside of it.

    Args:
        images: `(B, 1, 28, 28)`.
        threshold: Ink is what is above it. A blank image has the box 0, 0, 0, 0.
    """
    inked = images[:, 0] > threshold
    edges = []
    for across in (inked.any(1), inked.any(2)):
        place = torch.arange(across.shape[1], device=images.device)
        edges.append((torch.where(across, place, len(place)).amin(1), torch.where(across, place + 1, 0).amax(1)))
    (left, right), (top, bottom) = edges
    return torch.stack([left, top, right, bottom], 1) * inked.flatten(1).any(1)[:, None]


def stroke_width(images: Tensor) -> Tensor:
    """Return `(B,)`: each image's mean stroke width in px; NaN where no ink is above one half.

    The image is enlarged 4 times (bilinear) and cut at half ink. Across a stroke the distance to its nearest edge rises
    from 0 to half the width and falls again, so the width is 4 times the mean distance over the ink. Outside the frame
    is paper.

    On 200 MNIST digits the difference to 2 × the mean distance along the medial axis (scikit-image), 2.56 px on
    average, is 0.04 ± 0.13 px (mean, standard deviation), correlation 0.985; broad strokes count for more, by area.
    A straight bar comes out in steps of 1/4 px if it lies along an axis, 0.1 px too narrow on average if it does not.

    Args:
        images: `(B, 1, 28, 28)`.
    """
    if not len(images):
        return images.new_empty(0)
    return torch.cat([_width(part) for part in torch.split(images, CHUNK)])


def _width(images: Tensor) -> Tensor:
    paper = F.pad(images, (1, 1, 1, 1))
    inside = F.interpolate(paper, scale_factor=ENLARGED, mode="bilinear", align_corners=False)[:, 0] > 0.5
    distance = (_squared_distance(inside).to(torch.float32).sqrt() - 0.5).clamp_(min=0.0)
    return 4 / ENLARGED * distance.flatten(1).sum(1) / inside.flatten(1).sum(1)


def _squared_distance(inside: Tensor) -> Tensor:
    """Return int32 `(B, H, W)`: the squared distance from each sub-pixel to the nearest one that is not inside."""
    width = inside.shape[2]
    place = torch.arange(width, device=inside.device, dtype=torch.int32)
    # Along the rows: the last sub-pixel of paper on the left and the first on the right.
    left = place - torch.where(inside, -width, place).cummax(2).values
    right = torch.where(inside, 2 * width, place).flip(2).cummin(2).values.flip(2) - place
    along = torch.minimum(left, right).square_()
    nearest = along.clone()
    # Then every row takes the rows k above and below, until k alone is further than all that was found.
    k = 1
    while k < inside.shape[1] and k * k < int(nearest.max()):
        torch.minimum(nearest[:, k:], along[:, :-k] + k * k, out=nearest[:, k:])
        torch.minimum(nearest[:, :-k], along[:, k:] + k * k, out=nearest[:, :-k])
        k += 1
    return nearest
