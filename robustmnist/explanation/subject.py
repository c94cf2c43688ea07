"""A classifier in the forms in which attribution methods ask it: answers, slopes, and the network as trained."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from robustmnist.explanation.target import Target
from robustmnist.models.contract.opaque import Opaque
from robustmnist.models.inference.deployed import Deployed, deployed, full_precision, tile
from robustmnist.system.threads import share_out

if TYPE_CHECKING:
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

    Classifier = Checkpoint | nn.Module | Callable[[Tensor], Tensor]

__all__ = ["ROWS", "Subject", "subject_of", "undisturbed"]

ROWS = 4096  # images that a method should hand over at once: enough for all threads, 13 MB
CUDA_TILE = 1024  # rows of a pass with gradients: their activations are kept, 0.3 GB of cnn


@dataclass(frozen=True, eq=False)
class Subject:
    """A classifier that is explained.

    Attributes:
        name: What to call it in a message.
        answer: Images (B, 1, 28, 28) to logits (B, 10), the same bits in any batch. All that a black-box method asks.
        fast: The deployed network, for slopes; None where there is only a function.
        trained: The network as it was written, for methods that look at its modules; None as `fast`.
    """

    name: str
    answer: Callable[[Tensor], Tensor]
    fast: Deployed | None
    trained: nn.Module | None

    def scores(self, images: Tensor, target: Target) -> Tensor:
        """Return the explained number of each image, float32 (B,), without gradients."""
        with torch.no_grad():
            return target.scores(self.answer(images))

    def slopes(self, images: Tensor, target: Target) -> Tensor:
        """Return ∂ target / ∂ ink, float32 (B, 1, 28, 28), the same bits in any batch and order.

        All passes have the same shape: tiles as of `Deployed`, the last one filled up with empty images.
        """
        assert self.fast is not None, "check_method refuses methods that need slopes"
        rows = CUDA_TILE if images.is_cuda else tile(self.fast.model, images.device)
        gradients = torch.empty(images.shape, dtype=torch.float32, device=images.device)
        starts = range(0, len(images), rows)
        with torch.inference_mode(False), torch.enable_grad(), full_precision(images.device):
            if self.fast.understood:
                share_out(lambda share: self._slopes(images, target, share, rows, gradients), starts, images.device)
            else:  # a network of others may keep values between its layers
                self._slopes(images, target, starts, rows, gradients)
        return gradients

    def _slopes(self, images: Tensor, target: Target, starts: range, rows: int, gradients: Tensor) -> None:
        assert self.fast is not None
        shape = (rows, *images.shape[1:])
        for start in starts:
            part = images[start : start + rows]
            given = torch.empty(shape, dtype=torch.float32, device=images.device, memory_format=self.fast.form)
            given[: len(part)].copy_(part)
            given[len(part) :].zero_()
            given.requires_grad_()
            # A view, as in `Deployed`; the slope is taken of the leaf.
            logits = self.fast.model(given[:])
            total = target.take(slice(start, start + rows)).scores(logits[: len(part)]).sum()
            gradients[start : start + len(part)] = torch.autograd.grad(total, given)[0][: len(part)]


def subject_of(classifier: "Classifier | Subject") -> Subject:
    """Return a checkpoint, a module or any function from images to logits as what can be explained."""
    if isinstance(classifier, Subject):
        return classifier
    name = getattr(classifier, "name", type(classifier).__name__)
    with torch.inference_mode(False):  # or weights copied here could never give slopes
        ready = deployed(classifier) if isinstance(classifier, nn.Module) else getattr(classifier, "deployed", None)
    if ready is None:
        return Subject(name, classifier, None, None)
    trained = classifier if isinstance(classifier, nn.Module) else getattr(classifier, "model", ready)
    if isinstance(trained, Deployed):
        trained = trained.model
    if any(isinstance(part, Opaque) for part in trained.modules()):
        return Subject(name, ready, None, None)
    return Subject(name, ready, ready, trained)


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Run the block with `model` in evaluation mode and its parameters fixed, then put everything back.

    Gradients are on whatever the caller's mode, and sums in full precision.
    """
    modes = [(module, module.training) for module in model.modules()]
    flags = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    device = next((parameter.device for parameter, _ in flags), torch.device("cpu"))
    try:
        model.eval()
        for parameter, _ in flags:
            parameter.requires_grad_(False)
        with torch.inference_mode(False), torch.enable_grad(), full_precision(device):
            yield
    finally:
        for module, mode in modes:
            module.training = mode
        for parameter, flag in flags:
            parameter.requires_grad_(flag)
