"""How broad the strokes are."""

import torch
import torch.nn.functional as F
from torch import Tensor

from robustmnist.threads import share_out

__all__ = ["stroke_width"]

ENLARGED = 4  # sub-pixels per px in which strokes are measured
CPU_CHUNK, GPU_CHUNK = 32, 1024  # images at once: on a processor they stay in the cache


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
    size = CPU_CHUNK if images.device.type == "cpu" else GPU_CHUNK

    def work(starts: range) -> Tensor:
        return torch.cat([_width(images[start : start + size]) for start in starts])

    return torch.cat(share_out(work, range(0, len(images), size), images.device))


def _width(images: Tensor) -> Tensor:
    paper = F.pad(images, (1, 1, 1, 1))
    inside = _cropped(F.interpolate(paper, scale_factor=ENLARGED, mode="bilinear", align_corners=False)[:, 0] > 0.5)
    distance = (_squared_distance(inside).to(torch.float32).sqrt() - 0.5).clamp_(min=0.0)
    # Every distance is a multiple of 2⁻²⁴ below 64: in float64 their sum is exact, in whatever order.
    total = distance.flatten(1).sum(1, dtype=torch.float64)
    return (4 / ENLARGED * total / inside.flatten(1).sum(1)).to(images.dtype)


def _cropped(inside: Tensor) -> Tensor:
    """Return the part of all images that holds what is inside, and a frame of paper one sub-pixel wide.

    The way out of a box to its frame is no longer than any beyond it, so that no distance changes.
    """
    for axis in (1, 2):
        found = inside.any(0).any(2 - axis).nonzero()
        if len(found):
            first, last = int(found[0]), int(found[-1])
            inside = inside.narrow(axis, first - 1, last - first + 3)
    return inside


def _squared_distance(inside: Tensor) -> Tensor:
    """Return int16 `(B, H, W)`: the squared distance from each sub-pixel to the nearest one that is not inside.

    The outermost sub-pixels must not be inside. The largest number on the way is some (W / 2)² + (H / 2)².
    """
    place = torch.arange(inside.shape[2], device=inside.device, dtype=torch.int16)
    # Along the rows: the last sub-pixel of paper on the left and the first on the right.
    left = place - torch.where(inside, 0, place).cummax(2).values
    right = torch.where(inside, len(place), place).flip(2).cummin(2).values.flip(2) - place
    along = torch.minimum(left, right).square_()
    nearest, further = along.clone(), torch.empty_like(along)
    # Then every row takes the rows k above and below, until k alone is further than all that was found.
    k = 1
    while k < inside.shape[1] and k * k < int(nearest.max()):
        torch.add(along, k * k, out=further)
        torch.minimum(nearest[:, k:], further[:, :-k], out=nearest[:, k:])
        torch.minimum(nearest[:, :-k], further[:, k:], out=nearest[:, :-k])
        k += 1
    return nearest
