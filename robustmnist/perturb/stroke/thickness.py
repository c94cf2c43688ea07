"""Stroke thickness: every edge of a digit moved outwards or inwards by a sub-pixel distance.

The digit is read as a smooth grey surface and each pixel takes the highest (thicker) or the lowest (thinner) ink within
a disc around its centre: flat grey-scale dilation and erosion. All grey levels move alike, so soft edges stay as soft
as they were and no threshold decides what is ink. Everything is whole numbers or exact binary fractions, so the result
does not depend on batch, device or order of addition. `prepare_stroke` keeps the picture at 13 radii; any strength is
then a line between two of them.

What is reached is not all that is asked: `thickness` has the figures, by the medial axis (scikit-image) of 200 of the
10,000 MNIST test digits, enlarged 4 times (bilinear) and cut at half ink; their mean stroke width is 2.56 px so.

Of these digits 3 have no ink above one half left at −1.5 and 13 at −2, and three in four have broken up: what survives
are the broad parts, so the mean is too wide. When thickened, loops close (10 % of the digits have lost a loop at +2,
25 % at +4) and neighbouring strokes merge into one broad stroke: the exact dilation of the enlarged digit gives +0.40
at +2 by the same measure. With bilinear instead of cubic interpolation the error was 0.37 px at +2 and 0.16 px at −1.

Source: Castro et al., "Morpho-MNIST: quantitative assessment and diagnostics for representation learning", 2019, for
thickness as a perturbation of digits; Keys, "Cubic convolution interpolation for digital image processing", 1981.
"""

import functools
import math

import torch
from torch import Tensor

from robustmnist.errors import ImagesError, InputError
from robustmnist.measure.by_bounding_box import Box, by_bounding_box
from robustmnist.perturb.images import SIZE
from robustmnist.perturb.perturbation import Parameter, Perturbation
from robustmnist.perturb.stroke.surface import LEVELS, REACH, STEPS, Surface, surface
from robustmnist.system.gradient import without_gradient
from robustmnist.system.threads import share_out

__all__ = ["CHANGE_HIGH", "CHANGE_LOW", "THICKNESS", "prepare_stroke", "ring_table", "thickness"]

CHANGE_LOW, CHANGE_HIGH = -2.0, 4.0  # px of stroke width
RINGS = ((2, 8), (4, 16), (6, 16), (8, 16), (10, 32), (12, 32), (14, 32), (16, 32))  # radius in steps, points
INNER = 4  # the rings that erosion uses too: thinning ends at a radius of 1 px
# Images at a time: on a processor they stay in the third-level cache. With fewer the many short steps of a ring leave
# two threads waiting for the interpreter: 192, 256, 384, 512, 768 and 1024 at a time took them 65, 45, 40, 37, 42 and
# 53 µs an image.
CHUNK, DEVICE_CHUNK = {"cpu": 512}, 2048


@without_gradient
def thickness(images: Tensor, *, change: float | Tensor, prepared: Tensor | None = None) -> Tensor:
    """Make the strokes thicker or thinner by `change` px, half of it at each edge.

    More change never means less ink, in any pixel. Ink appears at most 2 px + half the change away from ink. Outside
    the frame is paper: a full image thins from its border. Strokes thinner than the thinning fade away.

    Reached on MNIST, px, mean and standard deviation over the digits that are left (the module says how and why): less
    than asked when thinning by more than 1 px, more when thickening by more than 2 px.

        asked     −2     −1.5   −1     −0.5   +0.5   +1     +1.5   +2     +3     +4
        reached   −1.54  −1.29  −0.94  −0.49  +0.56  +1.13  +1.62  +2.18  +3.34  +4.80
        sd         0.27   0.21   0.14   0.10   0.13   0.17   0.35   0.42   0.77   1.17

    Args:
        images: `(B, 1, 28, 28)`.
        change: px of stroke width, −2 to 4, a number for all or `(B,)`; 0 changes nothing, bit for bit.
        prepared: `prepare_stroke(images)`, where it is known: it is what costs time.

    Raises:
        InputError: If `change` is outside of its range or neither a number nor a number for each image.
        ImagesError: If `prepared` belongs to other images, or a gradient is asked for: there is none.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 4:24, 12:16] = 1.0
    >>> from robustmnist.measure import stroke_width
    >>> [round(float(stroke_width(thickness(bar, change=change))), 1) for change in (-2, 0, 2)]
    [1.9, 3.7, 5.5]
    """
    radius = _radius(change, images)
    planes = prepare_stroke(images) if prepared is None else prepared
    knots = torch.tensor(_knots(), dtype=torch.float32, device=images.device)
    if planes.shape != (len(images), len(knots), SIZE, SIZE):
        raise ImagesError(f"of shape {tuple(planes.shape)} do not fit {len(images)} images", where="prepared strokes")
    below = (torch.searchsorted(knots, radius, right=True) - 1).clamp_(max=len(knots) - 2)
    part = ((radius - knots[below]) / (knots[below + 1] - knots[below]))[:, None, None]
    first = torch.arange(len(images), dtype=torch.int64, device=images.device) * len(knots)
    lower, clean, planes = first + below, first + INNER, planes.flatten(0, 1)
    result = torch.empty_like(images, memory_format=torch.contiguous_format)
    size = CHUNK.get(images.device.type, DEVICE_CHUNK)

    def work(starts: range) -> None:
        for start in starts:
            here = slice(start, start + size)
            level = planes[lower[here]].to(images.dtype)
            level += (planes[lower[here] + 1].to(images.dtype) - level).mul_(part[here])
            # The difference to the clean plane is added to the image itself, whose ink need not be a multiple of 1/255.
            level -= planes[clean[here]]
            torch.add(images[here, 0], level.div_(LEVELS), out=result[here, 0]).clamp_(0.0, 1.0)

    share_out(work, range(0, len(images), size), images.device)
    return result


def prepare_stroke(images: Tensor) -> Tensor:
    """Return uint8 `(B, 13, 28, 28)`: each image eroded and dilated by 13 radii, 10 kB an image; the fifth is clean."""
    prepared = torch.empty((len(images), len(_knots()), SIZE, SIZE), dtype=torch.uint8, device=images.device)
    # Single bytes are written one after the other; 8 of them at once are ten times as fast.
    wide = prepared.flatten(1).view(torch.int64)

    def work(rows: Tensor, box: Box) -> None:
        planes = torch.zeros((len(rows), *prepared.shape[1:]), dtype=torch.uint8, device=images.device)
        left, top = (max(edge - REACH, 0) for edge in box[:2])
        here = slice(top, box[3] + REACH), slice(left, box[2] + REACH)
        ink = images[rows, 0][:, *here]
        _fill(planes[..., *here], surface(ink, box[3] - box[1], box[2] - box[0], _points()))
        wide[rows] = planes.flatten(1).view(torch.int64)

    by_bounding_box(work, images, size=CHUNK.get(images.device.type, DEVICE_CHUNK))
    return prepared


def ring_table() -> tuple[int, tuple[tuple[tuple[int, int], ...], ...], tuple[float, ...]]:
    """Return what another program needs to do the same: how many radii thin, each ring's points, all radii in px."""
    return INNER, _rings(), _knots()


THICKNESS = Perturbation(
    thickness,
    {
        "change": Parameter(
            "px",
            0.0,
            CHANGE_LOW,
            CHANGE_HIGH,
            measure="stroke-width",
            above="gain {a} of stroke width",
            below="lose {a} of stroke width",
        )
    },
    prepare=prepare_stroke,
)


def _fill(prepared: Tensor, ink: Surface) -> None:
    """Write the 13 planes `(B, 13, h, w)`: the ink eroded and dilated by each ring, the unchanged ink in the middle."""
    height, width = prepared.shape[2:]

    def write(knot: int, line: Tensor) -> None:
        prepared[:, knot] = ink.images(line)[:, :height, :width]

    clean = ink.at(0, 0)
    write(INNER, clean)
    low, high = clean.clone(), clean.clone()
    for knot, ring in enumerate(_rings(), start=1):
        points = [ink.at(y, x) for y, x in ring]
        for point in points:
            torch.maximum(high, point, out=high)
        write(INNER + knot, high)
        if knot <= INNER:
            for point in points:
                torch.minimum(low, point, out=low)
            write(INNER - knot, low)


@functools.cache
def _rings() -> tuple[tuple[tuple[int, int], ...], ...]:
    """Return the points (y, x) of each ring in whole steps of the surface's grid, counter-clockwise."""
    rings = []
    for radius, points in RINGS:
        angles = [2 * math.pi * k / points for k in range(points)]
        ring = dict.fromkeys((round(radius * math.sin(a)), round(radius * math.cos(a))) for a in angles)
        rings.append(tuple(ring))
    return tuple(rings)


@functools.cache
def _points() -> frozenset[tuple[int, int]]:
    """Return the offsets (y, x) within a pixel, in steps, at which the surface is read: by the rings, and (0, 0)."""
    return frozenset({(0, 0)} | {(y % STEPS, x % STEPS) for ring in _rings() for y, x in ring})


@functools.cache
def _knots() -> tuple[float, ...]:
    """Return the radii of the 13 planes in px; those of eroded planes are negative.

    A straight edge moves as far as the ring reaches in the edge's direction. The mean over all directions is the ring's
    perimeter / 2π (Cauchy), here 0.225 to 2.005 px: its radius.
    """
    radii = []
    for ring in _rings():
        perimeter = sum(math.dist(p, q) for p, q in zip(ring, ring[1:] + ring[:1], strict=True))
        radii.append(perimeter / (2 * math.pi * STEPS))
    return (*(-radius for radius in reversed(radii[:INNER])), 0.0, *radii)


def _radius(change: float | Tensor, images: Tensor) -> Tensor:
    values = torch.as_tensor(change, dtype=torch.float32)
    if values.ndim and values.shape != images.shape[:1]:
        raise InputError(f"must be one number or {len(images)}, not of shape {tuple(values.shape)}", where="change")
    if not bool(((values >= CHANGE_LOW) & (values <= CHANGE_HIGH)).all()):  # so written that NaN fails
        raise InputError(f"must be {CHANGE_LOW:g} to {CHANGE_HIGH:g} px of stroke width, not {change}", where="change")
    return (values / 2).to(images.device).expand(len(images)).contiguous()
