"""Parts of a digit covered, crossed out or lost; edges are anti-aliased, so that every strength counts.

Positions are drawn once for each sample: what is covered at one strength is covered at every higher one. A pixel
that is covered in part is mixed in that part: ``paper`` takes its ink away, ``ink`` fills it, ``inverted`` turns it
round.
"""

import math

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.errors import InputError
from robustmnist.perturb.chunks import by_chunks
from robustmnist.perturb.geometry.decentering import margins
from robustmnist.perturb.images import CENTRE, SIZE
from robustmnist.perturb.occlusion.cover import FILLS, covered, overlap, slanting
from robustmnist.perturb.perturbation import Parameter, Perturbation

__all__ = [
    "AXES",
    "FILLS",
    "LINES",
    "MISSING_ROWS",
    "MOST_LINES",
    "PATCH",
    "STRIPE",
    "lines",
    "missing_rows",
    "patch",
    "stripe",
]

AXES = ("horizontal", "vertical")
MOST_LINES = 10


@by_chunks
def patch(images: Tensor, *, side: float, draws: Draws, fill: str = "paper") -> Tensor:
    """Cover a square whose centre lies anywhere in the digit's bounding box, at a random point of each sample's own.

    Args:
        images: `(B, 1, 28, 28)`; a blank image's box is the frame.
        side: px of the square's side, 0 or more; what reaches over the frame is cut off. 0 changes nothing, bit for
            bit.
        draws: The samples' draws; two uniform numbers each, the centre.
        fill: What the square shows, one of `FILLS`.

    Raises:
        InputError: If the fill is none of these.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 9:19, 12:16] = 1.0
    >>> hidden = patch(bar, side=2.0, draws=Draws(0, "patch", torch.arange(1)))
    >>> round(float(bar.sum() - hidden.sum()), 1)  # px²
    3.3
    """
    x, y = _points(images, draws.uniform(1, 2)).unbind(2)
    across = torch.arange(SIZE, dtype=torch.float32, device=images.device)
    in_x, in_y = overlap(across - x, side), overlap(across - y, side)
    return covered(images, in_y[:, :, None] * in_x[:, None, :], fill)


@by_chunks
def stripe(images: Tensor, *, width: float, direction: str = "horizontal", fill: str = "inverted") -> Tensor:
    """Lay a stripe across the frame through its centre.

    Args:
        images: `(B, 1, 28, 28)`.
        width: px, 0 to 28, where it is the frame; 0 changes nothing, bit for bit.
        direction: Along which the stripe runs, one of `AXES`.
        fill: What the stripe shows, one of `FILLS`.

    Raises:
        InputError: If the direction or the fill is none of these.

    Source: Mu & Gilmer, "MNIST-C: a robustness benchmark for computer vision", 2019, for inverting a stripe.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 9:19, 12:16] = 1.0
    >>> stripe(bar, width=2.0)[0, 0, 12:16, 13].tolist()
    [1.0, 0.0, 0.0, 1.0]
    """
    if direction not in AXES:
        raise InputError(f"must be one of {', '.join(AXES)}, not '{direction}'", where="direction")
    across = overlap(torch.arange(SIZE, dtype=torch.float32, device=images.device) - CENTRE, width)
    cover = across[:, None] if direction == "horizontal" else across[None, :]
    return covered(images, cover.expand(SIZE, SIZE), fill)


@by_chunks
def lines(images: Tensor, *, width: float, draws: Draws, number: float = 3.0, fill: str = "ink") -> Tensor:
    """Draw straight lines right across the frame, each sample's own, through random points of the digit's box.

    Every direction is as likely as any other. The lines of a smaller number are the first of a larger one's.

    Args:
        images: `(B, 1, 28, 28)`; a blank image's box is the frame.
        width: px of each line, 0 or more; 0 changes nothing, bit for bit. Below 1 px lines are as much paler.
        draws: The samples' draws; three uniform numbers for each of 10 lines.
        number: How many lines, 0 to 10, rounded to a whole number.
        fill: What the lines show, one of `FILLS`; ``paper`` makes scratches.

    Raises:
        InputError: If the number is out of its range or the fill none of these.

    >>> paper = torch.zeros(1, 1, 28, 28)
    >>> crossed = lines(paper, width=1.0, number=1, draws=Draws(0, "lines", torch.arange(1)))
    >>> bool(crossed.sum() >= 28)
    True
    """
    if not 0 <= number <= MOST_LINES:
        raise InputError(f"must be 0 to {MOST_LINES}, not {number}", where="number")
    field = draws.uniform(MOST_LINES, 3)[:, : round(number)]
    points, angles = _points(images, field[..., :2]), field[..., 2] * math.pi
    normal_x, normal_y = angles.sin(), angles.cos()  # the line goes by the angle from the horizontal
    offset = normal_x * points[..., 0] + normal_y * points[..., 1]
    position = torch.arange(SIZE, dtype=torch.float32, device=images.device)
    cover = images.new_zeros(len(images), SIZE, SIZE)
    for line in range(field.shape[1]):
        a, b, c = (term[:, line, None, None] for term in (normal_x, normal_y, offset))
        distance = a * position + (b * position[:, None] - c)
        cover = torch.maximum(cover, slanting(distance, width, a, b))
    return covered(images, cover, fill)


@by_chunks
def missing_rows(images: Tensor, *, fraction: float, draws: Draws) -> Tensor:
    """Lose a fraction of the frame's 28 rows, each sample's own, as a bad scan or print does.

    Exactly `fraction` × 28 rows are blank: a last one in part, that is paler.

    Args:
        images: `(B, 1, 28, 28)`.
        fraction: 0 to 1; 0 changes nothing, bit for bit, and 1 leaves nothing.
        draws: The samples' draws; 28 uniform numbers each, in whose order the rows go.

    >>> page = torch.ones(1, 1, 28, 28)
    >>> lossy = missing_rows(page, fraction=0.25, draws=Draws(0, "missing-rows", torch.arange(1)))
    >>> int((lossy.amax(3) == 0).sum())
    7
    """
    rank = draws.uniform(SIZE).argsort(dim=1, stable=True).argsort(dim=1).float()
    lost = (fraction * SIZE - rank).clamp(0.0, 1.0)
    return covered(images, lost[:, :, None], "paper")


PATCH = Perturbation(
    patch,
    {"side": Parameter("px", 0.0, 0.0, 56.0, above="are partly covered by a square {a} wide")},
    choices={"fill": FILLS},
    random=True,
)
STRIPE = Perturbation(
    stripe,
    {"width": Parameter("px", 0.0, 0.0, 28.0, above="are crossed by a stripe {a} wide")},
    choices={"direction": AXES, "fill": FILLS},
)
LINES = Perturbation(
    lines,
    {"width": Parameter("px", 0.0, 0.0, 28.0, above="are crossed by lines {a} wide")},
    modifiers={"number": Parameter("lines", 3.0, 0.0, MOST_LINES)},
    choices={"fill": FILLS},
    random=True,
)
MISSING_ROWS = Perturbation(
    missing_rows, {"fraction": Parameter("fraction", 0.0, 0.0, 1.0, above="lose {p} of their rows")}, random=True
)


def _points(images: Tensor, shares: Tensor) -> Tensor:
    """Return points (x, y) in px, `(B, n, 2)`, at these shares of the width and height of the ink's bounding box."""
    left, right, above, below = margins(images).unbind(1)
    start = torch.stack([left, above], 1)[:, None]
    length = SIZE - start - torch.stack([right, below], 1)[:, None]
    return start + length * shares - 0.5
