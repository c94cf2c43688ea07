"""Digits as one small picture: a paletted PNG of ink, transparent where there is none."""

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["GAP", "container", "sheet", "uri"]

GAP = 2  # pixels between two digits of a sheet
LEVELS = 15  # levels of ink; with the empty gap 16 entries, so that a pixel takes 4 bits
TINT = 0.045  # opacity of a digit's bare paper, so that its frame of 28 × 28 can be seen


def sheet(rows: NDArray[np.uint8]) -> bytes:
    """Draw digits side by side on one PNG with `GAP` transparent pixels after each.

    The ink is black of 15 opacities: the page shows through, and a filter that inverts it serves a dark page.

    Args:
        rows: uint8 (rows, columns, height, width), 0 for paper and 255 for full ink.

    Returns:
        The bytes of a PNG of ``rows * (height + GAP) - GAP`` by ``columns * (width + GAP) - GAP`` pixels.
    """
    down, across, height, width = rows.shape
    ink = np.rint(rows.astype(np.float32) * ((LEVELS - 1) / 255)).astype(np.uint8) + 1
    framed = np.zeros((down, across, height + GAP, width + GAP), np.uint8)
    framed[:, :, :height, :width] = ink
    picture = framed.transpose(0, 2, 1, 3).reshape(down * (height + GAP), across * (width + GAP))
    return _png(picture[: picture.shape[0] - GAP, : picture.shape[1] - GAP])


def uri(png: bytes) -> str:
    """Return a PNG as a ``data:`` address."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def container(width: int, height: int, parts: Sequence[tuple[bytes, bytes]], *, depth: int, kind: int) -> bytes:
    """Return a PNG file of `parts` (chunk name and data, header and end left out).

    Args:
        width: Pixels.
        height: Pixels.
        parts: In the order in which they stand in the file.
        depth: Bits per sample or palette index.
        kind: PNG's colour type: 3 with a palette, 6 RGBA.

    Source: PNG specification, third edition (W3C 2023).
    """

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in [(b"IHDR", header), *parts, (b"IEND", b"")])


def _png(indices: NDArray[np.uint8]) -> bytes:
    height, width = indices.shape
    even = np.pad(indices, ((0, 0), (0, width % 2)))
    packed = (even[:, ::2] << 4 | even[:, 1::2]).astype(np.uint8)
    lines = np.pad(packed, ((0, 0), (1, 0))).tobytes()  # each line starts with filter 0: the best one for a palette
    opacity = [0, *(round(255 * (TINT + (1 - TINT) * level / (LEVELS - 1))) for level in range(LEVELS))]

    parts = [(b"PLTE", bytes(3 * 16)), (b"tRNS", bytes(opacity)), (b"IDAT", zlib.compress(lines, 9))]
    return container(width, height, parts, depth=4, kind=3)
