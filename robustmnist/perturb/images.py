"""What images are, and the check at the public edge."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.errors import ImagesError
from robustmnist.system.device import check_default_device

__all__ = ["CENTRE", "PIXELS", "SIZE", "check_images", "checked", "pixel_centres"]

P = ParamSpec("P")

SIZE = 28  # px, the side of an image
PIXELS = SIZE * SIZE
CENTRE = 13.5  # px: pixels have their centres at 0 to 27, so the frame's middle is 27/2


def check_images(images: Tensor) -> None:
    """Check that `images` are float32 `(B, 1, 28, 28)` with finite ink in [0, 1].

    Raises:
        ImagesError: If they are not, with what they are.
        DeviceError: If torch's default device is not the CPU; the images may be on any.

    >>> check_images(torch.zeros(2, 1, 28, 28))
    >>> check_images(torch.zeros(2, 28, 28))
    Traceback (most recent call last):
        ...
    robustmnist.errors.ImagesError: images: must have shape (B, 1, 28, 28), not (2, 28, 28)
    """
    check_default_device()
    if not isinstance(images, Tensor):
        raise ImagesError(f"must be a torch tensor, not {type(images).__name__}", where="images")
    if images.ndim != 4 or tuple(images.shape[1:]) != (1, SIZE, SIZE):
        raise ImagesError(f"must have shape (B, 1, {SIZE}, {SIZE}), not {tuple(images.shape)}", where="images")
    if images.dtype != torch.float32:
        remedy = "divide by 255" if images.dtype == torch.uint8 else "convert them with .float()"
        raise ImagesError(f"must be float32, not {images.dtype}", where="images", remedy=remedy)
    if not images.numel():
        return
    low, high = (float(edge) for edge in torch.aminmax(images.detach()))
    if not (low >= 0.0 and high <= 1.0):  # so written that NaN fails
        raise ImagesError(f"must hold ink in [0, 1], not {low:g} to {high:g}", where="images", remedy="rescale them")


def checked(function: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """Make a perturbation raise `ImagesError`, or `ValueError` where the draws are not these images'."""

    @functools.wraps(function)
    def checking(*args: P.args, **kwargs: P.kwargs) -> Tensor:
        images: Any = args[0] if args else kwargs.get("images")
        draws = kwargs.get("draws")
        check_images(images)
        if isinstance(draws, Draws) and len(draws.ids) != len(images):
            raise ValueError(f"{len(images)} images need as many draws, not {len(draws.ids)}")
        return function(*args, **kwargs)

    return checking


def pixel_centres(dtype: torch.dtype, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
    """Return `(28, 28)` x and y of the pixels' centres, px from the frame's to the right and down."""
    across = torch.arange(SIZE, dtype=dtype, device=device) - CENTRE
    y, x = torch.meshgrid(across, across, indexing="ij")
    return x, y
