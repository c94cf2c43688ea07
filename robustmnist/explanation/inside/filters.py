"""The filters of the first layer: what a network looks for in the ink."""

import numpy as np
from numpy.typing import NDArray
from torch import nn

__all__ = ["first_filters"]


def first_filters(model: nn.Module) -> NDArray[np.float32] | None:
    """Return the weights of the first layer that see the image, strongest first, float32 (C, h, w).

    The first layer in the order of the modules: a convolution of one channel, or a dense layer of 784 pixels, whose
    filters are as large as the image. Their norm is what makes one stronger than another. None where the first layer
    is neither.
    """
    for part in model.modules():
        if isinstance(part, nn.Conv2d):
            filters = part.weight.detach()[:, 0] if part.in_channels == 1 else None
        elif isinstance(part, nn.Linear):
            filters = part.weight.detach().view(-1, 28, 28) if part.in_features == 784 else None
        else:
            continue
        if filters is None:
            return None
        values: NDArray[np.float32] = filters.float().cpu().numpy()
        return values[np.argsort(-np.square(values).sum((1, 2)), kind="stable")]
    return None
