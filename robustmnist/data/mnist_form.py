"""The preprocessing contract of MNIST, through which every other source of digits goes.

The numbers below were read off the 10,000 test digits of MNIST: the longer side of the bounding box is 20 px in 9,997
of them, the centre of mass lies in [13.5, 14.5) in all, which whole-pixel placement explains without a remainder, and
the brightest pixel is at least 254/255 in all.
"""

import torch
from torch import Tensor

from robustmnist.errors import ImagesError
from robustmnist.system.gradient import without_gradient

__all__ = ["to_mnist"]

SIDE = 28  # px, the canvas
BOX = 20  # px, the longer side of a digit's bounding box
MARGIN = (SIDE - BOX) // 2  # px, where the box starts before it is centred by mass
CENTRE = 13.5  # px, the lowest centre of mass that placement by whole px leaves; the highest is below 14.5
INK = 0.04  # of the brightest ink: what is fainter does not widen the bounding box
FULL = 0.99  # ink: brightest pixel below which a digit counts as pale
# Steepening per magnification. An 8 × 8 digit enlarged 2.5 times has soft edges: 0.71 of its inked pixels are
# half-tones (0.1 to 0.9), in MNIST 0.46. With 0.75 it is 0.50. Two small CNNs (99.1 % on MNIST, one seed each) read
# 95.3 and 94.9 % of the embedded digits then, 92.7 and 92.2 % without, 86.1 and 87.3 % with all ink doubled instead.
STEEPNESS = 0.75
# Below any step that matters, above any rounding in float64: ties fall the same way on every machine.
NUDGE = 1e-9
CHUNK_PIXELS = 400_000  # pixels at a time, so that memory stays bounded


@without_gradient
def to_mnist(images: Tensor) -> Tensor:
    """Bring grey digits of any size into the form that MNIST has.

    1. Polarity: the median of the border is the background; where it is nearer to the brightest value than to the
       darkest, the digit is dark on light and is inverted. The background becomes 0.
    2. Contrast: a digit whose brightest pixel is below 0.99 is brought up to it.
    3. Size: the bounding box of the ink is resampled, aspect kept, so that its longer side is 20 px (cubic
       convolution, widened when shrinking so that nothing aliases).
    4. Edges: ink is steepened about 1/2 by 0.75 × the magnification where that is above 1, which undoes the blur
       of enlarging.
    5. Place: by whole pixels, so that the centre of mass lies in [13.5, 14.5) in both directions, as far as the
       box stays inside the canvas.

    Digits that are in MNIST's form already come out as they went in: 9,997 of MNIST's own 10,000 test digits bit for
    bit, also where all ink of each is cut out and put elsewhere on paper of 61 × 47 px, dark or light; the longer side
    of the others is not 20 px. A blank image stays blank. Each image is treated by itself, whatever else is in the
    batch.

    Args:
        images: ``(B, H, W)`` or ``(B, 1, H, W)``; uint8 0 to 255 or floating point 0 to 1.

    Returns:
        float32 ``(B, 1, 28, 28)`` on the same device, ink in [0, 1] in multiples of 1/255.

    Raises:
        ImagesError: If shape, dtype or range are others, or a value is not finite.

    Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits" (size normalised to a 20 × 20
    box with the aspect ratio kept, centred by mass in 28 × 28); R. Keys, "Cubic convolution interpolation for digital
    image processing", 1981 (the kernel, a = -1/2).
    """
    grey = _grey(images)
    chunk = max(1, CHUNK_PIXELS // max(SIDE * SIDE, grey.shape[1] * grey.shape[2]))
    levels = [_convert(part.double()) for part in torch.split(grey, chunk)]
    # On the CPU and by division: a GPU multiplies by the reciprocal, which is another float32 for some levels.
    table = (torch.arange(256, dtype=torch.float32) / 255).to(grey.device)
    return table[torch.cat(levels)].unsqueeze(1)


def _grey(images: Tensor) -> Tensor:
    """Return the images as ``(B, H, W)`` floats in [0, 1]."""
    if images.ndim == 4 and images.shape[1] == 1:
        images = images[:, 0]
    if images.ndim != 3 or 0 in images.shape[1:]:
        raise ImagesError(
            "are not grey digits",
            where=f"images of shape {tuple(images.shape)}",
            remedy="give (B, H, W) or (B, 1, H, W)",
        )
    remedy = "give uint8 0 to 255 or floating point 0 to 1"
    if images.dtype == torch.uint8:
        return images.double() / 255
    if not images.is_floating_point():
        raise ImagesError("have no agreed range", where=f"images of {images.dtype}", remedy=remedy)
    if len(images) and not (images.amin() >= 0 and images.amax() <= 1):
        raise ImagesError("a value is outside [0, 1] or not finite", where="images", remedy=remedy)
    return images


def _convert(grey: Tensor) -> Tensor:
    """Return the digits ``(B, H, W)`` as levels 0 to 255, int64 ``(B, 28, 28)``."""
    ink = _ink_on_black(grey)
    top, height = _extent(ink.amax(2))
    left, width = _extent(ink.amax(1))
    magnification = BOX / torch.maximum(height, width).double()
    rows = _resample(top, height, magnification, ink.shape[1])
    columns = _resample(left, width, magnification, ink.shape[2])
    canvas = _steepen((rows @ ink @ columns.mT).clamp(0, 1), magnification)
    down = _shift(canvas.sum(2), height * magnification)
    across = _shift(canvas.sum(1), width * magnification)
    centred = down @ canvas @ across.mT
    return (centred * 255 + 0.5 + NUDGE).long().clamp(max=255)


def _ink_on_black(grey: Tensor) -> Tensor:
    """Return the digits bright on background 0, the brightest pixel of each at 0.99 or above unless it is blank."""
    border = torch.cat((grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]), 1)
    background = border.median(1).values[:, None, None]
    dark_on_light = background - grey.amin((1, 2), keepdim=True) > grey.amax((1, 2), keepdim=True) - background
    ink = torch.where(dark_on_light, background - grey, grey - background).clamp(min=0)
    peak = ink.amax((1, 2), keepdim=True)
    return torch.where((peak > 0) & (peak < FULL), ink * (FULL / peak), ink)


def _extent(profile: Tensor) -> tuple[Tensor, Tensor]:
    """Return where the ink in each profile ``(B, N)`` begins and how long it is, in px; all of it where blank."""
    inked = (profile > INK * profile.amax(1, keepdim=True)).long()
    first = inked.argmax(1)
    return first, inked.shape[1] - inked.flip(1).argmax(1) - first


def _resample(first: Tensor, length: Tensor, magnification: Tensor, size: int) -> Tensor:
    """Return weights ``(B, 28, size)`` along one axis that bring the box at `first` to the canvas at 4 px."""
    step = 1 / magnification[:, None, None]
    # The kernel is as wide as a pixel of the coarser of the two grids, and reaches 2 of them to either side.
    width = step.clamp(min=1)
    beyond = int(4 * width.max().ceil()) + 1 if len(width) else 0  # px of background around, where kernels end whole
    target = torch.arange(SIDE, dtype=step.dtype, device=step.device)[:, None] - MARGIN
    source = torch.arange(-beyond, size + beyond, dtype=step.dtype, device=step.device)
    centre = first[:, None, None] + (target + 0.5) * step - 0.5
    weights = _cubic((source - centre) / width)
    weights = (weights / weights.sum(2, keepdim=True).clamp(min=NUDGE))[:, :, beyond : beyond + size]
    # Resampling smears ink out of the box by up to a pixel of the coarser grid: that is cut off. Where nothing is
    # resampled, what is fainter than the box's threshold may lie outside and is kept, as it is in MNIST.
    outside = (target < 0) | (target >= (length * magnification)[:, None, None] - NUDGE)
    return torch.where((step != 1) & outside, 0.0, weights)


def _cubic(distance: Tensor) -> Tensor:
    """Return the cubic convolution kernel with a = -1/2 at `distance` px."""
    x = distance.abs()
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return torch.where(x < 1, near, torch.where(x < 2, far, torch.zeros_like(x)))


def _steepen(canvas: Tensor, magnification: Tensor) -> Tensor:
    gain = (STEEPNESS * magnification).clamp(min=1)[:, None, None]
    return torch.where(gain > 1, ((canvas - 0.5) * gain + 0.5).clamp(0, 1), canvas)


def _shift(profile: Tensor, length: Tensor) -> Tensor:
    """Return the whole-pixel shift that centres each profile ``(B, 28)``, as one-hot weights ``(B, 28, 28)``."""
    steps = torch.arange(SIDE, dtype=torch.int64, device=profile.device)
    mass = profile.sum(1)
    centre = torch.where(mass > 0, (profile * steps).sum(1) / mass.clamp(min=NUDGE), CENTRE)
    shift = torch.ceil(CENTRE - centre - NUDGE)
    room = SIDE - MARGIN - torch.ceil(length - NUDGE)
    shift = torch.minimum(shift.clamp(min=-MARGIN), room).long()[:, None, None]
    return (steps[:, None] == steps + shift).to(profile.dtype)
