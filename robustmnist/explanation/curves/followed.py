"""What following maps over a sweep gives: how like the clean map each stays, and whether the prediction stays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from robustmnist.suites import Sweep

__all__ = ["Array", "Followed", "Mask"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Followed:
    """How the maps of one checkpoint by one method change over a sweep; V values, n digits.

    Attributes:
        checkpoint: Its name.
        method: A key of the registry of methods.
        suite: Of the sweep.
        sweep: Whose values were followed, in its first variant.
        ids: int64 (n,).
        similar: (similarity, kind) to float64 (V, n), signed and on the clean digit's ink; NaN where undefined. ``raw``
            compares with the clean map pixel by pixel; ``aligned`` after the map is turned back, where its values come
            from within the frame; ``control`` is the clean map moved and turned back, what interpolation costs.
        floor: Similarity to float64 (n,): to the map of another digit of the same class, for the same target.
        kept: bool (V, n), whether the prediction is that of the clean digit.
        right: bool (V, n), whether it is the label.
        alignable: Whether a map can be turned back; else ``aligned`` and ``control`` are NaN.
    """

    checkpoint: str
    method: str
    suite: str
    sweep: "Sweep"
    ids: NDArray[np.int64]
    similar: Mapping[tuple[str, str], Array]
    floor: Mapping[str, Array]
    kept: Mask
    right: Mask
    alignable: bool

    @property
    def best_kind(self) -> str:
        """The kind that a half-life is read off: aligned where a map can be turned back."""
        return "aligned" if self.alignable else "raw"
