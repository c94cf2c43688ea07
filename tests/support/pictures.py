"""Pictures made up from a seed: grey shapes with a margin, on MNIST's 255 levels."""

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["DEVICES", "pictures"]

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def pictures(n: int, seed: int = 0, *, box: int = 20) -> Tensor:
    """Return float32 (n, 1, 28, 28): blotches in a `box` px wide box near the middle, about a third of it inked."""
    generator = torch.Generator().manual_seed(seed)
    field = F.avg_pool2d(torch.randn(n, 1, box + 2, box + 2, generator=generator), 3, stride=1)
    ink = ((field * 3 - 0.4).clamp(0, 1) * 255).round() / 255
    start = (28 - box) // 2
    frame = torch.zeros(n, 1, 28, 28)
    frame[..., start : start + box, start : start + box] = ink
    return frame
