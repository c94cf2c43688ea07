"""Handwritten-like digits from stroke models: hands with habits, forms, a pen of known width, slant and wobble."""

import numpy as np
import torch
from torch import Tensor

from robustmnist.data.dataset import Dataset
from robustmnist.data.generated.allographs import Allograph, allographs_of
from robustmnist.data.generated.hands import JITTER, Hands, hands
from robustmnist.data.generated.pen import BOX, SAMPLES, ink, spline
from robustmnist.data.mnist_form import to_mnist
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.source import Request, Source
from robustmnist.draws import Draws
from robustmnist.errors import DataError
from robustmnist.system.files import sha256_bytes

__all__ = ["PARTS", "SOURCE", "load_strokes", "write_digits"]

# The ids of each part: hands 0 to 199 write the test digits, hands 200 to 599 those to train on.
PARTS = {"test": range(10_000), "train": range(10_000, 30_000)}
VERSION = 1  # raised whenever a digit would come out otherwise
CHUNK = 2_000  # digits at a time: most steps are then so short that torch leaves them to a single thread
POINTS = 20  # draws for the points of a stroke: more than any has
STROKES = 2
MARGIN = (28 - BOX) // 2
CUT = 0.2  # px, about what half ink keeps clear of the box on both sides together; beyond the box ink is cut off
TAPERED = 0.2  # of a stroke's length, at either end


def load_strokes(part: str | None = None, *, seed: int = 0) -> Dataset:
    """Return digits written by a stroke model, in MNIST's form: 50 of each of its hands, as many of every class.

    Groups are the hands; factors are ``hand``, ``form`` (the allograph), ``width`` (px, of the pen), ``slant`` (px to
    the right per px of height, as imposed on the upright form), ``wobble`` (px, standard deviation of the tremor),
    ``aspect`` (×) and ``taper`` (share of the width that is missing at the ends of a stroke).

    Args:
        part: ``test`` or None: 10,000 digits of 200 hands; ``train``: 20,000 digits of 400 other hands.
        seed: Of all draws.

    Raises:
        DataError: If there is no such part.
    """
    name = part or "test"
    if name not in PARTS:
        remedy = f"use {' or '.join(PARTS)}"
        raise DataError("is not a part of the stroke digits", where=f"'{part}'", remedy=remedy)
    ids = torch.arange(PARTS[name].start, PARTS[name].stop)
    images, writing = write_digits(ids, seed)
    origin = Provenance(
        name="strokes" if part is None else f"strokes:{part}",
        part=name,
        n=len(ids),
        sha256={f"strokes-{name}-images": sha256_bytes(f"strokes {VERSION} {seed} {name}".encode())},
        source=f"stroke model {VERSION}, seed {seed}",
        known=True,
    )
    labels = ids % 10
    forms = [
        allographs_of(digit)[form].name for digit, form in zip(labels.tolist(), writing.form.tolist(), strict=True)
    ]
    numbers = ("width", "slant", "wobble", "aspect", "taper")
    factors = {
        "hand": writing.hand.numpy(),
        "form": np.array(forms),
        **{key: getattr(writing, key).numpy() for key in numbers},
    }
    return Dataset(images, labels, ids, origin, writing.hand, factors)


def _load(request: Request) -> Dataset:
    return load_strokes(request.argument or ("train" if request.part == "train" else None))


def write_digits(ids: Tensor, seed: int = 0) -> tuple[Tensor, Hands]:
    """Return the images of the digits with these ids, float32 ``(n, 1, 28, 28)``, and how they were written.

    A digit's class is its id modulo 10, its hand the id divided by 50; its image depends on its id and the seed and on
    nothing else.

    >>> images, writing = write_digits(torch.tensor([7, 4]))
    >>> images.shape, writing.hand.tolist()
    (torch.Size([2, 1, 28, 28]), [0, 0])
    """
    if not len(ids):
        return torch.empty((0, 1, 28, 28)), hands(ids, seed)
    images, parts = zip(*(_write_part(part, seed) for part in torch.split(ids, CHUNK)), strict=True)
    return torch.cat(images), Hands(**{key: torch.cat([vars(part)[key] for part in parts]) for key in vars(parts[0])})


def _write_part(ids: Tensor, seed: int) -> tuple[Tensor, Hands]:
    writing, digits = hands(ids, seed), ids % 10
    jitter = Draws(seed, "points", ids).normal(STROKES, POINTS, 2)
    tremor = Draws(seed, "tremor", ids).normal(STROKES, POINTS * SAMPLES, 2)
    images = torch.zeros((len(ids), 28, 28))
    inside = slice(MARGIN, MARGIN + BOX)
    for digit in range(10):
        for form, allograph in enumerate(allographs_of(digit)):
            rows = ((digits == digit) & (writing.form == form)).nonzero()[:, 0]
            if len(rows):
                own = _rows(writing, rows)
                images[rows, inside, inside] = _write(
                    allograph, own, jitter[rows].double() * JITTER, tremor[rows].double()
                )
    return to_mnist(images), writing


def _rows(writing: Hands, rows: Tensor) -> Hands:
    return Hands(**{key: value[rows] for key, value in vars(writing).items()})


def _write(form: Allograph, writing: Hands, jitter: Tensor, tremor: Tensor) -> Tensor:
    """Return the pictures of digits of one form, ``(n, 20, 20)``."""
    lines, profiles = [], []
    for index, stroke in enumerate(form.strokes):
        points = torch.tensor(stroke, dtype=torch.float64) + jitter[:, index, : len(stroke)]
        line = _bent(spline(points), writing)
        lines.append(line)
        profiles.append(_profile(line, writing.taper))
    radius = [writing.width[:, None] / 2 * profile for profile in profiles]
    lines = _fitted(lines, radius)
    shaken = [
        line + writing.wobble[:, None, None] * _smooth(tremor[:, index, : line.shape[1]])
        for index, line in enumerate(lines)
    ]
    return ink(list(zip(_in_box(shaken, radius), radius, strict=True)))


def _bent(line: Tensor, writing: Hands) -> Tensor:
    """Return a line, in heights of the digit, warped, stretched, slanted and turned as its hand does."""
    u, v = (line[..., 0] - 0.3) * writing.aspect[:, None], line[..., 1] - 0.5
    square = u * u, u * v, v * v
    x, y = u, v
    for at, term in enumerate(square):
        x = x + writing.warp[:, 0, at, None] * term * 2
        y = y + writing.warp[:, 1, at, None] * term
    x = x - writing.slant[:, None] * y
    # Rational functions of half the angle's tangent, where sine and cosine would differ between machines.
    t = writing.turn[:, None]
    cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    return torch.stack([cosine * x + sine * y, cosine * y - sine * x], -1)


def _profile(line: Tensor, taper: Tensor) -> Tensor:
    """Return the width at each point of a line as a share of the greatest, ``(n, L)``."""
    at = torch.arange(line.shape[1], dtype=torch.float64) / (line.shape[1] - 1)
    end = (1 - torch.minimum(at, 1 - at) / TAPERED).clamp(min=0)
    return 1 - taper[:, None] * end * end


def _smooth(noise: Tensor) -> Tensor:
    """Return noise along a line, ``(n, L, 2)``, without its quick changes and with the same standard deviation."""
    for _ in range(3):
        padded = torch.cat([noise[:, :1], noise, noise[:, -1:]], 1)
        noise = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    return noise / 30.4  # √924, the root of the sum of squares of the weights 1, 6, 15, 20, 15, 6, 1


def _fitted(lines: list[Tensor], radius: list[Tensor]) -> list[Tensor]:
    """Return lines in px, so large that the longer side of the digit with its ink is 20 px."""
    room = BOX - CUT - 2 * torch.stack([part.amax(1) for part in radius]).amax(0)
    longer = _sides(lines, [torch.zeros_like(part) for part in radius])[1].amax(1)
    factor = room / longer
    for _ in range(2):  # where the pen is not as broad at the outermost points
        _, side = _sides([line * factor[:, None, None] for line in lines], radius)
        factor = factor + (BOX - CUT - side.amax(1)) / longer
    return [line * factor[:, None, None] for line in lines]


def _in_box(lines: list[Tensor], radius: list[Tensor]) -> list[Tensor]:
    """Return lines that begin, with their ink, at the upper left of the box; the shorter side in its middle."""
    low, side = _sides(lines, radius)
    start = (BOX - side) / 2 - low
    return [line + start[:, None] for line in lines]


def _sides(lines: list[Tensor], radius: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Return where the ink of lines begins and how far it reaches, in x and y, ``(n, 2)`` each."""
    low = torch.stack([(line - part[..., None]).amin(1) for line, part in zip(lines, radius, strict=True)]).amin(0)
    high = torch.stack([(line + part[..., None]).amax(1) for line, part in zip(lines, radius, strict=True)]).amax(0)
    return low, high - low


SOURCE = Source(
    "handwritten-like digits of a stroke model, from known forms, widths, slants and tremors",
    _load,
    licence="MIT, as this project",
    takes="PART",
    values=tuple(PARTS),
)
