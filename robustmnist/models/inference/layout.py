"""The layout of weights in memory, which chooses torch's kernels."""

import torch
from torch import nn

__all__ = ["laid_out"]


def laid_out(model: nn.Module, form: torch.memory_format) -> nn.Module:
    """Bring all parameters and buffers of `model` into the layout `form`, and return it."""
    for values in (*model.parameters(), *model.buffers()):
        if values.ndim == 4:
            # Not by `to`: of a single channel it keeps the strides of either layout, which choose the kernel.
            values.data = torch.empty(values.shape, dtype=values.dtype, memory_format=form).copy_(values.data)
    return model
