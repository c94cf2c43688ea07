"""The pieces of a digit's strokes: what lies between ends, junctions and bends."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from robustmnist.measure.skeleton import EIGHT, crossings, skeleton

__all__ = ["MOST", "stroke_pieces"]

INSIDE = 0.5  # ink from which a pixel is stroke
BEND = 2.0  # px: how far a line leaves its chord before it is cut there
SHORT = 4  # pixels of the middle line: shorter branches belong to their neighbours
MOST = 16  # pieces of a digit

Pixels = NDArray[np.int64]


def stroke_pieces(image: NDArray[np.float32]) -> Pixels:
    """Return which piece of the strokes each pixel with ink belongs to, int64 (28, 28): from 0 up, −1 on paper.

    The middle line of the strokes is cut at its junctions, and where it bends: at the point farthest from the chord
    between two ends, as long as that is more than `BEND` px. Each pixel with ink belongs to the piece whose middle line
    is nearest. So pieces never overlap, and together they are all ink, faint ink too. Pieces are numbered from the top,
    line by line, by the first pixel of their middle line. Of more than `MOST` the longest stay.

    Args:
        image: Float32 (28, 28), ink in [0, 1]. Where no ink reaches one half, all ink counts as stroke.

    Source: cutting at the point farthest from the chord: Ramer 1972, Computer Graphics and Image Processing 1 (3).
    """
    ink = np.nan_to_num(image) > 0
    inside = np.nan_to_num(image) >= INSIDE
    line = skeleton(inside if inside.any() else ink)
    pieces = _pieces(line)
    numbered = np.full(ink.shape, -1, np.int64)
    if not pieces:
        return numbered
    points = np.concatenate(pieces)
    numbers = np.repeat(np.arange(len(pieces)), [len(piece) for piece in pieces])
    pixels = np.argwhere(ink)
    squared = ((pixels[:, None] - points[None]) ** 2).sum(2)
    numbered[tuple(pixels.T)] = numbers[squared.argmin(1)]
    return numbered


def _pieces(line: NDArray[np.bool_]) -> list[Pixels]:
    """Return the pixels, (N, 2) each, of the pieces of a middle line, from the top."""
    # Around a junction too: its neighbours touch each other at their corners.
    branches, count = ndimage.label(line & ~ndimage.binary_dilation(crossings(line) >= 3, EIGHT), EIGHT)
    ways = [_in_order(np.argwhere(branches == number)) for number in range(1, count + 1)]
    ways = [part for way in ways for part in _cut(way)]
    ways = sorted((way for way in ways if len(way) >= SHORT), key=len, reverse=True)[:MOST]
    if not ways:  # a dot, or junctions only: each connected part of the line is a piece
        parts, count = ndimage.label(line, EIGHT)
        ways = sorted((np.argwhere(parts == number) for number in range(1, count + 1)), key=len, reverse=True)[:MOST]
    return sorted(ways, key=lambda way: min(map(tuple, way.tolist())))


def _in_order(points: Pixels) -> Pixels:
    """Return the pixels of a line without junctions from one end to the other; of a ring from its topmost pixel."""
    left = {tuple(point) for point in points.tolist()}

    def near(point: tuple[int, ...]) -> list[tuple[int, ...]]:
        row, column = point
        sides = [(row - 1, column), (row, column - 1), (row, column + 1), (row + 1, column)]
        corners = [(row + down, column + across) for down in (-1, 1) for across in (-1, 1)]
        return [other for other in (*sides, *corners) if other in left]

    ends = [point for point in sorted(left) if len(near(point)) <= 1]
    at = ends[0] if ends else min(left)
    way = [at]
    left.remove(at)
    while following := near(at):
        at = following[0]
        way.append(at)
        left.remove(at)
    way.extend(sorted(left))  # a pixel beside the line, of a staircase
    return np.array(way, np.int64)


def _cut(way: Pixels) -> list[Pixels]:
    """Return a line cut at its bends."""
    if len(way) < 2 * SHORT:
        return [way]
    first, last = way[0].astype(np.float64), way[-1].astype(np.float64)
    chord, away = last - first, way - first
    length = float(np.hypot(*chord))
    ring = length < SHORT  # cut where it is farthest from its start
    distance = np.hypot(*away.T) if ring else np.abs(chord[0] * away[:, 1] - chord[1] * away[:, 0]) / length
    at = int(distance[SHORT:-SHORT].argmax()) + SHORT if len(way) > 2 * SHORT else 0
    if not at or distance[at] <= BEND:
        return [way]
    return [*_cut(way[:at]), *_cut(way[at:])]
