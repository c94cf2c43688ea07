"""A setting, a strength of a sweep: what accuracies, pictures and comparisons are of. Clean images have none."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from robustmnist.suites.sweep import Sweep, Variant

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Setting", "prepared"]


class Setting(NamedTuple):
    """A strength of a sweep; results at it are means over the sweep's variants.

    Attributes:
        suite: Name of the suite.
        sweep: Name of the sweep.
        value: The strength, in the sweep's unit.
    """

    suite: str
    sweep: str
    value: float


def prepared(
    sweep: Sweep, variant: Variant, images: "Tensor", *, ids: "Tensor", seed: int
) -> "Callable[[float], Tensor]":
    """Return the function from a strength of `sweep` to `images` under one variant, float32 (B, 1, 28, 28).

    What all strengths share is computed once.

    Args:
        sweep: Which perturbation, with which arguments.
        variant: One of the sweep's.
        images: Float32 (B, 1, 28, 28).
        ids: Their ids (B,), on which random draws depend.
        seed: Of the draws.
    """
    from robustmnist.perturb import prepare

    perturbed = prepare(sweep.own or sweep.perturbation, images, ids=ids, seed=seed, draw=variant.draw)
    return lambda value: perturbed(**sweep.arguments(value, variant))
