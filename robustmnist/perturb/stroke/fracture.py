"""Breaks in the strokes, as by a pen that skips."""

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.errors import InputError
from robustmnist.perturb.chunks import by_chunks
from robustmnist.perturb.images import pixel_centres
from robustmnist.perturb.occlusion.cover import covered, slanting
from robustmnist.perturb.perturbation import Parameter, Perturbation
from robustmnist.perturb.stroke.stroke_points import MOST_POINTS, prepare_stroke_points
from robustmnist.system.gradient import without_gradient

__all__ = ["FRACTURE", "fracture"]

# px beyond the stroke's edge at half ink: the soft edge goes too, and a neighbouring stroke hardly suffers.
BEYOND = 1.0


@without_gradient
@by_chunks
def fracture(
    images: Tensor, *, width: float, draws: Draws, number: float = 3.0, prepared: Tensor | None = None
) -> Tensor:
    """Break the strokes at random points by straight gaps across them.

    Each gap goes through the middle of a stroke, square to it, from edge to edge; its own edges are anti-aliased. The
    breaks of a smaller number are the first of a larger one's, and a wider gap covers a narrower one. Breaks seldom
    lie at forks or at a stroke's end, where they break nothing (Morpho-MNIST leaves 2 px around those out).

    Args:
        images: `(B, 1, 28, 28)`.
        width: px of the gaps along the stroke, 0 or more; 0 changes nothing, bit for bit.
        draws: The samples' draws; 10 uniform numbers each.
        number: How many breaks, 0 to 10, rounded to a whole number; two may coincide.
        prepared: `prepare_stroke_points(images, draws)`, where it is known.

    Raises:
        InputError: If the number is out of its range.

    Source: Castro et al., "Morpho-MNIST: quantitative assessment and diagnostics for representation learning", 2019:
    3 breaks of 1.5 px.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 4:24, 12:16] = 1.0
    >>> broken = fracture(bar, width=2.0, number=1, draws=Draws(0, "fracture", torch.arange(1)))
    >>> round(float(bar.sum() - broken.sum()))  # px²
    8
    """
    if not 0 <= number <= MOST_POINTS:
        raise InputError(f"must be 0 to {MOST_POINTS}, not {number}", where="number")
    breaks = prepare_stroke_points(images, draws) if prepared is None else prepared
    x, y = pixel_centres(torch.float32, images.device)
    cover = images.new_zeros(images[:, 0].shape)
    for point in breaks[:, : round(number)].unbind(1):
        at_x, at_y, normal_x, normal_y, broad = point[..., None, None].unbind(1)
        along = (x - at_x) * normal_y - (y - at_y) * normal_x
        across = (x - at_x) * normal_x + (y - at_y) * normal_y
        gap = slanting(along, width, normal_y, normal_x)
        gap *= slanting(across, broad + 2 * BEYOND, normal_x, normal_y)
        cover = cover.maximum(gap)
    return covered(images, cover)


FRACTURE = Perturbation(
    fracture,
    {"width": Parameter("px", 0.0, 0.0, 28.0, above="have gaps of {a} in their strokes")},
    modifiers={"number": Parameter("breaks", 3.0, 0.0, MOST_POINTS)},
    random=True,
    prepare=prepare_stroke_points,
)
