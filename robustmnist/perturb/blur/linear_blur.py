"""Blur by a lens, a movement or a zoom: each pixel becomes a mean over what a bilinear reading of the image sees.

Outside the frame is paper, 0; ink that is smeared over the edge is lost. Every function is one linear map with the same
few taps for all images and goes through `resample`, whose sums do not depend on the batch. Measured on one core,
10,000 digits, 9 × 9 taps at σ = 1.5: so 40 ms, torchvision's `gaussian_blur` 450 ms, kornia's `gaussian_blur2d` 430 ms,
`conv2d` along one axis and then the other 170 ms. `conv2d`, and kornia's with it, gives an image other bits in a batch
of 1 or 3 than among 256, since it picks its method by the batch; torchvision's gave the same in eight sizes of batch.
"""

import torch
from torch import Tensor

from robustmnist.perturb.blur.taps import disc_taps, gaussian_taps, line_taps, zoom_taps
from robustmnist.perturb.perturbation import Parameter, Perturbation
from robustmnist.perturb.resample import resample

__all__ = [
    "DEFOCUS",
    "GAUSSIAN_BLUR",
    "MOTION_BLUR",
    "ZOOM_BLUR",
    "defocus",
    "gaussian_blur",
    "motion_blur",
    "zoom_blur",
]


def gaussian_blur(images: Tensor, *, sigma: float) -> Tensor:
    """Blur with a Gaussian: weights exp(−k² / 2σ²) at k whole pixels, cut off at four standard deviations.

    Args:
        images: `(B, 1, 28, 28)`.
        sigma: Standard deviation in px, 0 or more; 0 changes nothing, bit for bit.

    Raises:
        ValueError: If `sigma` is negative.

    Source: scipy.ndimage.gaussian_filter for the kernel; Hendrycks & Dietterich, "Benchmarking neural network
    robustness to common corruptions", 2019, for the perturbation.

    >>> dot = torch.zeros(1, 1, 28, 28)
    >>> dot[..., 10, 5] = 1.0
    >>> round(float(gaussian_blur(dot, sigma=1.0).max()), 2)  # 1 / (2 π)
    0.16
    """
    if _is_neutral("sigma", sigma):
        return images.clone(memory_format=torch.contiguous_format)
    return resample(images, *gaussian_taps(sigma))


def defocus(images: Tensor, *, radius: float) -> Tensor:
    """Blur with a disc, as a lens out of focus does: the mean of bilinear readings all over the disc.

    Args:
        images: `(B, 1, 28, 28)`.
        radius: Of the disc in px, 0 or more; 0 changes nothing, bit for bit.

    Raises:
        ValueError: If `radius` is negative.

    Source: Hendrycks & Dietterich 2019, as `gaussian_blur`, who smooth a disc of whole pixels instead.

    >>> dot = torch.zeros(1, 1, 28, 28)
    >>> dot[..., 10, 5] = 1.0
    >>> round(float(defocus(dot, radius=2.0).max()), 2)  # 1 / (4 π)
    0.08
    """
    if _is_neutral("radius", radius):
        return images.clone(memory_format=torch.contiguous_format)
    return resample(images, disc_taps(radius))


def motion_blur(images: Tensor, *, length: float, angle: float = 0.0) -> Tensor:
    """Blur along a straight line, as a steady movement does: the mean of bilinear readings all along it.

    The line's middle is the pixel itself, so the digit stays where it is.

    Args:
        images: `(B, 1, 28, 28)`.
        length: Of the line in px, 0 or more; 0 changes nothing, bit for bit.
        angle: Degrees from the horizontal, counter-clockwise as seen on screen; 90 is upright.

    Raises:
        ValueError: If `length` is negative.

    Source: Hendrycks & Dietterich 2019, as `gaussian_blur`, whose line is one-sided and fades out.

    >>> dot = torch.zeros(1, 1, 28, 28)
    >>> dot[..., 10, 5] = 1.0
    >>> [round(ink, 2) for ink in motion_blur(dot, length=3.0)[0, 0, 10, 3:8].tolist()]
    [0.04, 0.29, 0.33, 0.29, 0.04]
    """
    if _is_neutral("length", length):
        return images.clone(memory_format=torch.contiguous_format)
    return resample(images, line_taps(length, angle))


def zoom_blur(images: Tensor, *, factor: float) -> Tensor:
    """Blur outwards from the centre: the mean of all magnifications from 1 to `factor`, each read bilinearly.

    Args:
        images: `(B, 1, 28, 28)`.
        factor: The largest magnification, ×, 1 or more; 1 changes nothing, bit for bit.

    Raises:
        ValueError: If `factor` is below 1.

    Source: Hendrycks & Dietterich 2019, as `gaussian_blur`, who take the mean of a few magnifications.

    >>> bar = torch.zeros(1, 1, 28, 28)
    >>> bar[..., 9:19, 12:16] = 1.0
    >>> [round(float(zoom_blur(bar, factor=2.0)[0, 0, row, 14]), 1) for row in (14, 18, 20, 24)]
    [1.0, 1.0, 0.7, 0.0]
    """
    if _is_neutral("factor", factor, 1):
        return images.clone(memory_format=torch.contiguous_format)
    return resample(images, zoom_taps(factor))


GAUSSIAN_BLUR = Perturbation(
    gaussian_blur, {"sigma": Parameter("px", 0.0, 0.0, 28.0, above="are blurred by a Gaussian of {a}")}
)
DEFOCUS = Perturbation(
    defocus, {"radius": Parameter("px", 0.0, 0.0, 14.0, above="are out of focus by a radius of {a}")}
)
MOTION_BLUR = Perturbation(
    motion_blur,
    {"length": Parameter("px", 0.0, 0.0, 28.0, above="are blurred by a motion of {a}")},
    modifiers={"angle": Parameter("°", 0.0, -180.0, 180.0)},
)
ZOOM_BLUR = Perturbation(zoom_blur, {"factor": Parameter("×", 1.0, 1.0, 10.0, above="are blurred by a zoom to {a}")})


def _is_neutral(name: str, strength: float, neutral: int = 0) -> bool:
    if strength < neutral:
        raise ValueError(f"{name} must be {neutral} or more, not {strength}")
    return strength == neutral
