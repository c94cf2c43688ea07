"""The measures by name, and how two of their readings compare."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from robustmnist.measure.box import box_size
from robustmnist.measure.moments import centroid, ink, principal_angle, slant
from robustmnist.measure.stroke import stroke_width

__all__ = ["MEASURES", "Measure"]

MIDDLE = 13.5  # px, on both axes


@dataclass(frozen=True)
class Measure:
    """A number for each image.

    Attributes:
        unit: What it is measured in.
        function: ``f(images) -> (B,)``, NaN where an image has no such property.
        ratio: Whether a ratio of two readings makes sense: 0 means nothing of it, and no reading is below.
        period: What may be added to a reading without changing its meaning; None: nothing.
        parts: Measures on two axes of which this is the length. Two readings then differ by the length of what the
            parts differ by: a digit carried round the middle has moved, although it is as far from it as before.
    """

    unit: str
    function: Callable[[Tensor], Tensor]
    ratio: bool = False
    period: float | None = None
    parts: tuple[str, ...] = ()

    def difference(self, before: Any, after: Any, near: float = 0.0) -> Any:
        """Return after − before, elementwise; of a periodic measure what lies within half a period of `near`.

        Args:
            before: A NumPy array or a tensor of readings.
            after: An array of the same shape.
            near: The difference to be expected.
        """
        change = after - before
        if self.period is None:
            return change
        half = self.period / 2
        return near + half - (near - change + half) % self.period


MEASURES: dict[str, Measure] = {
    # From the frame's middle to the ink's centre of mass.
    "centroid-x": Measure("px", lambda images: centroid(images)[:, 0] - MIDDLE),  # to the right
    "centroid-y": Measure("px", lambda images: centroid(images)[:, 1] - MIDDLE),  # down
    "centroid-radius": Measure(
        "px",
        lambda images: torch.linalg.vector_norm(centroid(images) - MIDDLE, dim=1),
        parts=("centroid-x", "centroid-y"),
    ),
    # The ink's box at half its highest ink.
    "width": Measure("px", lambda images: box_size(images)[:, 0], ratio=True),
    "height": Measure("px", lambda images: box_size(images)[:, 1], ratio=True),
    "size": Measure("px", lambda images: box_size(images).amax(1), ratio=True),  # the longer side
    "slant": Measure("px/px", slant),
    "angle": Measure("°", principal_angle, period=180.0),
    "stroke-width": Measure("px", stroke_width, ratio=True),
    "ink": Measure("px²", ink, ratio=True),
}
