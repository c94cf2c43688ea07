"""A perturbation of given images, with all that its strengths share done once."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.errors import InputError
from robustmnist.perturb.images import check_images
from robustmnist.perturb.perturbation import Perturbation, range_faults
from robustmnist.perturb.registry import PERTURBATIONS
from robustmnist.system.gradient import refuse_gradient

__all__ = ["prepare"]


def prepare(
    which: str | Perturbation, images: Tensor, *, ids: Tensor, seed: int = 0, draw: int = 0
) -> Callable[..., Tensor]:
    """Do once what all strengths share, and return the perturbation of these images.

    Args:
        which: A key of `PERTURBATIONS`, or a perturbation of the user's own (`robustmnist.perturbation`).
        images: float32 `(B, 1, 28, 28)`, ink in [0, 1].
        ids: int64 `(B,)`, the samples' ids, on the images' device: what their draws depend on.
        seed: The suite's or the user's seed.
        draw: Which of a sample's independent draws.

    Returns:
        A function of the perturbation's strengths, modifiers and choices, to be called any number of times. It raises
        `InputError` where a number is not in the range that the registry gives.

    Raises:
        ValueError: If the name is unknown or `ids` do not fit the images.
        ImagesError: If the images have another shape, dtype or range, or a gradient is asked for where there is none
            (`Perturbation.differentiable`).

    >>> import torch
    >>> grey = torch.full((2, 1, 28, 28), 0.5)
    >>> noise = prepare("gaussian-noise", grey, ids=torch.arange(2))
    >>> [round(float(noise(sigma=sigma).std()), 2) for sigma in (0.0, 0.1, 0.2)]
    [0.0, 0.1, 0.2]
    """
    name, perturbation = (which.name, which) if isinstance(which, Perturbation) else (which, PERTURBATIONS.get(which))
    if perturbation is None:
        raise ValueError(f"no perturbation '{name}': {', '.join(PERTURBATIONS)}")
    check_images(images)
    if ids.shape != images.shape[:1]:
        raise ValueError(f"{len(images)} images need as many ids, not {tuple(ids.shape)}")
    if not perturbation.differentiable:
        refuse_gradient(images, name)
    shared: dict[str, Any] = {}
    if perturbation.random:
        shared["draws"] = Draws(seed, name, ids, draw)
    if perturbation.prepare is not None:
        shared["prepared"] = perturbation.prepare(images, *shared.values())

    def perturbed(**arguments: Any) -> Tensor:
        _check(perturbation, arguments, name)
        return perturbation.function(images, **shared, **arguments)

    return perturbed


def _check(perturbation: Perturbation, arguments: dict[str, Any], name: str) -> None:
    numbers = {**perturbation.parameters, **perturbation.modifiers}
    for key, value in arguments.items():
        if key in numbers and isinstance(value, int | float):
            for fault in range_faults(name, key, numbers[key], value):
                raise InputError(fault)
