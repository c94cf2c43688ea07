"""Digits and attributions as small pictures that stand on light and on dark paper alike.

All are RGBA with transparent paper: ink is black of some opacity, attribution is a hue of some opacity.
"""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from robustmnist.page.png import container

__all__ = ["AGAINST", "FOR", "common_scale", "digit", "heat", "on_paper", "overlay", "png", "smoothed"]


# Vermilion speaks for the class, blue against it: the pair of the Okabe-Ito palette that stays apart in every common
# form of colour blindness. Source: Okabe & Ito 2008, "Color Universal Design".
FOR = (213, 94, 0)
AGAINST = (0, 114, 178)
OUTLINE = (120, 122, 126)  # mid-grey: 4.3 : 1 on white, 4.2 : 1 on the dark paper of a page
INK_EDGE = 0.5  # ink at which the outline of the digit runs
LEVELS = 15  # opacities of a hue: as many as the eye tells apart at this size, and a picture takes half the bytes
PERCENTILE = 99  # of the pixels that are not 0: so that a few extreme ones do not leave all others pale
FAINTEST = 0.12  # opacity of what is just above zero, so that it can be seen on dark paper too


def digit(image: NDArray[np.float32], levels: int = 255) -> NDArray[np.uint8]:
    """Draw ink in [0, 1] (H, W) as black of that opacity, in so many levels, uint8 (H, W, 4)."""
    opacity = np.rint(np.rint(np.clip(np.nan_to_num(image), 0, 1) * levels) * (255 / levels)).astype(np.uint8)
    return np.dstack([np.zeros((*image.shape, 3), np.uint8), opacity])


def heat(shares: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Draw attributions divided by their scale, in [−1, 1] (H, W), on a diverging map centred at 0, uint8 (H, W, 4).

    The opacity rises with the absolute value from `FAINTEST` to 1; 0, and what rounds to it, shows the paper, as does a
    value that is not finite.
    """
    shares = np.nan_to_num(shares, nan=0.0, posinf=0.0, neginf=0.0)
    level = np.rint(np.clip(np.abs(shares), 0, 1) * LEVELS)
    colour = np.where((shares > 0)[..., None], np.array(FOR), np.array(AGAINST))
    colour[level == 0] = 0
    opacity = np.where(level == 0, 0.0, FAINTEST + (1 - FAINTEST) * level / LEVELS)
    return np.dstack([colour, np.rint(255 * opacity)]).astype(np.uint8)


def overlay(image: NDArray[np.float32], shares: NDArray[np.float32], zoom: int) -> NDArray[np.uint8]:
    """Draw the attribution with the digit's outline on it, uint8 (H·zoom, W·zoom, 4).

    The outline is one pixel wide, inside the ink of at least 0.5, so that no colour is mixed with the digit's grey.
    """
    large = np.kron(heat(shares), np.ones((zoom, zoom, 1), np.uint8))
    ink = np.kron(np.nan_to_num(image) >= INK_EDGE, np.ones((zoom, zoom), bool))
    framed = np.pad(ink, 1)
    inner = framed[:-2, 1:-1] & framed[2:, 1:-1] & framed[1:-1, :-2] & framed[1:-1, 2:]
    large[ink & ~inner] = (*OUTLINE, 255)
    return large


def common_scale(maps: Sequence[NDArray[np.float32]]) -> float:
    """Return the value that is drawn in the full hue: the `PERCENTILE` of the absolute values that are not 0.

    What lies beyond is drawn in the full hue too. Where nothing finite differs from 0 it is 1, so that dividing by it
    is always allowed.
    """
    values = np.abs(np.concatenate([each.ravel() for each in maps])) if maps else np.zeros(0, np.float32)
    values = values[np.isfinite(values) & (values > 0)]
    return float(np.percentile(values, PERCENTILE)) if len(values) else 1.0


def smoothed(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return means over 3 × 3 px (H, W): a map of single pixels as it can be read; the frame counts as 0."""
    framed = np.pad(np.nan_to_num(values).astype(np.float64), 1)
    windows = np.lib.stride_tricks.sliding_window_view(framed, (3, 3))
    mean: NDArray[np.float32] = windows.mean((2, 3)).astype(np.float32)
    return mean


def on_paper(picture: NDArray[np.uint8], paper: int = 255) -> NDArray[np.uint8]:
    """Return an RGBA picture on grey paper, uint8 (H, W, 3)."""
    opacity = picture[..., 3:].astype(np.float32) / 255
    return np.rint(picture[..., :3] * opacity + paper * (1 - opacity)).astype(np.uint8)


def png(picture: NDArray[np.uint8]) -> bytes:
    """Return an RGBA picture (H, W, 4) as a PNG: with a palette where 256 colours are enough, as here always."""
    height, width, _ = picture.shape
    numbers, indices = np.unique(np.ascontiguousarray(picture).view(">u4").ravel(), return_inverse=True)
    colours = numbers[:, None].view(np.uint8)
    parts: list[tuple[bytes, bytes]]
    if len(colours) <= 256:
        kind, rows = 3, indices.reshape(height, width).astype(np.uint8)
        parts = [(b"PLTE", colours[:, :3].tobytes()), (b"tRNS", colours[:, 3].tobytes())]
    else:
        kind, rows, parts = 6, picture.reshape(height, width * 4), []
    lines = np.pad(rows, ((0, 0), (1, 0))).tobytes()  # each line starts with filter 0
    return container(width, height, [*parts, (b"IDAT", zlib.compress(lines, 9))], depth=8, kind=kind)
