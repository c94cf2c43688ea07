"""Completeness: how far the sum of an attribution is from the logit that it explains."""

import torch
from torch import Tensor, nn

__all__ = ["gap"]


def gap(model: nn.Module, images: Tensor, targets: Tensor, attributions: Tensor) -> Tensor:
    """Return ``|sum(a) − (f(x) − f(0))| / max(|f(x) − f(0)|, 1)`` for each image, float64 (B,).

    Below a difference of one logit the gap is in logits, so that a class that the image says nothing about does not
    divide by zero.
    """
    with torch.no_grad():
        logits = torch.cat([model(part) for part in torch.split(images, 128)]).double()
        blank = model(torch.zeros_like(images[:1])).double()
    difference = (logits - blank).gather(1, targets.to(logits.device)[:, None])[:, 0]
    total = attributions.to(logits.device).double().sum(dim=(1, 2, 3))
    left: Tensor = (total - difference).abs() / difference.abs().clamp(min=1)
    return left
