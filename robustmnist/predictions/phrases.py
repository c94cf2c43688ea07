"""What a strength makes the digits do, in words: a run keeps them, so that its page needs no perturbation."""

from collections.abc import Mapping
from typing import Any

from robustmnist.suites import Sweep

__all__ = ["Phrases", "phrases_of"]

Phrases = tuple[str, str]  # below and above neutral; see `robustmnist.perturb.Parameter`

# The phrases of runs made before runs kept theirs: those that version 0.1.0 had.
EARLIER: dict[str, Phrases] = {
    "shift": ("move {a}", "move {a}"),
    "shift-towards": ("move {a}", "move {a}"),
    "scale": ("shrink to {a}", "grow to {a}"),
    "rotation": ("turn {a} clockwise", "turn {a} counter-clockwise"),
    "shear": ("are sheared by {a}", "are sheared by {a}"),
    "thickness": ("lose {a} of stroke", "gain {a} of stroke"),
    "decentering": ("drift by {a} of their free margin", "drift by {a} of their free margin"),
    "gaussian-noise": ("carry Gaussian noise of {a}", "carry Gaussian noise of {a}"),
    "salt-and-pepper": ("have pixels replaced with probability {a}", "have pixels replaced with probability {a}"),
    "speckle": ("carry speckle of {a}", "carry speckle of {a}"),
    "uniform-noise": ("carry uniform noise of ±{a}", "carry uniform noise of ±{a}"),
    "shot-noise": ("carry shot noise of {a}", "carry shot noise of {a}"),
}


def phrases_of(manifest: Mapping[str, Any], sweep: Sweep) -> Phrases | None:
    """Return what the digits do below and above the neutral value of `sweep`; None where the run does not keep it.

    Args:
        manifest: The run's; its key ``phrases`` holds them by perturbation and parameter.
        sweep: A sweep of the run.
    """
    kept = manifest.get("phrases")
    if kept is None:
        return EARLIER.get(sweep.perturbation)
    below, above = kept.get(sweep.perturbation, {}).get(sweep.parameter, ("", ""))
    return (below, above) if above else None
