"""Logits that do not depend on the batch: fixed tiles through a model in its deployed form."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from robustmnist.errors import CheckpointError
from robustmnist.models.inference.aligned import align_rows
from robustmnist.models.inference.folding import fold_norms
from robustmnist.models.inference.foreign import adopted, check_weights, device_of, duplicate
from robustmnist.models.inference.layout import laid_out
from robustmnist.models.inference.pooling import fast_pooling
from robustmnist.models.inference.precision import full_precision
from robustmnist.models.inference.structure import is_convolutional, is_understood
from robustmnist.system.threads import share_out

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
    """A model ready for inference: eval mode, the device's layout, in fixed tiles, and rewritten where that is safe.

    Networks whose modules say what they compute (`robustmnist.models.inference.structure`), such as all of this
    package and what is read from Keras files, have their batch norms folded and their poolings replaced. Any other
    network keeps its code: a copy in eval mode, whose answers are within 1e-5 of the largest logit of its own, in
    whichever layout it takes.

    The layout is channels last on a CPU, where 10,000 digits took a third of the time, and channels first on a GPU,
    where in full float32 they took five sixths.

    A matrix product rounds differently at different batch sizes, so a digit's logits would depend on its company.
    Here every forward pass has the same shape: the images are cut into tiles of `tile` rows and the last one is
    filled up with empty images. A digit's logits are then the same, bit for bit, in any batch and order. For that its
    row in the tile must not matter either, so dense layers read aligned rows (`AlignedLinear`). Products of narrow
    matrices that other people's code computes without a layer (``x @ w``, attention) may still differ in their last
    bits from row to row.

    Args:
        model: Any classifier of images (B, 1, 28, 28); it is copied, not changed. Weights in another float type than
            float32 are brought to it unless the model takes float32 images as it is.
        device: Where it will run; by default where it is.

    Raises:
        CheckpointError: If it has weights without values or cannot be copied.
    """

    def __init__(self, model: nn.Module, device: torch.device | None = None) -> None:
        super().__init__()
        plain = model.model if isinstance(model, Deployed) else model
        where = device or device_of(plain, torch.device("cpu"))
        self.understood = is_understood(plain)
        self.form = torch.contiguous_format
        self.model: nn.Module
        if self.understood:
            check_weights(plain)
            # Folded on a CPU wherever it is: roots and quotients of another device may differ in the last bit.
            ready = fast_pooling(fold_norms(duplicate(plain).cpu().float().eval()))
            if is_convolutional(plain) and where.type == "cpu":
                self.form = torch.channels_last
            self.model = laid_out(ready, self.form).to(where)
        else:
            self.model, self.form = adopted(plain, where)
        align_rows(self.model)
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        self._idle = [self.model]

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, 10), float32, of images (B, 1, 28, 28) in [0, 1]; B may be 0.

        Raises:
            CheckpointError: If the model answers with anything but ten numbers for each image.
        """
        rows = tile(self.model, images.device)
        starts = range(0, len(images), rows)
        # A network of others may take gradients of its own, which inference mode forbids for good. And `no_grad` is the
        # inner of the two, as `inference_mode(False)` turns gradients on.
        with torch.inference_mode(self.understood), torch.no_grad(), full_precision(images.device):
            logits = torch.empty((len(images), CLASSES), dtype=torch.float32, device=images.device)
            share_out(lambda share: self._answer(images, share, rows, logits), starts, images.device)
        return logits

    def _answer(self, images: Tensor, starts: range, rows: int, logits: Tensor) -> None:
        """Put the logits of the tiles that begin at `starts` into their rows of `logits`."""
        # One buffer serves all tiles: it stays in cache. Its strides tell the layout, which one channel leaves open.
        shape = (rows, *images.shape[1:])
        buffer = torch.empty(shape, dtype=torch.float32, device=images.device, memory_format=self.form)
        with self._own_copy() as model:
            for start in starts:
                part = images[start : start + rows]
                buffer[: len(part)].copy_(part)
                buffer[len(part) :].zero_()
                # The model gets a view: what it does to its input's shape in place does not reach the buffer.
                answer = model(buffer[:])
                check_answer(answer, rows)
                logits[start : start + len(part)] = answer[: len(part)]

    @contextmanager
    def _own_copy(self) -> Iterator[nn.Module]:
        """Lend the model to a thread: a network of others may keep values between its layers, so no two share it.

        All copies hold the same weights.
        """
        if self.understood:
            yield self.model
            return
        try:
            model = self._idle.pop()
        except IndexError:
            model = duplicate(self.model, (*self.model.parameters(), *self.model.buffers()))
        try:
            yield model
        finally:
            self._idle.append(model)


def check_answer(answer: object, rows: int) -> None:
    """Raise `CheckpointError` unless `answer` is a plain float tensor of `rows` times ten logits."""
    remedy = "let it return one tensor of ten logits per digit, float (B, 10)"
    if not isinstance(answer, Tensor):
        raise CheckpointError(f"answers with {_named(answer)}, not with a tensor", remedy=remedy)
    if answer.layout != torch.strided or not answer.is_floating_point():
        kind = answer.dtype if answer.layout == torch.strided else answer.layout
        raise CheckpointError(f"answers with a tensor of {str(kind).removeprefix('torch.')}", remedy=remedy)
    if answer.shape != (rows, CLASSES):
        raise CheckpointError(f"answers {rows} digits with the shape {tuple(answer.shape)}", remedy=remedy)


def deployed(model: nn.Module) -> Deployed:
    """Return `model` ready for inference; a `Deployed` model is returned unchanged."""
    return model if isinstance(model, Deployed) else Deployed(model)


def logits(model: nn.Module, images: Tensor) -> Tensor:
    """Return logits (B, 10) of images (B, 1, 28, 28), bit-identical for any batch size, order and split.

    The model is brought into its deployed form first; pass ``deployed(model)`` to pay for that once.
    """
    result: Tensor = deployed(model)(images)
    return result


def tile(model: nn.Module, device: torch.device) -> int:
    """Return the rows of every forward pass of `model` on `device`: what stays in cache, or what fills a GPU."""
    if device.type == "cuda":
        return CUDA_TILE
    return CPU_TILE if is_convolutional(model) else CPU_TILE_DENSE


def _named(answer: object) -> str:
    return "None" if answer is None else f"a {type(answer).__name__}"
