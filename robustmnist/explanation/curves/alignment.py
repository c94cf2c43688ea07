"""Turn a map back: where a perturbation moves the ink by a linear map of the plane, its map is carried home."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from robustmnist.perturb.geometry.shift import DIRECTIONS

__all__ = ["MOVING", "Motion", "carried", "motion_of"]

SIZE, CENTRE = 28, 13.5
# Perturbations that move ink in ways that no linear map undoes: a map cannot be turned back, which is said.
MOVING = frozenset(
    {
        *("perspective", "elastic", "pose", "random-pose", "decentering", "width", "swelling"),
        *("mnist-c-shear", "mnist-c-scale", "mnist-c-rotate", "mnist-c-translate"),
    }
)


@dataclass(frozen=True)
class Motion:
    """Where a point (x, y), px from the centre, x to the right and y down, goes: (a·x + b·y + dx, c·x + d·y + dy)."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    dx: float = 0.0
    dy: float = 0.0

    @property
    def inverse(self) -> "Motion":
        """The motion back."""
        whole = self.a * self.d - self.b * self.c
        a, b, c, d = self.d / whole, -self.b / whole, -self.c / whole, self.a / whole
        return Motion(a, b, c, d, -(a * self.dx + b * self.dy), -(c * self.dx + d * self.dy))

    @property
    def still(self) -> bool:
        """Whether nothing moves."""
        return self == Motion()


def motion_of(perturbation: str, arguments: Mapping[str, Any]) -> Motion | None:
    """Return how a perturbation moves the ink; a still motion for one that moves none, None where no linear map does.

    >>> motion_of("shift", {"dx": 2.0}).dx, motion_of("contrast", {"factor": 0.5}).still
    (2.0, True)
    """
    given = {key: float(value) for key, value in arguments.items() if isinstance(value, int | float)}
    match perturbation:
        case "rotation":
            angle = math.radians(given.get("angle", 0.0))
            return Motion(math.cos(angle), math.sin(angle), -math.sin(angle), math.cos(angle))
        case "shift":
            return Motion(dx=given.get("dx", 0.0), dy=given.get("dy", 0.0))
        case "shift-towards":
            x, y = DIRECTIONS[arguments.get("direction", "right")]
            diagonal = x and y and arguments.get("metric", "euclidean") == "euclidean"
            step = given.get("distance", 0.0) / (math.sqrt(2) if diagonal else 1.0)
            return Motion(dx=x * step, dy=y * step)
        case "scale":
            both = given.get("factor", 1.0)
            return Motion(a=both * given.get("horizontal", 1.0), d=both * given.get("vertical", 1.0))
        case "shear":
            across, up = given.get("horizontal", 0.0), given.get("vertical", 0.0)
            # Read at (x + h·y′, y′) with y′ = y + v·x, so what stands at (s, t) goes to (s − h·t, t − v·(s − h·t)).
            return Motion(1.0, -across, -up, 1.0 + across * up)
    return None if perturbation in MOVING else Motion()


def carried(maps: Tensor, motion: Motion) -> tuple[Tensor, Tensor]:
    """Return signed maps with each point carried along `motion`, and where their values came from within the frame.

    Bilinear, in float64, without a clip: positive and negative shares travel alike. A motion by whole pixels or quarter
    turns copies values exactly.

    Args:
        maps: (B, 28, 28).
        motion: How points move.

    Returns:
        float32 (B, 28, 28), 0 where the source lies outside; and bool (28, 28), where it lies inside.

    >>> maps = torch.eye(28)[None]
    >>> there, inside = carried(maps, Motion(dx=2.0))
    >>> torch.equal(there[0, :, 2:], maps[0, :, :-2]), int(inside.sum())
    (True, 728)
    """
    if motion.still:
        return maps.clone(), torch.ones(SIZE, SIZE, dtype=torch.bool, device=maps.device)
    back = motion.inverse
    line = torch.arange(SIZE, dtype=torch.float64, device=maps.device) - CENTRE
    y, x = torch.meshgrid(line, line, indexing="ij")
    from_x = (back.a * x + back.b * y + back.dx + CENTRE).round(decimals=9)
    from_y = (back.c * x + back.d * y + back.dy + CENTRE).round(decimals=9)
    valid = (from_x >= 0) & (from_x <= SIZE - 1) & (from_y >= 0) & (from_y <= SIZE - 1)
    left, top = from_x.floor().clamp(0, SIZE - 2).long(), from_y.floor().clamp(0, SIZE - 2).long()
    right, down = from_x - left, from_y - top
    flat, total = maps.double().flatten(1), torch.zeros(maps.shape, dtype=torch.float64, device=maps.device)
    for row, column, weight in (
        (top, left, (1 - down) * (1 - right)),
        (top, left + 1, (1 - down) * right),
        (top + 1, left, down * (1 - right)),
        (top + 1, left + 1, down * right),
    ):
        if weight.any():  # a motion by whole pixels has one source for each
            total += flat.index_select(1, (row * SIZE + column).flatten()).view(maps.shape).mul_(weight)
    return torch.where(valid, total, 0.0).to(torch.float32), valid
