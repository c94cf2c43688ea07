"""Maps of positive and negative numbers, such as the filters of a network, as one picture for either colour scheme."""

import zlib

import numpy as np
from numpy.typing import NDArray

from robustmnist.page.colours import LIGHT
from robustmnist.page.png import GAP, container

__all__ = ["signed_sheet"]

LEVELS = 24  # opacities of a hue


def signed_sheet(maps: NDArray[np.floating], columns: int, zoom: int = 1) -> tuple[bytes, int, int]:
    """Return a PNG of maps in rows, vermilion above zero and blue below, paper at zero, and its width and height, px.

    Every map has a scale of its own: its largest absolute value is the full hue.

    Args:
        maps: (n, height, width), n at least 1.
        columns: Maps in a row.
        zoom: Pixels of the picture for a pixel of a map.
    """
    n, height, width = maps.shape
    gap = max(GAP, zoom)  # as wide as a weight, so that maps of a few weights stand apart
    largest = np.abs(maps).max((1, 2), keepdims=True)
    shares = np.divide(maps, largest, out=np.zeros(maps.shape), where=largest > 0)
    level = np.rint(np.clip(np.nan_to_num(shares), -1, 1) * LEVELS).astype(np.int64) + LEVELS
    level = np.kron(level, np.ones((1, zoom, zoom), np.int64))
    rows, tall, wide = -(-n // columns), height * zoom + gap, width * zoom + gap
    sheet = np.full((rows * columns, tall, wide), LEVELS, np.uint8)
    sheet[:n, : height * zoom, : width * zoom] = level
    pixels = sheet.reshape(rows, columns, tall, wide).transpose(0, 2, 1, 3).reshape(rows * tall, columns * wide)
    pixels = pixels[: rows * tall - gap, : columns * wide - gap]
    below, above = (bytes.fromhex(LIGHT.lines[at].removeprefix("#")) for at in (0, 1))
    palette = below * LEVELS + bytes(3) + above * LEVELS
    opacity = bytes(round(255 * abs(at - LEVELS) / LEVELS) for at in range(2 * LEVELS + 1))
    lines = np.pad(pixels, ((0, 0), (1, 0))).astype(np.uint8).tobytes()  # each line starts with filter 0
    parts = [(b"PLTE", palette), (b"tRNS", opacity), (b"IDAT", zlib.compress(lines, 9))]
    down, across = pixels.shape
    return container(across, down, parts, depth=8, kind=3), across, down
