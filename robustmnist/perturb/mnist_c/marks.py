"""Marks over the digit as MNIST-C has them: stripes, a dotted line, a zigzag. The strength is how opaque they are."""

import functools
import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.chunks import by_chunks
from robustmnist.perturb.images import SIZE
from robustmnist.perturb.perturbation import Parameter, Perturbation

__all__ = ["DOTTED_LINE", "STRIPE", "ZIGZAG", "dotted_line", "stripe", "zigzag"]

BAND = 7  # px, the width of either stripe
STARTS = 27  # the rows in which lines begin and dotted lines end: 0 to 26
FADE = 2.3  # px, how far a line's profile is from its middle where the logarithm has its pole
TOOTH = 2.0  # px, half the length of a zigzag's tooth, and its height
FIRST, LAST = 2, 25  # the columns between which a zigzag goes
RISES = range(-5, 5)  # px, how far down it goes on its way


@by_chunks
def stripe(images: Tensor, *, opacity: float) -> Tensor:
    """Invert the seven leftmost and the seven rightmost columns.

    Args:
        images: `(B, 1, 28, 28)`.
        opacity: Share of the inverse in those columns, 0 to 1; 0 changes nothing, bit for bit, 1 is the data set's.

    Source: Mu & Gilmer 2019 (MNIST-C), function `stripe`, which has one strength.

    >>> paper = torch.zeros(1, 1, 28, 28)
    >>> int(stripe(paper, opacity=1.0)[0, 0, 0].sum())
    14
    """
    out = images.clone(memory_format=torch.contiguous_format)
    for band in (out[..., :BAND], out[..., -BAND:]):
        band.copy_(band * (1 - opacity) + opacity * (1 - band))
    return out


@by_chunks
def dotted_line(images: Tensor, *, opacity: float, draws: Draws) -> Tensor:
    """Draw a dotted line from the left edge to the right one, from and to rows drawn from 0 to 26.

    Two columns without the line and two with it take turns; the last column is left free. The line is added to the
    ink; from its middle it fades out, by the vertical distance, until 1.45 px.

    Args:
        images: `(B, 1, 28, 28)`.
        opacity: Ink in the middle of the line, 0 to 1; 0 changes nothing, bit for bit, 1 is the data set's.
        draws: The samples' draws; two uniform numbers each, the rows.

    Source: Mu & Gilmer 2019 (MNIST-C), function `dotted_line`, which has one strength.

    >>> paper = torch.zeros(1, 1, 28, 28)
    >>> line = dotted_line(paper, opacity=1.0, draws=Draws(0, "dotted-line", torch.arange(1)))
    >>> line[0, 0].amax(0).bool().int()[:8].tolist()
    [0, 0, 1, 1, 0, 0, 1, 1]
    """
    first, last = (draws.uniform(2) * STARTS).long().unbind(1)
    return _add(images, _dotted_lines(images.device), first * STARTS + last, opacity)


@by_chunks
def zigzag(images: Tensor, *, opacity: float, draws: Draws) -> Tensor:
    """Draw a zigzag line across the image, from a row drawn from 0 to 26, rising or falling by up to 5 px.

    Args:
        images: `(B, 1, 28, 28)`.
        opacity: Ink in the middle of the line, 0 to 1; 0 changes nothing, bit for bit, 1 is the data set's.
        draws: The samples' draws; two uniform numbers each, the row and the rise.

    Source: Mu & Gilmer 2019 (MNIST-C), function `zigzag`, which has one strength.

    >>> paper = torch.zeros(1, 1, 28, 28)
    >>> line = zigzag(paper, opacity=1.0, draws=Draws(0, "zigzag", torch.arange(1)))
    >>> line.amax((0, 1, 2)).nonzero()[[0, -1], 0].tolist()  # the first and the last column
    [2, 20]
    """
    row, rise = draws.uniform(2).unbind(1)
    which = (row * STARTS).long() * len(RISES) + (rise * len(RISES)).long()
    return _add(images, _zigzags(images.device), which, opacity)


STRIPE = Perturbation(
    stripe, {"opacity": Parameter("fraction", 0.0, 0.0, 1.0, above="have their outer columns inverted by {p}")}
)
DOTTED_LINE = Perturbation(
    dotted_line,
    {"opacity": Parameter("fraction", 0.0, 0.0, 1.0, above="are crossed by a dotted line of {p} ink")},
    random=True,
)
ZIGZAG = Perturbation(
    zigzag,
    {"opacity": Parameter("fraction", 0.0, 0.0, 1.0, above="are crossed by a zigzag of {p} ink")},
    random=True,
)


def _add(images: Tensor, marks: Tensor, which: Tensor, opacity: float) -> Tensor:
    mark = marks.index_select(0, which).view(-1, 1, SIZE, SIZE)
    return torch.add(images, mark, alpha=opacity).clamp_(0.0, 1.0)


@functools.lru_cache(maxsize=4)
def _dotted_lines(device: torch.device) -> Tensor:
    """Return float32 `(27 · 27, 784)`: a dotted line for each start on the left and end on the right."""
    lines = np.stack([_line(0, first, SIZE - 1, last) for first in range(STARTS) for last in range(STARTS)])
    lines[:, :, np.arange(SIZE) // 2 % 2 == 0] = 0
    return _table(lines, device)


@functools.lru_cache(maxsize=4)
def _zigzags(device: torch.device) -> Tensor:
    """Return float32 `(27 · 10, 784)`: a zigzag for each start and rise; the ink of its pieces is added."""
    return _table(np.stack([_zigzag(row, rise) for row in range(STARTS) for rise in RISES]), device)


def _table(marks: NDArray[np.float64], device: torch.device) -> Tensor:
    return torch.from_numpy(marks.reshape(len(marks), -1).astype(np.float32)).to(device)


def _line(x0: float, y0: float, x1: float, y1: float) -> NDArray[np.float64]:
    """Return the ink of a line between two points, `(28, 28)`, from column ⌊x0⌋ to before column ⌈x1⌉."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float64)
    distance = np.abs(y - y0 - (y1 - y0) / (x1 - x0) * (x - x0))
    ink: NDArray[np.float64] = np.clip(1 + np.log1p(-np.minimum(distance, FADE * 0.99) / FADE), 0, 1)
    ink[:, : math.floor(x0)] = 0
    ink[:, math.ceil(x1) :] = 0
    return ink


def _zigzag(row: int, rise: int) -> NDArray[np.float64]:
    length = math.hypot(LAST - FIRST, rise)
    # Along the way: to one side and to the other, one tooth after each two half lengths, and a stump at the end.
    teeth = int((length - TOOTH) // (2 * TOOTH)) + 1
    points = [(0.0, 0.0), *(((2 * i + 1) * TOOTH, (-1) ** i * TOOTH) for i in range(teeth))]
    over = length % (2 * TOOTH)
    if over:
        points.append((length, points[-1][1] / (2 * over)))
    along, aside = np.array(points).T
    cosine, sine = (LAST - FIRST) / length, rise / length
    x, y = FIRST + cosine * along - sine * aside, row + sine * along + cosine * aside
    return np.asarray(sum(_line(x[i], y[i], x[i + 1], y[i + 1]) for i in range(len(x) - 1)))
