"""A swelling: the picture blown up about a point on a stroke."""

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.errors import InputError
from robustmnist.measure import stroke_width
from robustmnist.perturb.chunks import by_chunks
from robustmnist.perturb.geometry.shift import shift
from robustmnist.perturb.images import pixel_centres
from robustmnist.perturb.perturbation import Parameter, Perturbation
from robustmnist.perturb.resample import warp
from robustmnist.perturb.stroke.stroke_points import prepare_stroke_points
from robustmnist.system.gradient import without_gradient

__all__ = ["SWELLING", "prepare_swelling", "swelling"]

Prepared = tuple[Tensor, Tensor]


@without_gradient
@by_chunks
def swelling(
    images: Tensor, *, exponent: float, draws: Draws, radius: float = 7.0, prepared: Prepared | None = None
) -> Tensor:
    """Blow each digit up about a random point of its own on one of its strokes, more the nearer to the point.

    What lies at the part t of the way from the point to the swelling's rim comes from the part t^`exponent`, bilinear;
    the rim and all beyond stay as they are, bit for bit. At 3 ink moves outwards by up to 0.38 of the way to the rim.
    The rim is at `radius` · √w / 2 from the point, w px being the digit's mean stroke width: at `radius` for 4 px, at
    5.6 px of 7 for the usual 2.6. A digit without ink above one half stays as it is.

    Args:
        images: `(B, 1, 28, 28)`.
        exponent: 1 or more; 1 changes nothing, bit for bit.
        draws: The samples' draws; 10 uniform numbers each, of which the first is used.
        radius: px.
        prepared: `prepare_swelling(images, draws)`, where it is known.

    Raises:
        InputError: If the exponent is below 1 or the radius below 0.

    Source: Castro et al., "Morpho-MNIST: quantitative assessment and diagnostics for representation learning", 2019,
    with "strength" 3 and radius 7, and its `Swelling`.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 9:19, 12:16] = 1.0
    >>> swollen = swelling(bar, exponent=3.0, draws=Draws(0, "swelling", torch.arange(1)))
    >>> bool(swollen.sum() > bar.sum())
    True
    """
    if not exponent >= 1:  # so written that NaN fails
        raise InputError(f"must be 1 or more, not {exponent}", where="exponent")
    if not radius >= 0:
        raise InputError(f"must be 0 px or more, not {radius}", where="radius")
    if exponent == 1:
        return shift(images)
    points, width = prepare_swelling(images, draws) if prepared is None else prepared
    at_x, at_y = points[:, 0, :2, None, None].unbind(1)
    rim = (torch.nan_to_num(width, nan=0.0).sqrt() * (radius / 2)).clamp(min=1e-6)[:, None, None]
    x, y = pixel_centres(torch.float32, images.device)
    x, y = x - at_x, y - at_y
    way = (x * x + y * y).sqrt_().div_(rim)
    nearer = (way.log() * (exponent - 1)).exp_()  # `**` rounds otherwise at the end of a batch than in its middle
    swollen = warp(images, at_x + nearer * x, at_y + nearer * y)
    return torch.where((way < 1)[:, None], swollen, images)


def prepare_swelling(images: Tensor, draws: Draws) -> Prepared:
    """Return `prepare_stroke_points(images, draws)`, and `(B,)`, the stroke widths in px."""
    return prepare_stroke_points(images, draws), stroke_width(images)


SWELLING = Perturbation(
    swelling,
    {"exponent": Parameter("exponent", 1.0, 1.0, 20.0, above="swell about a point with exponent {n}")},
    modifiers={"radius": Parameter("px", 7.0, 0.0, 28.0)},
    random=True,
    prepare=prepare_swelling,
)
