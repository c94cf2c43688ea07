"""What Keras layers do and no module of torch does in the same way. Feature maps are ``(B, C, H, W)`` here."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["AveragePool", "ChannelsFirst", "Exponential", "Lines", "Pooled", "Rearranged", "Slopes"]


class ChannelsFirst(nn.Module):
    """Images ``(B, H, W, C)``, as Keras takes them, to ``(B, C, H, W)``: a view, nothing is copied."""

    def forward(self, images: Tensor) -> Tensor:
        """Return `images` with their last axis second."""
        return images.permute(0, 3, 1, 2)


class Rearranged(nn.Module):
    """Keras' Flatten and Reshape, which see feature maps as ``(H, W, C)``.

    Args:
        shape: The target in Keras' order, without the batch.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, values: Tensor) -> Tensor:
        """Return `values` in the new shape."""
        last = values.permute(0, 2, 3, 1) if values.ndim == 4 else values
        result = last.reshape(len(values), *self.shape)
        return result.permute(0, 3, 1, 2) if result.ndim == 4 else result


class AveragePool(nn.Module):
    """Average pooling whose padding is lopsided and does not count, as TensorFlow's ``same``.

    Args:
        size: Rows and columns of a window.
        strides: Rows and columns from window to window.
        padding: Left, right, top, bottom.
    """

    def __init__(self, size: tuple[int, int], strides: tuple[int, int], padding: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.size, self.strides, self.padding = size, strides, padding

    def forward(self, maps: Tensor) -> Tensor:
        """Return the means of the windows, over what lies within the maps."""
        counts = F.pad(torch.ones_like(maps[:1, :1]), self.padding)
        total = F.avg_pool2d(F.pad(maps, self.padding), self.size, self.strides)
        return total / F.avg_pool2d(counts, self.size, self.strides)


class Pooled(nn.Module):
    """One number for each map: its mean, or its largest value.

    Args:
        largest: Whether it is the largest.
        keep: Whether the two axes stay, with size 1.
    """

    def __init__(self, largest: bool, keep: bool) -> None:
        super().__init__()
        self.largest, self.keep = largest, keep

    def forward(self, maps: Tensor) -> Tensor:
        """Return ``(B, C)``, or ``(B, C, 1, 1)``."""
        return maps.amax((2, 3), self.keep) if self.largest else maps.mean((2, 3), keepdim=self.keep)


class Lines(nn.Module):
    """Values times a factor plus an offset, both of which may differ by channel.

    Args:
        factor: Broadcast against the values, without the batch.
        offset: Likewise.
    """

    factor: Tensor
    offset: Tensor

    def __init__(self, factor: Tensor, offset: Tensor) -> None:
        super().__init__()
        self.register_buffer("factor", factor)
        self.register_buffer("offset", offset)

    def forward(self, values: Tensor) -> Tensor:
        """Return ``values * factor + offset``."""
        return values * self.factor + self.offset


class Slopes(nn.Module):
    """Keras' PReLU: below 0 a slope that was learnt, one for each value or shared along axes.

    Args:
        slopes: Broadcast against the values, without the batch.
    """

    slopes: Tensor

    def __init__(self, slopes: Tensor) -> None:
        super().__init__()
        self.register_buffer("slopes", slopes)

    def forward(self, values: Tensor) -> Tensor:
        """Return positive values as they are and others times their slope."""
        return values.clamp(min=0) + self.slopes * values.clamp(max=0)


class Exponential(nn.Module):
    """The exponential function."""

    def forward(self, values: Tensor) -> Tensor:
        """Return e to the power of `values`."""
        return values.exp()
