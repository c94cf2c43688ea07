"""Linear maps of pixels with few taps each: what rotation, scale and fractional shifts have in common.

An output pixel is a weighted sum of a few input pixels, the same for all images. With the images of a batch side by
side in memory (pixels as rows, images as columns) that sum is `embedding_bag`, vectorised over the images. 10,000
images turned take 7 to 8 ms on two cores where a copy takes 2, and as much again for the way into that order, which all
strengths can share; `grid_sample` with one shared grid took 20 ms.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from robustmnist.perturb.images import CENTRE, PIXELS, SIZE
from robustmnist.system.gradient import tracked

__all__ = ["Taps", "Tiles", "bilinear", "columns", "prepare_tiles", "resample", "rows", "taps_from", "warp"]


# Images side by side in a tile: on a processor 0.8 MB, which stay in the cache; a GPU wants more to fill it. The last
# tile is padded to the same width, so that every image goes through the same kernel whatever its batch.
CPU_WIDTH, GPU_WIDTH = 256, 4096


@dataclass(frozen=True)
class Taps:
    """Which input pixels make each output pixel, those of all 784 in one line.

    Attributes:
        index: int64 `(n,)`, the input pixel, 0 to 783.
        weight: float32 `(n,)`, its weight, not 0.
        starts: int64 `(784,)`, where each output pixel's taps begin.
    """

    index: Tensor
    weight: Tensor
    starts: Tensor


@dataclass(frozen=True)
class Tiles:
    """Images side by side, as maps take them.

    Attributes:
        pixels: float32 `(tiles, 784, width)`; behind the last image blank ones.
        count: How many images there are.
    """

    pixels: Tensor
    count: int


@torch.no_grad()
def prepare_tiles(images: Tensor) -> Tiles:
    """Return `images`, `(B, 1, 28, 28)`, side by side."""
    return Tiles(_side_by_side(images, 0, len(images)), len(images))


def resample(images: Tensor | Tiles, *maps: Taps) -> Tensor:
    """Return float32 `(B, 1, 28, 28)`: `images` through each of `maps` in turn, clamped to [0, 1].

    Differentiable in `images`, if they are a tensor, with the same bits; `Tiles` carry no gradient.
    """
    gradient = isinstance(images, Tensor) and tracked(images)
    with torch.set_grad_enabled(gradient):
        return _resampled(images, maps, gradient)


def _resampled(images: Tensor | Tiles, maps: tuple[Taps, ...], gradient: bool) -> Tensor:
    """Do what `resample` does; with a gradient from parts that torch can follow, else into memory allocated once."""
    count, device = (images.count, images.pixels.device) if isinstance(images, Tiles) else (len(images), images.device)
    out = torch.empty(count, PIXELS, dtype=torch.float32, device=device)
    # Two tiles for each thread at once: what one step hands to the next stays in the cache.
    together = max(1, min(2 * torch.get_num_threads(), -(-count // CPU_WIDTH))) if device.type == "cpu" else 1
    tables = [_for_tiles(taps, together, device) for taps in maps]
    step, parts = together * _width(device), []
    for start in range(0, count, step):
        tiles = _side_by_side(images, start, start + step)
        mapped = tiles.flatten(0, 1)
        for index, weight, starts in tables:
            taken = len(index) // together * len(tiles)
            mapped = F.embedding_bag(
                index[:taken], mapped, starts[: len(mapped)], per_sample_weights=weight[:taken], mode="sum"
            )
        target = out[start : start + step]
        lines = _transposed(mapped.view(tiles.shape)).view(-1, PIXELS)[: len(target)]
        # Weights sum to 1 only within rounding: without the clamp full ink may become 1.0000001.
        if gradient:
            parts.append(lines.clamp(0.0, 1.0))
        else:
            torch.clamp(lines, 0.0, 1.0, out=target)
    return (torch.cat(parts) if parts else out).view(-1, 1, SIZE, SIZE)


def taps_from(index: Tensor, weight: Tensor) -> Taps:
    """Return the taps given by tables `(784, most)`, leaving out the weight 0."""
    some = weight != 0
    number = some.sum(1)
    return Taps(index[some].long(), weight[some].float(), number.cumsum(0) - number)


def bilinear(x: Tensor, y: Tensor) -> Taps:
    """Return the taps that read the image at `(x, y)`, float64 `(28, 28)` in px, from background 0 outside."""
    left, top = x.floor(), y.floor()
    index, weight = [], []
    for column in (left, left + 1):
        for row in (top, top + 1):
            inside = (column >= 0) & (column < SIZE) & (row >= 0) & (row < SIZE)
            share = (1 - (x - column).abs()) * (1 - (y - row).abs())
            index.append(torch.where(inside, row * SIZE + column, 0).flatten())
            weight.append(torch.where(inside, share, 0).flatten())
    return taps_from(torch.stack(index, 1), torch.stack(weight, 1))


def rows(matrix: Tensor) -> Taps:
    """Return the taps of `matrix @ image`: it mixes the pixels of each column. `matrix` is float64 `(28, 28)`."""
    source, weight = _nonzero(matrix)
    column = torch.arange(SIZE, dtype=torch.int64)
    index = source[:, None, :] * SIZE + column[None, :, None]
    return taps_from(index.reshape(PIXELS, -1), weight.repeat_interleave(SIZE, 0))


def columns(matrix: Tensor) -> Taps:
    """Return the taps of `image @ matrix.T`: it mixes the pixels of each row. `matrix` is float64 `(28, 28)`."""
    source, weight = _nonzero(matrix)
    row = torch.arange(SIZE, dtype=torch.int64)
    index = row[:, None, None] * SIZE + source[None, :, :]
    return taps_from(index.reshape(PIXELS, -1), weight.repeat(SIZE, 1))


def _width(device: torch.device) -> int:
    return CPU_WIDTH if device.type == "cpu" else GPU_WIDTH


def _for_tiles(taps: Taps, n: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Return index, weight and starts of the taps, repeated for `n` tiles that lie one after the other."""
    tile = torch.arange(n, dtype=torch.int64)[:, None]
    index, starts = taps.index + PIXELS * tile, taps.starts + len(taps.index) * tile
    tables = index.flatten(), taps.weight.repeat(n), starts.flatten()
    if device.type == "cpu":
        return tables
    # From pinned memory: other copies would wait for all that the GPU still has to do.
    index, weight, starts = (table.pin_memory().to(device, non_blocking=True) for table in tables)
    return index, weight, starts


def _side_by_side(images: Tensor | Tiles, start: int, stop: int) -> Tensor:
    """Return images `start` to `stop` − 1 as tiles, float32 `(tiles, 784, width)`: an image is a column."""
    if isinstance(images, Tiles):
        width = images.pixels.shape[2]
        return images.pixels[start // width : -(-stop // width)]
    flat, width = images[start:stop].reshape(-1, PIXELS), _width(images.device)
    missing = -len(flat) % width
    return _transposed((F.pad(flat, (0, 0, 0, missing)) if missing else flat).view(-1, width, PIXELS))


def _transposed(matrices: Tensor) -> Tensor:
    """Return `(n, columns, rows)` of contiguous `(n, rows, columns)`, on a processor twice as fast as by a copy.

    Shuffling channels is a transposition: of `groups` × channels of each to channels × `groups`. With the channels last
    torch does that a vector at a time: 6 ms of one core for 40 matrices of 256 × 784, where copies took 12 ms.
    """
    if matrices.device.type != "cpu" or not len(matrices):
        return matrices.transpose(1, 2).contiguous()
    n, rows, columns = matrices.shape
    channels_last = matrices.reshape(n, 1, 1, -1).permute(0, 3, 1, 2)
    return F.channel_shuffle(channels_last, rows).permute(0, 2, 3, 1).reshape(n, columns, rows)


def _nonzero(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return index and weight `(28, taps)` of the entries that are not 0 in each row, padded with weight 0."""
    taps = max(1, int((matrix != 0).sum(1).max()))
    index = (matrix == 0).to(torch.uint8).argsort(dim=1, stable=True)[:, :taps]
    return index, matrix.gather(1, index).float()


def warp(images: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return `(B, 1, 28, 28)`: each image read at its own points, bilinear, background 0 outside, clamped to [0, 1].

    `grid_sample` has one and the same arithmetic for every image of a batch, so that no bit depends on it.

    Args:
        images: `(B, 1, 28, 28)`.
        x: float32 `(B, 28, 28)`, px from the centre to the right, where each output pixel is read.
        y: float32 `(B, 28, 28)`, px down.
    """
    grid = torch.stack([x, y], -1).div_(CENTRE)
    return F.grid_sample(images, grid, padding_mode="zeros", align_corners=True).clamp_(0.0, 1.0)
