"""The perturbations by name, with what their strengths mean."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.geometry import DIRECTIONS, METRICS, rotation, scale, shift, shift_towards
from robustmnist.perturb.noise import gaussian_noise, salt_and_pepper, speckle, uniform_noise
from robustmnist.perturb.placement import decentering, prepare_decentering
from robustmnist.perturb.shot import SMALLEST_SIGMA, prepare_shot, shot_noise
from robustmnist.perturb.stroke import CHANGE_HIGH, CHANGE_LOW, prepare_stroke, thickness

__all__ = ["PERTURBATIONS", "Parameter", "Perturbation", "prepare"]


@dataclass(frozen=True)
class Parameter:
    """A strength: its physical unit, the neutral value, and the range that makes sense.

    Attributes:
        unit: As reports show it.
        neutral: The value at which the output is the input bit for bit.
        low: The lowest value.
        high: The highest value.
        smallest: How far from neutral a value must be if it is not neutral.
    """

    unit: str
    neutral: float
    low: float
    high: float
    smallest: float = 0.0


@dataclass(frozen=True)
class Perturbation:
    """A perturbation and what a suite may ask of it.

    Attributes:
        function: ``f(images, *, strength…) -> images``.
        parameters: The strengths by keyword.
        choices: Keywords that take a word, with the words.
        random: Whether the function takes keyword-only `draws`.
        prepare: Computes what all strengths share, from the images (and the draws, if `random`); its result goes to
            the function as `prepared`.
    """

    function: Callable[..., Tensor]
    parameters: Mapping[str, Parameter]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    random: bool = False
    prepare: Callable[..., Any] | None = None


PERTURBATIONS: dict[str, Perturbation] = {
    "shift": Perturbation(shift, {"dx": Parameter("px", 0.0, -28.0, 28.0), "dy": Parameter("px", 0.0, -28.0, 28.0)}),
    "shift-towards": Perturbation(
        shift_towards,
        {"distance": Parameter("px", 0.0, 0.0, 28.0)},
        choices={"direction": tuple(DIRECTIONS), "metric": METRICS},
    ),
    "scale": Perturbation(
        scale,
        {
            "factor": Parameter("×", 1.0, 0.1, 10.0),
            "horizontal": Parameter("×", 1.0, 0.1, 10.0),
            "vertical": Parameter("×", 1.0, 0.1, 10.0),
        },
    ),
    "rotation": Perturbation(rotation, {"angle": Parameter("°", 0.0, -360.0, 360.0)}),
    "thickness": Perturbation(
        thickness, {"change": Parameter("px", 0.0, CHANGE_LOW, CHANGE_HIGH)}, prepare=prepare_stroke
    ),
    "decentering": Perturbation(
        decentering, {"fraction": Parameter("fraction", 0.0, 0.0, 1.0)}, random=True, prepare=prepare_decentering
    ),
    "gaussian-noise": Perturbation(gaussian_noise, {"sigma": Parameter("sd of ink", 0.0, 0.0, 10.0)}, random=True),
    "salt-and-pepper": Perturbation(
        salt_and_pepper, {"probability": Parameter("probability", 0.0, 0.0, 1.0)}, random=True
    ),
    "speckle": Perturbation(speckle, {"sigma": Parameter("sd of ink", 0.0, 0.0, 10.0)}, random=True),
    "uniform-noise": Perturbation(uniform_noise, {"amplitude": Parameter("ink", 0.0, 0.0, 10.0)}, random=True),
    "shot-noise": Perturbation(
        shot_noise,
        {"sigma": Parameter("sd of ink", 0.0, 0.0, 10.0, SMALLEST_SIGMA)},
        random=True,
        prepare=prepare_shot,
    ),
}


def prepare(name: str, images: Tensor, *, ids: Tensor, seed: int = 0, draw: int = 0) -> Callable[..., Tensor]:
    """Do once what all strengths share, and return the perturbation of these images.

    Args:
        name: A key of `PERTURBATIONS`.
        images: `(B, 1, 28, 28)`.
        ids: int64 `(B,)`, the samples' ids, on the images' device: what their draws depend on.
        seed: The suite's or the user's seed.
        draw: Which of a sample's independent draws.

    Returns:
        A function of the perturbation's strengths and choices, to be called any number of times.

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
