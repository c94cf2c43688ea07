"""Bring the digits of a data set to where those of another lie, by a measure: what of a difference is it?"""

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.measure import MEASURES
from robustmnist.perturb.images import CENTRE, SIZE, pixel_centres
from robustmnist.perturb.stroke.thickness import CHANGE_HIGH, CHANGE_LOW, thickness

__all__ = ["MATCHES", "TOGETHER", "Readings", "match", "read", "there_and_back"]

Readings = Mapping[str, NDArray[np.float64]]

# What is matched -> the measures that say by how much, and the amounts too small for a pixel to show, which are left.
MATCHES: dict[str, dict[str, float]] = {
    "stroke width": {"stroke-width": 0.1},
    "slant": {"slant": 0.02},
    "size": {"size": 0.5},
    "position": {"centroid-x": 0.5, "centroid-y": 0.5},
    "ink": {"ink": 1.0},
}
TOGETHER = "all together"
STRETCH = (0.5, 2.0)  # × by which a digit is enlarged at most


def read(images: Tensor, measures: tuple[str, ...] = tuple(MEASURES)) -> Readings:
    """Return measure -> its readings of the images, float64 ``(n,)``; NaN where an image has none."""
    return {name: MEASURES[name].function(images).double().cpu().numpy() for name in measures}


def match(images: Tensor, home: Readings, what: str) -> Tensor:
    """Return digits as far as they can be brought to where others, at home, lie by the readings of these.

    All digits go the same way: that which takes their median to the one at home. Then a digit that is beyond the
    outermost at home is brought to it. So the home digits themselves stay as they are, bit for bit. Classes are treated
    alike: a class may be written in another form, and no slant or width makes one form the other. Amounts that no
    pixel would show (`MATCHES`) are left out, positions move by whole px, ink is gained or lost in the half-tones.

    Args:
        images: ``(n, 1, 28, 28)``.
        home: The readings of the digits at home.
        what: A key of `MATCHES`, or `TOGETHER` for one after the other, each read off what the last one left; slant
            and size are then one interpolation.
    """
    names = tuple(MATCHES) if what == TOGETHER else (what,)
    if "stroke width" in names:
        change, _ = _amounts(images, home, "stroke-width", MATCHES["stroke width"])
        change = change.float().clamp(CHANGE_LOW, CHANGE_HIGH)
        images = torch.where((change != 0)[:, None, None, None], thickness(images, change=change), images)
    images = _formed(images, home, names)
    if "position" in names:
        dx, dy = (_amounts(images, home, name, MATCHES["position"])[0] for name in MATCHES["position"])
        images = _moved(images, dx.round().long(), dy.round().long())
    return _inked(images, home) if "ink" in names else images


def there_and_back(images: Tensor, home: Readings, away: Readings, what: str) -> Tensor:
    """Return the digits of home matched to others, away, and then back to home: what the way itself costs.

    Their measures are those of home again, so that whatever is read worse is the price of changing digits: each is
    changed twice by as much as `match` changes those of the other set once, so the price is rather too high.

    Args:
        images: Digits of home, ``(n, 1, 28, 28)``.
        home: Their readings.
        away: The readings of the other set.
        what: As for `match`.
    """
    return match(match(images, away, what), home, what)


def _formed(images: Tensor, home: Readings, names: tuple[str, ...]) -> Tensor:
    """Return the images slanted and enlarged, in one interpolation."""
    lean = torch.zeros(len(images), dtype=torch.float64, device=images.device)
    factor = lean + 1
    if "slant" in names:
        lean, _ = _amounts(images, home, "slant", MATCHES["slant"])
    if "size" in names:
        amount, now = _amounts(_warped(images, lean, factor), home, "size", MATCHES["size"])
        factor = (1 + amount / now).nan_to_num(1.0).clamp(*STRETCH)
    return _warped(images, lean, factor)


def _warped(images: Tensor, lean: Tensor, factor: Tensor) -> Tensor:
    """Return the images sheared by `lean`, then enlarged; cubic interpolation, which blurs less than linear."""
    x, y = pixel_centres(torch.float32, images.device)
    down = y / factor.float()[:, None, None]
    across = x / factor.float()[:, None, None] + lean.float()[:, None, None] * down
    grid = torch.stack([across, down], -1) / CENTRE
    moved = F.grid_sample(images, grid, mode="bicubic", padding_mode="zeros", align_corners=True).clamp_(0.0, 1.0)
    return torch.where(((lean != 0) | (factor != 1))[:, None, None, None], moved, images)


def _moved(images: Tensor, dx: Tensor, dy: Tensor) -> Tensor:
    """Return each image moved by its own whole px to the right and down: copies, paper where nothing was."""
    axis = torch.arange(SIZE, dtype=torch.int64, device=images.device)
    x, y = axis - dx[:, None], axis - dy[:, None]
    inside = ((y >= 0) & (y < SIZE))[:, :, None] & ((x >= 0) & (x < SIZE))[:, None, :]
    which = torch.arange(len(images), dtype=torch.int64, device=images.device)[:, None, None]
    read_there = images[:, 0][which, y.clamp(0, SIZE - 1)[:, :, None], x.clamp(0, SIZE - 1)[:, None, :]]
    return torch.where(inside, read_there, 0.0)[:, None]


def _inked(images: Tensor, home: Readings) -> Tensor:
    """Return the images with their half-tones darker or paler; paper and full ink stay."""
    amount, _ = _amounts(images, home, "ink", MATCHES["ink"])
    tones = images * (1 - images)
    gain = (amount.float() / tones.sum((1, 2, 3))).nan_to_num(0.0).clamp(-1.0, 1.0)[:, None, None, None]
    return torch.where(gain != 0, images + gain * tones, images)


def _amounts(images: Tensor, home: Readings, measure: str, least: Mapping[str, float]) -> tuple[Tensor, Tensor]:
    """Return the reading wanted less the reading, and the reading, float64 ``(n,)`` each."""
    now = read(images, (measure,))[measure]
    target = home[measure][np.isfinite(home[measure])]
    wanted = now
    if len(target) and np.isfinite(now).any():
        wanted = np.clip(now + (np.median(target) - np.nanmedian(now)), target.min(), target.max())
    change = np.nan_to_num(wanted - now)
    change = np.where(np.abs(change) < least[measure], 0.0, change)
    return torch.from_numpy(change).to(images.device), torch.from_numpy(now).to(images.device)
