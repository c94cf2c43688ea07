"""Attribute a checkpoint's logits to pixels: the same in any batch, and without a change of the model."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from robustmnist.errors import ImagesError, InputError
from robustmnist.explanation.methods.completeness import gap
from robustmnist.explanation.methods.grad_cam import check_layer
from robustmnist.explanation.methods.registry import METHODS, Method
from robustmnist.models.contract.opaque import Opaque
from robustmnist.models.inference.deployed import Deployed, full_precision
from robustmnist.page.figure import import_matplotlib
from robustmnist.perturb import check_images
from robustmnist.system.validation import did_you_mean

if TYPE_CHECKING:
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["check_method", "completeness_gap", "explain"]

LAYERED = "grad-cam"  # the method that reads a layer
GRADIENT_FREE = "occlusion"  # the method that needs nothing but answers


def explain(
    checkpoint: "Checkpoint | nn.Module", images: Tensor, targets: Tensor, *, method: str, layer: str | None = None
) -> Tensor:
    """Attribute the logits of `targets` to the pixels of `images`.

    The same images give the same values in any batch: they are computed in chunks of one fixed size, the last one
    padded. The model runs in evaluation mode and is handed back as it was: training mode, gradient flags, gradients
    and hooks.

    Args:
        checkpoint: A checkpoint or any module from images (B, 1, 28, 28) to logits (B, classes).
        images: float32 (B, 1, 28, 28), ink in [0, 1], on the model's device.
        targets: int64 (B,), the class explained for each image.
        method: A key of `METHODS`.
        layer: For Grad-CAM: the name of the module within the network whose map is read, as `named_modules` has it; by
            default the last convolution that the network calls.

    Returns:
        float32 (B, 1, 28, 28); positive speaks for the class. `METHODS` says what the values are.

    Raises:
        InputError: If there is no such method, or it does not fit the model (Grad-CAM without its layer).
        ImagesError: If images and targets are not as above.
    """
    check_method(method, checkpoint, layer)
    chosen, model = METHODS[method], _module(checkpoint)
    with _undisturbed(model):
        _check(model, images, targets)
        if not len(images):
            return torch.zeros_like(images)
        chunks = zip(torch.split(images, chosen.chunk), torch.split(targets, chosen.chunk), strict=True)
        maps = [_padded(chosen, model, part, wanted, layer) for part, wanted in chunks]
    return torch.cat(maps)


def check_method(method: str, checkpoint: "Checkpoint | nn.Module | None" = None, layer: str | None = None) -> None:
    """Raise `InputError` if there is no `method`, or it cannot explain this checkpoint by this layer."""
    if method not in METHODS:
        raise InputError(
            f"'{method}' is not an attribution method{did_you_mean(method, METHODS)}",
            remedy=f"use {', '.join(METHODS)}",
        )
    if layer is not None and method != LAYERED:
        raise InputError(f"'{method}' reads no layer", where="layer", remedy=f"give it with {LAYERED} alone")
    if checkpoint is not None and method != GRADIENT_FREE:
        _check_gradients(method, _module(checkpoint), getattr(checkpoint, "name", type(checkpoint).__name__))
    if checkpoint is not None and method == LAYERED:
        model, name = _module(checkpoint), getattr(checkpoint, "name", type(checkpoint).__name__)
        with _undisturbed(model):
            check_layer(model, name, layer, ", ".join(other for other in METHODS if other != LAYERED))


def _check_gradients(method: str, model: nn.Module, name: str) -> None:
    if any(isinstance(part, Opaque) for part in model.modules()):
        what = f"'{method}' needs gradients, and there are none through a function"
        raise InputError(what, where=name, remedy=f"use {GRADIENT_FREE}")


def completeness_gap(
    checkpoint: "Checkpoint | nn.Module", images: Tensor, targets: Tensor, attributions: Tensor
) -> Tensor:
    """Return how far attributions are from adding up to the logit that they explain, a fraction, float64 (B,).

    Integrated gradients are complete, so for them this is the error of the quadrature (Sundararajan et al. 2017,
    section 3); see `robustmnist.explanation.methods.completeness.gap` for the formula.
    """
    model = _module(checkpoint)
    with _undisturbed(model):
        return gap(model, images, targets, attributions)


def _padded(method: Method, model: nn.Module, images: Tensor, targets: Tensor, layer: str | None) -> Tensor:
    """Attribute one chunk, filled up to the method's fixed size with copies of its last image."""
    import_matplotlib()  # which captum imports too
    n = len(images)
    fill = torch.arange(method.chunk, dtype=torch.int64, device=images.device).clamp(max=n - 1)
    # Indexing copies: the caller's tensor must not come out with a gradient flag, and it may be an inference tensor.
    given = images.detach()[fill].requires_grad_(), targets.to(images.device)[fill]
    values = method.attribute(model, *given) if layer is None else method.attribute(model, *given, layer=layer)
    return values[:n].detach().to(images.dtype)  # captum's occlusion takes torch's default float type


def _check(model: nn.Module, images: Tensor, targets: Tensor) -> None:
    check_images(images)
    if targets.shape != images.shape[:1] or targets.dtype != torch.int64:
        raise ImagesError(f"targets are {targets.dtype} {tuple(targets.shape)}", remedy="give int64 (B,)")
    if len(images):
        with torch.no_grad():
            classes = model(images[:1]).shape[1]
        if int(targets.min()) < 0 or int(targets.max()) >= classes:
            raise ImagesError(
                f"a target is not a class of the model, which has {classes}", remedy="count classes from 0"
            )


@contextmanager
def _undisturbed(model: nn.Module) -> Iterator[None]:
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


def _module(checkpoint: "Checkpoint | nn.Module") -> nn.Module:
    """Return the plain network: the deployed form answers in tiles without gradients, but holds it."""
    module = checkpoint if isinstance(checkpoint, nn.Module) else checkpoint.model
    return module.model if isinstance(module, Deployed) else module
