"""Training digits moved, turned, scaled, stretched and thickened by the project's own perturbations."""

import torch
from torch import Tensor

from robustmnist.perturb.geometry.affine import affine
from robustmnist.perturb.stroke.thickness import thickness
from robustmnist.training.augment import Augment

__all__ = ["augment"]


def augment(images: Tensor, settings: Augment, generator: torch.Generator) -> Tensor:
    """Return (B, 1, 28, 28) images, each with strengths of its own drawn uniformly from the ranges in `settings`.

    The stroke is changed first, on the digit as it was written, then one interpolation moves it. A digit that
    `settings.probability` passes over comes back bit for bit. Noise is added last, and ink kept in [0, 1].

    Args:
        images: float32 (B, 1, 28, 28) in [0, 1]; not changed.
        settings: The ranges.
        generator: On the CPU; the same draws serve every device. Seven numbers per digit are taken from it,
            and with noise a normal one per pixel and a strength per digit besides.
    """
    if not settings.active:
        return images
    draws = torch.rand((7, len(images)), generator=generator)
    chosen = (draws[0] < settings.probability).float()
    dx, dy, angle, scale, stretch, stroke = ((2 * draws[1:] - 1) * chosen).to(images.device)
    if settings.thickness:
        images = thickness(images, change=stroke * settings.thickness)
    if settings.moves:
        images = affine(
            images,
            dx=dx * settings.shift,
            dy=dy * settings.shift,
            angle=angle * settings.rotation,
            scale=1 + scale * settings.scale,
            horizontal=1 + stretch * settings.stretch,
            vertical=1 - stretch * settings.stretch,
        )
    if settings.noise:
        strength = torch.rand(len(images), generator=generator) * chosen * settings.noise
        noise = torch.randn(images.shape, generator=generator) * strength[:, None, None, None]
        images = (images + noise.to(images.device)).clamp(0, 1)
    return images
