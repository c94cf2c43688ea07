"""Digits moved towards the edge of their frame, each in a direction of its own."""

import math

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.measure import extent
from robustmnist.perturb.images import PIXELS, SIZE
from robustmnist.perturb.perturbation import Parameter, Perturbation, keeps_ink

__all__ = ["DECENTERING", "decentering", "margins", "prepare_decentering"]

CHUNK = 256  # images moved at once: they stay in the cache


def decentering(images: Tensor, *, fraction: float, draws: Draws, prepared: Tensor | None = None) -> Tensor:
    """Move each digit in a random direction of its own, by a fraction of the way to the frame.

    The bounding box of the ink goes along the direction to where it first touches the frame; `fraction` of that way,
    rounded to whole px on each axis, is the digit's shift. Pixels are copied, none of the ink is lost, and at 1 the
    box touches the frame. Blank images stay as they are.

    Args:
        images: `(B, 1, 28, 28)`; ink is what is above 0.
        fraction: 0 to 1; 0 changes nothing, bit for bit.
        draws: The samples' draws; one uniform number each, the direction.
        prepared: `prepare_decentering(images, draws)`, where it is known.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 9:19, 12:16] = 1.0
    >>> moved = decentering(bar, fraction=1.0, draws=Draws(0, "decentering", torch.arange(1)))
    >>> extent(bar)[0].tolist(), extent(moved)[0].tolist()  # left, top, right, bottom
    ([12, 9, 16, 19], [24, 18, 28, 28])
    """
    whole = prepare_decentering(images, draws) if prepared is None else prepared
    dx, dy = (whole * fraction).round().long().unbind(1)
    flat = images.reshape(-1, PIXELS)
    out = torch.empty(flat.shape, dtype=torch.float32, device=images.device)
    # No ink crosses the frame, so an image's pixels in one line simply go round by 28 dy + dx: a window into the line
    # written twice.
    start = (-SIZE * dy - dx) % PIXELS
    for low in range(0, len(flat), CHUNK):
        part = flat[low : low + CHUNK]
        windows = torch.cat([part, part], 1).unfold(1, PIXELS, 1)
        image = torch.arange(len(part), dtype=torch.int64, device=images.device)
        out[low : low + CHUNK] = windows[image, start[low : low + CHUNK]]
    return out.view(images.shape)


def prepare_decentering(images: Tensor, draws: Draws) -> Tensor:
    """Return float64 `(B, 2)`: px to the right and down that bring the digit to the frame in its drawn direction."""
    left, right, above, below = margins(images).double().unbind(1)
    angle = draws.uniform().double() * (2 * math.pi)
    x, y = angle.cos(), angle.sin()
    room_x, room_y = torch.where(x > 0, right, left), torch.where(y > 0, below, above)
    way_x, way_y = _way(room_x, x), _way(room_y, y)
    # The axis that meets the frame first goes by its whole room, a whole number: room / cos · cos would carry a
    # rounding error, and half pixels would be rounded either way.
    x_first = way_x <= way_y
    step_x = torch.where(x_first, room_x, torch.minimum(way_y * x.abs(), room_x))
    step_y = torch.where(x_first, torch.minimum(way_x * y.abs(), room_y), room_y)
    return torch.stack([step_x * x.sign(), step_y * y.sign()], 1)


def margins(images: Tensor) -> Tensor:
    """Return int64 `(B, 4)`: px between the ink's bounding box and the frame: left, right, above, below.

    A blank image has none, since it has nowhere to go.
    """
    left, top, right, bottom = extent(images).unbind(1)
    free = torch.stack([left, SIZE - right, top, SIZE - bottom], 1)
    return free.masked_fill_((right == 0)[:, None], 0)


DECENTERING = Perturbation(
    decentering,
    {
        "fraction": Parameter(
            "fraction", 0.0, 0.0, 1.0, measure="centroid-radius", above="drift by {a} of their free margin"
        )
    },
    random=True,
    prepare=prepare_decentering,
    ink_factor=keeps_ink,
)


def _way(room: Tensor, component: Tensor) -> Tensor:
    """Return how many px the box can move along the direction until it meets the frame on this axis."""
    across = component.abs()
    # sin π is 1.2e-16 in floating point: without the threshold a digit on the frame could not slide along it.
    return torch.where(across < 1e-9, math.inf, room / across.clamp(min=1e-9))
