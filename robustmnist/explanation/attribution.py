"""Attribute a classifier's logits to pixels: the same in any batch, and without a change of the model."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from robustmnist.errors import ImagesError, InputError
from robustmnist.explanation.methods.grad_cam import check_layer
from robustmnist.explanation.methods.method import Context
from robustmnist.explanation.methods.own import OwnFunction
from robustmnist.explanation.methods.path_integral import relative_gap
from robustmnist.explanation.methods.registry import METHODS, find_method
from robustmnist.explanation.subject import Subject, subject_of
from robustmnist.explanation.target import Target
from robustmnist.perturb import check_images

if TYPE_CHECKING:
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["attribute", "check_method", "completeness_gap", "explain", "misfit"]


def explain(
    checkpoint: "Checkpoint | nn.Module | Callable[[Tensor], Tensor]",
    images: Tensor,
    targets: Tensor | Target,
    *,
    method: str | OwnFunction,
    layer: str | None = None,
    seed: int = 0,
    ids: Tensor | None = None,
    references: Tensor | None = None,
) -> Tensor:
    """Attribute the logits of `targets` to the pixels of `images`.

    The same images give the same values in any batch. The model answers in evaluation mode and is handed back as it
    was: training mode, gradient flags, gradients and hooks.

    Args:
        checkpoint: A checkpoint, any module from images (B, 1, 28, 28) to logits (B, 10), or, for methods that need no
            gradients, a function of that kind.
        images: float32 (B, 1, 28, 28), ink in [0, 1], on the model's device.
        targets: int64 (B,), the class explained for each image; or a `Target`, such as the margin of one class over
            another.
        method: A key of `METHODS`, or a function of your own: ``f(network, images, targets) -> maps``, as
            `robustmnist.explanation.methods.own.own_method` says. It is first asked about a few made-up images, whether
            it answers the same twice and in another order.
        layer: For Grad-CAM: the name of the module within the network whose map is read, as `named_modules` has it; by
            default the last convolution that the network calls.
        seed: Of methods that draw.
        ids: int64 (B,), on which the draws depend; by default 0, 1, …
        references: For expected gradients: float32 (10, R, 1, 28, 28), digits of each class in turn.

    Returns:
        float32 (B, 1, 28, 28); positive speaks for the target. `METHODS` says what the values are.

    Raises:
        InputError: If there is no such method, or it does not fit the model (Grad-CAM without its layer), or a
            function's maps have another shape or are not to be relied on.
        ImagesError: If images and targets are not as above.
    """
    subject = subject_of(checkpoint)
    check_method(method, subject, layer)
    target = Target.of_class(targets) if isinstance(targets, Tensor) else targets
    _check(subject, images, target)
    numbers = torch.arange(len(images), dtype=torch.int64, device=images.device) if ids is None else ids
    return attribute(subject, images, target, Context(numbers, seed, references, layer), method=method)[:, None]


def attribute(
    subject: Subject, images: Tensor, target: Target, context: Context, *, method: str | OwnFunction
) -> Tensor:
    """Return the maps of one method, float32 (B, 28, 28), computed in parts that bound memory.

    Raises:
        InputError: If the method compares with other digits and there are none.
    """
    chosen = find_method(method)
    if chosen.references and context.references is None:
        raise InputError(f"'{method}' compares with other digits", where="references", remedy="hand some over")
    if not len(images):
        return torch.zeros_like(images[:, 0])
    maps = []
    with torch.inference_mode(False):
        for start in range(0, len(images), chosen.chunk):
            stop = min(start + chosen.chunk, len(images))
            rows = torch.arange(start, stop, dtype=torch.int64, device=images.device)
            # Indexing copies: none of these may be an inference tensor, of which there are no slopes.
            maps.append(chosen.attribute(subject, images.detach()[rows], target.take(rows), context.take(rows)))
        return torch.cat(maps).detach().to(torch.float32)


def misfit(method: str | OwnFunction, subject: Subject) -> InputError | None:
    """Return why `method` cannot explain this classifier, such as that it has no convolution; None if it can.

    Raises:
        InputError: If it is a function of the user's own whose maps cannot be relied on.
    """
    chosen = find_method(method)
    if chosen.verify is not None:
        chosen.verify(subject)
    needy = chosen.gradients or chosen.modules
    if subject.trained is None:
        why = f"'{method}' needs gradients, and there are none through a function" if needy else ""
        others = [name for name, other in METHODS.items() if not (other.gradients or other.modules)]
    else:
        with torch.inference_mode(False):
            why = chosen.misfit(subject) if chosen.misfit else ""
        why = why and f"{why}, and {method} needs that" if why.startswith("has no") else why
        others = [name for name, other in METHODS.items() if other.misfit is None]
    return InputError(why, where=subject.name, remedy=f"use {', '.join(others)}") if why else None


def check_method(
    method: str | OwnFunction, checkpoint: "Checkpoint | nn.Module | Subject | None" = None, layer: str | None = None
) -> None:
    """Raise `InputError` if there is no `method`, or it cannot explain this checkpoint by this layer."""
    chosen = find_method(method)
    if layer is not None and not chosen.layered:
        name = chosen.title if callable(method) else method
        able = ", ".join(name for name, other in METHODS.items() if other.layered)
        raise InputError(f"'{name}' reads no layer", where="layer", remedy=f"give it with {able}")
    if checkpoint is None:
        return
    subject = subject_of(checkpoint)
    error = misfit(method, subject)
    if error and (layer is None or subject.trained is None):
        raise error
    if layer is not None:
        check_layer(subject, layer)


def completeness_gap(
    checkpoint: "Checkpoint | nn.Module | Callable[[Tensor], Tensor]",
    images: Tensor,
    targets: Tensor | Target,
    attributions: Tensor,
) -> Tensor:
    """Return how far attributions are from adding up to the target against a blank image, a fraction, float64 (B,).

    Integrated gradients are complete, so for them this is the error of the quadrature (Sundararajan et al. 2017,
    section 3); `robustmnist.explanation.methods.path_integral.relative_gap` has the formula.
    """
    subject = subject_of(checkpoint)
    target = Target.of_class(targets) if isinstance(targets, Tensor) else targets
    change = subject.scores(images, target).double() - subject.scores(torch.zeros_like(images), target).double()
    return relative_gap(attributions.reshape(images[:, 0].shape), change)


def _check(subject: Subject, images: Tensor, target: Target) -> None:
    check_images(images)
    for classes in (target.classes, *([] if target.rivals is None else [target.rivals])):
        if classes.shape != images.shape[:1] or classes.dtype != torch.int64:
            raise ImagesError(f"targets are {classes.dtype} {tuple(classes.shape)}", remedy="give int64 (B,)")
        if len(images):
            with torch.no_grad():
                columns = subject.answer(images[:1]).shape[1]
            if int(classes.min()) < 0 or int(classes.max()) >= columns:
                what = f"a target is not a class of the model, which has {columns}"
                raise ImagesError(what, remedy="count classes from 0")
