"""How broad a digit is written, at the same height."""

import math

import torch
from torch import Tensor

from robustmnist.errors import InputError
from robustmnist.perturb.chunks import by_chunks
from robustmnist.perturb.geometry.decentering import margins
from robustmnist.perturb.geometry.shift import shift
from robustmnist.perturb.images import SIZE
from robustmnist.perturb.perturbation import Parameter, Perturbation

__all__ = ["FACTOR_HIGH", "FACTOR_LOW", "WIDTH", "width"]

FACTOR_LOW, FACTOR_HIGH = 0.2, 4.0


@by_chunks
def width(images: Tensor, *, factor: float) -> Tensor:
    """Make each digit broader or narrower by `factor`, about the middle of its own bounding box.

    Unlike `scale`, which stretches about the frame's middle, this leaves the digit where it is. As there, broadening is
    bilinear and narrowing averages with a triangle kernel as wide as 1/`factor`. Upright strokes grow and shrink along,
    level ones keep their width. A digit broader than the frame loses ink at both sides.

    Args:
        images: `(B, 1, 28, 28)`; a blank image's box is the frame.
        factor: ×, 0.2 to 4; 1 changes nothing, bit for bit.

    Raises:
        InputError: If the factor is out of its range.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 9:19, 12:16] = 1.0
    >>> [round(float(width(bar, factor=factor).sum() / bar.sum()), 1) for factor in (0.5, 1.0, 2.0)]
    [0.5, 1.0, 2.0]
    """
    if not FACTOR_LOW <= factor <= FACTOR_HIGH:  # so written that NaN fails
        raise InputError(f"must be {FACTOR_LOW:g} to {FACTOR_HIGH:g} ×, not {factor}", where="factor")
    if factor == 1:
        return shift(images)
    left, right, _, _ = margins(images).unbind(1)
    middle = ((left - right + SIZE - 1).float() / 2)[:, None]
    source = (torch.arange(SIZE, dtype=torch.float32, device=images.device) - middle) / factor + middle
    reach = max(1.0, 1 / factor)  # px, the triangle's half base
    first = source.floor()
    total = torch.zeros_like(source)
    out = torch.zeros_like(images[:, 0], memory_format=torch.contiguous_format)
    for step in range(1 - math.ceil(reach), math.ceil(reach) + 1):
        column = first + step
        weight = (1 - (source - column).abs() / reach).clamp_(min=0.0)
        total += weight
        weight = torch.where((column >= 0) & (column < SIZE), weight, 0.0)
        index = column.clamp(0, SIZE - 1).long()[:, None].expand(-1, SIZE, -1)
        out += images[:, 0].gather(2, index).mul_(weight[:, None])
    return out.div_(total[:, None]).clamp_(0.0, 1.0)[:, None]


WIDTH = Perturbation(
    width,
    {
        "factor": Parameter(
            "×",
            1.0,
            FACTOR_LOW,
            FACTOR_HIGH,
            measure="width",
            above="grow to {a} their width",
            below="shrink to {a} their width",
        )
    },
    ink_factor=lambda arguments: float(arguments["factor"]),
)
