"""Gradients with respect to images: whether a gradient is recorded, and a clear error where a function has none."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

from robustmnist.errors import ImagesError

__all__ = ["differentiable", "refuse_gradient", "tracked", "without_gradient"]

P = ParamSpec("P")
T = TypeVar("T")


def tracked(images: Tensor) -> bool:
    """Return whether torch records what is done with `images`, because someone may ask for a gradient."""
    return torch.is_grad_enabled() and images.requires_grad


def differentiable(function: Callable[..., Any]) -> bool:
    """Return whether a function of images has a gradient with respect to them: all have but `without_gradient`."""
    return getattr(function, "differentiable", True)


def without_gradient(function: Callable[P, T]) -> Callable[P, T]:
    """Mark a function of images as not differentiable, and let it refuse images whose gradient is recorded.

    For functions that round or cut at a threshold: their derivative is 0 or does not exist. A result would cut the
    gradient silently.

    Raises:
        ImagesError: From the function, if torch records what is done with its images.
    """

    @functools.wraps(function)
    def refusing(*args: P.args, **kwargs: P.kwargs) -> T:
        images: Any = args[0] if args else kwargs.get("images")
        if isinstance(images, Tensor):
            refuse_gradient(images, function.__name__)
        return function(*args, **kwargs)

    refusing.differentiable = False  # type: ignore[attr-defined]
    return refusing


def refuse_gradient(images: Tensor, name: str) -> None:
    """Raise `ImagesError` if a gradient is asked for through the function `name`, which has none."""
    if tracked(images):
        raise ImagesError("has no gradient with respect to the images", where=name, remedy="use images.detach()")
