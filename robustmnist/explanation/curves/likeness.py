"""How like the clean maps others are: pixel by pixel, turned back, and what turning back alone costs."""

from collections.abc import Callable, Mapping

import numpy as np
from torch import Tensor

from robustmnist.explanation.curves.alignment import Motion, carried
from robustmnist.explanation.curves.followed import Array, Mask
from robustmnist.statistics.similarity import cosine, spearman

__all__ = ["KINDS", "SIMILARITIES", "likeness", "similarities"]

SIMILARITIES: Mapping[str, Callable[..., Array]] = {"cosine": cosine, "spearman": spearman}
KINDS = ("raw", "aligned", "control")


def likeness(clean: Tensor, maps: Tensor, ink: Mask, motion: Motion | None) -> dict[tuple[str, str], Array]:
    """Return (similarity, kind) to float64 (B,): how like the maps of clean digits those of moved digits are.

    Args:
        clean: float32 (B, 28, 28), the maps of the clean digits.
        maps: float32 (B, 28, 28), those of the same digits perturbed.
        ink: bool (B, 784), where the clean digits have ink: what counts.
        motion: How the ink was moved; None where a map cannot be turned back, and all but ``raw`` is NaN.
    """
    raw = similarities(clean, maps, ink)
    if motion is None:
        aligned = control = {name: np.full(len(clean), np.nan) for name in SIMILARITIES}
    elif motion.still:
        aligned, control = raw, similarities(clean, clean, ink)
    else:
        back, inside = carried(maps, motion.inverse)
        counts = ink & inside.flatten().cpu().numpy()
        there, _ = carried(clean, motion)
        aligned = similarities(clean, back, counts)
        control = similarities(clean, carried(there, motion.inverse)[0], counts)
    by_kind = {"raw": raw, "aligned": aligned, "control": control}
    return {(name, kind): by_kind[kind][name] for name in SIMILARITIES for kind in KINDS}


def similarities(clean: Tensor, maps: Tensor, where: Mask) -> dict[str, Array]:
    """Return each similarity of two sets of maps (B, 28, 28) over the pixels `where` (B, 784), float64 (B,)."""
    rows = [values.flatten(1).cpu().numpy() for values in (clean, maps)]
    return {name: measure(*rows, where) for name, measure in SIMILARITIES.items()}
