"""A perturbation of given images, with all that its strengths share done once."""

import functools
from collections.abc import Callable
from typing import Any

from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.registry import PERTURBATIONS

__all__ = ["prepare"]


def prepare(name: str, images: Tensor, *, ids: Tensor, seed: int = 0, draw: int = 0) -> Callable[..., Tensor]:
    """Do once what all strengths share, and return the perturbation of these images.

    Args:
        name: A key of `PERTURBATIONS`.
        images: `(B, 1, 28, 28)`.
        ids: int64 `(B,)`, the samples' ids, on the images' device: what their draws depend on.
        seed: The suite's or the user's seed.
        draw: Which of a sample's independent draws.

    Returns:
        A function of the perturbation's strengths, modifiers and choices, to be called any number of times.

    Raises:
        ValueError: If the name is unknown or `ids` do not fit the images.
    """
    if name not in PERTURBATIONS:
        raise ValueError(f"no perturbation '{name}': {', '.join(PERTURBATIONS)}")
    if ids.shape != images.shape[:1]:
        raise ValueError(f"{len(images)} images need as many ids, not {tuple(ids.shape)}")
    perturbation = PERTURBATIONS[name]
    shared: dict[str, Any] = {}
    if perturbation.random:
        shared["draws"] = Draws(seed, name, ids, draw)
    if perturbation.prepare is not None:
        shared["prepared"] = perturbation.prepare(images, *shared.values())
    return functools.partial(perturbation.function, images, **shared)
