"""Logits that do not depend on the batch: fixed tiles through a model in its deployed form."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from robustmnist.models.folding import fold_norms
from robustmnist.models.pooling import fast_pooling
from robustmnist.threads import share_out

__all__ = ["Deployed", "deployed", "full_precision", "logits", "tile"]

# Rows of every forward pass. Measured in CPU seconds for 10,000 digits on one core (AVX2, torch 2.15, best of 6):
# cnn 1.92, 1.90, 2.03, 1.88, 2.09, 3.10 at 64, 96, 128, 192, 256, 512 rows; fc 0.112, 0.092, 0.078, 0.079, 0.080 at
# 64, 128, 256, 512, 1536. The smallest that is as good as any wins: it wastes least on a last tile that is not full.
CPU_TILE = 64
CPU_TILE_DENSE = 256
# Milliseconds for 10,000 digits on an H200 (float32, torch 2.11): cnn 5.4, 4.8, 4.5, 4.3 at 1024, 2048, 5000, 10000
# rows. MNIST's test digits fill two of these tiles, whose largest map takes 0.5 GB.
CUDA_TILE = 5000
CLASSES = 10


class Deployed(nn.Module):
    """A model ready for inference: eval mode, batch norm folded, fast pooling, the device's layout, in fixed tiles.

    The layout is channels last on a CPU, where 10,000 digits took a third of the time, and channels first on a GPU,
    where in full float32 they took five sixths.

    A matrix product rounds differently at different batch sizes, so a digit's logits would depend on its company.
    Here every forward pass has the same shape: the images are cut into tiles of `tile` rows and the last one is
    filled up with empty images. A digit's logits are then the same, bit for bit, in any batch and order.

    Args:
        model: Any classifier of images (B, 1, 28, 28); it is copied, not changed.
        device: Where it will run; by default where it is.
    """

    def __init__(self, model: nn.Module, device: torch.device | None = None) -> None:
        super().__init__()
        plain = model.model if isinstance(model, Deployed) else model
        where = device or next((parameter.device for parameter in plain.parameters()), torch.device("cpu"))
        # Folded on a CPU wherever it is: roots and quotients of another device may differ in the last bit.
        ready = fast_pooling(fold_norms(copy.deepcopy(plain).cpu().eval()))
        channels_last = _is_convolutional(plain) and where.type == "cpu"
        self.form = torch.channels_last if channels_last else torch.contiguous_format
        self.model: nn.Module = _laid_out(ready, self.form).to(where)
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)

    @torch.inference_mode()
    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, 10), float32, of images (B, 1, 28, 28) in [0, 1]; B may be 0."""
        rows = tile(self.model, images.device)
        starts = range(0, len(images), rows)
        with full_precision(images.device):
            shares = share_out(lambda share: self._answer(images, share, rows), starts, images.device)
        results = [logits for share in shares for logits in share]
        return torch.cat(results) if results else images.new_zeros((0, CLASSES))

    @torch.inference_mode()
    def _answer(self, images: Tensor, starts: range, rows: int) -> list[Tensor]:
        """Return the logits of the tiles that begin at `starts`."""
        # One buffer serves all tiles: it stays in cache. Its strides tell the layout, which one channel leaves open.
        buffer = torch.empty((rows, *images.shape[1:]), device=images.device, memory_format=self.form)
        results = []
        for start in starts:
            part = images[start : start + rows]
            buffer[: len(part)].copy_(part)
            buffer[len(part) :].zero_()
            results.append(self.model(buffer)[: len(part)].float())
        return results


def deployed(model: nn.Module) -> Deployed:
    """Return `model` ready for inference; one that already is comes back as it is."""
    return model if isinstance(model, Deployed) else Deployed(model)


def logits(model: nn.Module, images: Tensor) -> Tensor:
    """Return logits (B, 10) of images (B, 1, 28, 28), bit-identical for any batch size, order and split.

    The model is brought into its deployed form first; pass ``deployed(model)`` to pay for that once.
    """
    result: Tensor = deployed(model)(images)
    return result


@contextmanager
def full_precision(device: torch.device) -> Iterator[None]:
    """Hold convolutions and matrix products on a GPU to full float32, and to algorithms that sum in one order.

    By default torch lets a GPU round the factors of a convolution to 10 bits (TF32), which moved logits of ``cnn`` by
    up to 7·10⁻⁴; in full they are within 3·10⁻⁶ of a CPU's (H200, 2,000 digits). On a CPU nothing happens.
    """
    if device.type != "cuda":
        yield
        return
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            yield
    finally:
        torch.set_float32_matmul_precision(before)


def tile(model: nn.Module, device: torch.device) -> int:
    """Return the rows of every forward pass of `model` on `device`: what stays in cache, or what fills a GPU."""
    if device.type == "cuda":
        return CUDA_TILE
    return CPU_TILE if _is_convolutional(model) else CPU_TILE_DENSE


def _laid_out(model: nn.Module, form: torch.memory_format) -> nn.Module:
    """Bring all that `model` consists of into the layout `form`, and return it."""
    for values in (*model.parameters(), *model.buffers()):
        if values.ndim == 4:
            # Not by `to`: of a single channel it keeps the strides of either layout, which choose the kernel.
            values.data = torch.empty(values.shape, dtype=values.dtype, memory_format=form).copy_(values.data)
    return model


def _is_convolutional(model: nn.Module) -> bool:
    return any(isinstance(module, nn.Conv2d) for module in model.modules())
